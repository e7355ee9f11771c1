// Package config is the gateway's configuration: one YAML file, read strictly. An
// unknown key is an error with its line, its column and the nearest known key.
package config

import (
	"time"
)

// Config is a whole configuration. Every value that is left out has a default
// that Defaults fills in and `goodgate gateway print` shows.
type Config struct {
	Listen    []Listener          `yaml:"listen" json:"listen" doc:"addresses on which requests are taken"`
	Admin     string              `yaml:"admin,omitempty" json:"admin,omitempty" doc:"address of metrics, status and drain: loopback, or unix:PATH; empty: none"`
	Health    string              `yaml:"health,omitempty" json:"health,omitempty" doc:"address of /healthz and /readyz for balancers; empty: on the admin address only"`
	AccessLog AccessLog           `yaml:"access_log,omitempty" json:"access_log,omitempty" doc:"where one line per request goes"`
	Trusted   []string            `yaml:"trusted_proxies,omitempty" json:"trusted_proxies,omitempty" doc:"networks whose Forwarded and X-Forwarded-* fields are believed; unix: whoever connects to a unix socket"`
	Limits    Limits              `yaml:"limits,omitempty" json:"limits,omitempty" doc:"limits on the client side"`
	Stop      Stop                `yaml:"stop,omitempty" json:"stop,omitempty" doc:"how the gateway ends"`
	Upstreams map[string]Upstream `yaml:"upstreams" json:"upstreams" doc:"pools of servers, by name"`
	Sites     []Site              `yaml:"sites" json:"sites" doc:"what is forwarded where; the first site that fits a host"`
	// Status adds Proxy-Status to answers that the gateway passes on as well.
	Status bool `yaml:"proxy_status,omitempty" json:"proxy_status,omitempty" doc:"Proxy-Status on every answer, not only on the gateway's own"`
	Expose bool `yaml:"expose,omitempty" json:"expose,omitempty" doc:"name servers and details to clients in Proxy-Status and error pages"`
}

// Listener is an address on which requests are taken.
type Listener struct {
	Address string `yaml:"address" json:"address" doc:"host:port, :port or unix:PATH"`
	Cert    string `yaml:"cert,omitempty" json:"cert,omitempty" doc:"PEM file with the certificate chain; makes the listener TLS"`
	Key     string `yaml:"key,omitempty" json:"key,omitempty" doc:"PEM file with the private key"`
}

// AccessLog says where requests are logged.
type AccessLog struct {
	File   string `yaml:"file,omitempty" json:"file,omitempty" doc:"path, or - for standard output; empty: none"`
	Format string `yaml:"format,omitempty" json:"format,omitempty" doc:"json or combined" one:"json combined"`
}

// Limits bound what clients may do.
type Limits struct {
	Header      int           `yaml:"header,omitempty" json:"header,omitempty" doc:"bytes of a request's head" zero:"no"`
	Body        int64         `yaml:"body,omitempty" json:"body,omitempty" doc:"bytes of a request's body; 0: no limit"`
	Held        int           `yaml:"held_body,omitempty" json:"held_body,omitempty" doc:"bytes of a request's body that are held so that it can be made again" zero:"no"`
	Connections int           `yaml:"connections,omitempty" json:"connections,omitempty" doc:"connections of clients at once; 0: no limit"`
	HeaderTime  time.Duration `yaml:"header_time,omitempty" json:"header_time,omitempty" doc:"for a whole request head" zero:"no"`
	IdleTime    time.Duration `yaml:"idle_time,omitempty" json:"idle_time,omitempty" doc:"for which a client's connection may be idle" zero:"no"`
	WriteTime   time.Duration `yaml:"write_time,omitempty" json:"write_time,omitempty" doc:"for which a client may take nothing of an answer" zero:"no"`
	WriteRate   int           `yaml:"write_rate,omitempty" json:"write_rate,omitempty" doc:"bytes per second of an answer that a client must take on average while more waits for it here; it may be write_time behind; HTTP/1 over TCP" zero:"no"`
	BodyTime    time.Duration `yaml:"body_time,omitempty" json:"body_time,omitempty" doc:"for which a client may send nothing of a body" zero:"no"`
	BodyRate    int           `yaml:"body_rate,omitempty" json:"body_rate,omitempty" doc:"bytes per second of a body that a client must send on average, once it was waited for during a third of body_time; until the answer begins" zero:"no"`
}

// Stop says how the gateway ends.
type Stop struct {
	Notice   time.Duration `yaml:"notice,omitempty" json:"notice,omitempty" doc:"readiness fails for so long before the listeners close"`
	Deadline time.Duration `yaml:"deadline,omitempty" json:"deadline,omitempty" doc:"for requests that are under way" zero:"no"`
}

// Upstream is a pool of servers.
type Upstream struct {
	Servers  []Server      `yaml:"servers,omitempty" json:"servers,omitempty" doc:"its servers"`
	File     string        `yaml:"servers_file,omitempty" json:"servers_file,omitempty" doc:"a file with one server per line, read again when it changes"`
	Protocol string        `yaml:"protocol,omitempty" json:"protocol,omitempty" doc:"http, https or fastcgi" one:"http https fastcgi"`
	Policy   string        `yaml:"policy,omitempty" json:"policy,omitempty" doc:"least_load, round_robin, random, hash or sticky" one:"least_load round_robin random hash sticky"`
	HashKey  string        `yaml:"hash_key,omitempty" json:"hash_key,omitempty" doc:"for hash: path, client (behind trusted_proxies: whom they saw), host or header:NAME"`
	Cookie   string        `yaml:"cookie,omitempty" json:"cookie,omitempty" doc:"for sticky: the name of the cookie"`
	TLS      *TLS          `yaml:"tls,omitempty" json:"tls,omitempty" doc:"for https"`
	Root     string        `yaml:"root,omitempty" json:"root,omitempty" doc:"for fastcgi: DOCUMENT_ROOT"`
	Index    string        `yaml:"index,omitempty" json:"index,omitempty" doc:"for fastcgi: the script for what is no script"`
	Resolver []string      `yaml:"resolvers,omitempty" json:"resolvers,omitempty" doc:"name servers to ask, address or address:port; none: those of the system"`
	Refresh  time.Duration `yaml:"refresh,omitempty" json:"refresh,omitempty" doc:"longest time until names are resolved again, whatever their TTL" zero:"no"`

	Timeouts Timeouts      `yaml:"timeouts,omitempty" json:"timeouts,omitempty" doc:"limits of one attempt"`
	Wait     time.Duration `yaml:"wait,omitempty" json:"wait,omitempty" doc:"how long a request waits where no server can be asked" zero:"no"`
	MaxWait  int           `yaml:"max_waiting,omitempty" json:"max_waiting,omitempty" doc:"requests that wait at once" zero:"no"`
	Retry    *float64      `yaml:"retry_budget,omitempty" json:"retry_budget,omitempty" doc:"retries that a server may notice, per request on average" most:"1"`
	Hedge    *float64      `yaml:"hedge_budget,omitempty" json:"hedge_budget,omitempty" doc:"second attempts while the first hangs, per request on average" most:"1"`
	MaxIdle  int           `yaml:"max_idle,omitempty" json:"max_idle,omitempty" doc:"idle connections per server" zero:"no"`
	IdleTime time.Duration `yaml:"idle_time,omitempty" json:"idle_time,omitempty" doc:"for which a connection to a server is kept at most" zero:"no"`
	MaxReqs  int           `yaml:"max_requests,omitempty" json:"max_requests,omitempty" doc:"requests at once per server; 0: no limit"`
	Eject    Eject         `yaml:"eject,omitempty" json:"eject,omitempty" doc:"when a server is out for its failures"`
	SlowFor  time.Duration `yaml:"slow_start,omitempty" json:"slow_start,omitempty" doc:"in which a server that came back gets its full share again" zero:"no"`
	Check    *Check        `yaml:"check,omitempty" json:"check,omitempty" doc:"active checks"`
}

// Server is one server of a pool.
type Server struct {
	URL    string  `yaml:"url" json:"url" doc:"http://host:port, https://…, unix:PATH, fastcgi://…, srv:NAME"`
	Weight float64 `yaml:"weight,omitempty" json:"weight,omitempty" doc:"share of the requests, 1 or more" least:"1"`
	Backup bool    `yaml:"backup,omitempty" json:"backup,omitempty" doc:"asked only where no other can be"`
}

// TLS is how servers are spoken to with TLS.
type TLS struct {
	Name     string `yaml:"name,omitempty" json:"name,omitempty" doc:"SNI and the name in the certificate; empty: the server's"`
	CA       string `yaml:"ca,omitempty" json:"ca,omitempty" doc:"PEM file of authorities, read again when it changes; empty: the system's"`
	Cert     string `yaml:"cert,omitempty" json:"cert,omitempty" doc:"client certificate, read again when it changes"`
	Key      string `yaml:"key,omitempty" json:"key,omitempty" doc:"its key"`
	Insecure bool   `yaml:"insecure,omitempty" json:"insecure,omitempty" doc:"accept any certificate"`
}

// Timeouts are the limits of one attempt.
type Timeouts struct {
	DNS     time.Duration `yaml:"dns,omitempty" json:"dns,omitempty" doc:"for a name's addresses" zero:"no"`
	Connect time.Duration `yaml:"connect,omitempty" json:"connect,omitempty" doc:"until the server accepts" zero:"no"`
	TLS     time.Duration `yaml:"tls,omitempty" json:"tls,omitempty" doc:"for the handshake" zero:"no"`
	Send    time.Duration `yaml:"send,omitempty" json:"send,omitempty" doc:"without progress while the request is written" zero:"no"`
	First   time.Duration `yaml:"first_byte,omitempty" json:"first_byte,omitempty" doc:"until the first byte of the answer" zero:"no"`
	Header  time.Duration `yaml:"header,omitempty" json:"header,omitempty" doc:"until the answer's head is complete" zero:"no"`
	Read    time.Duration `yaml:"read,omitempty" json:"read,omitempty" doc:"between two reads of the answer's body" zero:"no"`
	Whole   time.Duration `yaml:"whole,omitempty" json:"whole,omitempty" doc:"for the whole answer; 0: no limit"`
}

// Eject says when a server is out for its failures.
type Eject struct {
	After int           `yaml:"after,omitempty" json:"after,omitempty" doc:"transport failures in a row" zero:"no"`
	For   time.Duration `yaml:"for,omitempty" json:"for,omitempty" doc:"the first time; doubles" zero:"no"`
	Most  float64       `yaml:"most,omitempty" json:"most,omitempty" doc:"share of the servers that may be out" zero:"no" most:"1"`
}

// Check is an active check.
type Check struct {
	Path     string        `yaml:"path,omitempty" json:"path,omitempty" doc:"what is asked with GET; empty: connecting is enough"`
	Host     string        `yaml:"host,omitempty" json:"host,omitempty" doc:"Host of the question"`
	Every    time.Duration `yaml:"every,omitempty" json:"every,omitempty" doc:"time between two checks of a server" zero:"no"`
	Timeout  time.Duration `yaml:"timeout,omitempty" json:"timeout,omitempty" doc:"for a check" zero:"no"`
	Rise     int           `yaml:"rise,omitempty" json:"rise,omitempty" doc:"successes until a server is up again" zero:"no"`
	Fall     int           `yaml:"fall,omitempty" json:"fall,omitempty" doc:"failures until a server is down" zero:"no"`
	Statuses []int         `yaml:"statuses,omitempty" json:"statuses,omitempty" doc:"that are good; none: 200 to 399"`
	Body     string        `yaml:"body,omitempty" json:"body,omitempty" doc:"text that must stand in the answer"`
}

// Site is what is forwarded for some hosts.
type Site struct {
	Name   string   `yaml:"name" json:"name" doc:"in logs and metrics"`
	Hosts  []string `yaml:"hosts,omitempty" json:"hosts,omitempty" doc:"names, *.name for all below; none: every host"`
	Routes []Route  `yaml:"routes" json:"routes" doc:"the first that fits"`
}

// Route says where requests go. What is left out fits everything.
type Route struct {
	Name    string            `yaml:"name,omitempty" json:"name,omitempty" doc:"in logs; empty: the path"`
	Path    string            `yaml:"path,omitempty" json:"path,omitempty" doc:"a prefix at a slash; =/x is exactly /x"`
	Methods []string          `yaml:"methods,omitempty" json:"methods,omitempty" doc:"methods"`
	Headers map[string]string `yaml:"headers,omitempty" json:"headers,omitempty" doc:"fields and their values; * is any"`
	To      string            `yaml:"to" json:"to" doc:"the name of an upstream"`
	Strip   string            `yaml:"strip_prefix,omitempty" json:"strip_prefix,omitempty" doc:"taken off the path"`
	Host    string            `yaml:"host,omitempty" json:"host,omitempty" doc:"Host sent to the server; empty: the client's"`
	Retry   string            `yaml:"retry,omitempty" json:"retry,omitempty" doc:"idempotent (default), keyed (also what carries an Idempotency-Key, for applications that honour it), safe or off" one:"idempotent keyed safe off"`
	Hedge   string            `yaml:"hedge,omitempty" json:"hedge,omitempty" doc:"on or off; left out: on, unless retry is off" one:"on off"`
	Wait    time.Duration     `yaml:"wait,omitempty" json:"wait,omitempty" doc:"instead of the upstream's" zero:"no"`
}
