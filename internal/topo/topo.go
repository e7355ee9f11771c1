// Package topo says who forwards to whom: gateways and their listeners, sites,
// routes, pools, endpoints and knobs, each with its place in the configuration
// that says so. Dialects fill it; nothing here belongs to one product.
package topo

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Place is where in a file something is written. Line and Column count from 1,
// Column in bytes; Start and End are byte offsets, End exclusive. The zero Place
// means nowhere: a value that the product has by default.
type Place struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Start  int    `json:"start,omitempty"`
	End    int    `json:"end,omitempty"`
}

// String returns "file:line", or "default" for the zero Place.
func (p Place) String() string {
	if p.File == "" {
		return "default"
	}
	return p.File + ":" + strconv.Itoa(p.Line)
}

// Problem is something that keeps a configuration from loading, or from being
// understood.
type Problem struct {
	Place Place  `json:"place"`
	Text  string `json:"text"`
	Fatal bool   `json:"fatal,omitempty"` // the product itself would refuse it
}

// Edit replaces the bytes [Place.Start, Place.End) of Place.File by New. An empty
// range inserts.
type Edit struct {
	Place Place  `json:"place"`
	New   string `json:"new"`
}

// Setting is the value of a knob that is in force somewhere, and where it is
// written.
type Setting struct {
	Knob      vocab.Knob `json:"knob"`
	Directive string     `json:"directive"` // the product's own spelling
	Value     string     `json:"value"`     // the words as written
	Number    float64    `json:"number"`    // seconds, bytes, a count, or 0 and 1; 0 where the value is words
	Default   bool       `json:"default,omitempty"`
	Fixed     bool       `json:"fixed,omitempty"` // it is in the program: no configuration changes it
	Place     Place      `json:"place"`
	Line      string     `json:"line,omitempty"` // the line at Place written anew with {value}, where the setting is a word of that line and is not there
	Insert    Place      `json:"insert"`         // where a line that sets it would go: an empty range in the innermost block
}

// Settings are the knobs in force at one place of a configuration.
type Settings map[vocab.Knob]Setting

// Number returns the numeric value of k, and ok where it is known.
func (s Settings) Number(k vocab.Knob) (value float64, ok bool) {
	v, ok := s[k]
	return v.Number, ok
}

// Seconds returns the value of a time knob, 0 where it is not known.
func (s Settings) Seconds(k vocab.Knob) time.Duration {
	return time.Duration(s[k].Number * float64(time.Second))
}

// Instance is one running or configured gateway.
type Instance struct {
	Product   string     `json:"product"`           // "nginx"
	Version   string     `json:"version,omitempty"` // "1.22.1"
	Config    string     `json:"config"`            // path of the main file, as the process sees it
	Files     []string   `json:"files,omitempty"`   // every file that was read for the configuration
	Listeners []Listener `json:"listeners,omitempty"`
	Sites     []Site     `json:"sites,omitempty"`
	Pools     []Pool     `json:"pools,omitempty"`
	Logs      []Log      `json:"logs,omitempty"` // every log of the configuration, once
	Settings  Settings   `json:"settings,omitempty"`
	PIDFile   string     `json:"pid_file,omitempty"`
	Problems  []Problem  `json:"problems,omitempty"`
}

// Listener is a socket on which a gateway takes requests.
type Listener struct {
	Network     string `json:"network"` // "tcp" or "unix"
	Address     string `json:"address"` // "0.0.0.0:80", "[::]:443", a path
	TLS         bool   `json:"tls,omitempty"`
	HTTP2       bool   `json:"http2,omitempty"`
	ProxyHeader bool   `json:"proxy_header,omitempty"` // expects the PROXY protocol
	Stream      bool   `json:"stream,omitempty"`       // passes bytes on without reading them
	V6Only      bool   `json:"v6only,omitempty"`
	Place       Place  `json:"place"`
}

// Takes reports whether a request comes in here: it names the listener, or what it
// says of port and TLS is so.
func (l Listener) Takes(r Request) bool {
	if r.Listener != "" {
		return l.Address == r.Listener || "unix:"+l.Address == r.Listener
	}
	return l.TLS == r.TLS && (r.Port == 0 || strings.HasSuffix(l.Address, ":"+strconv.Itoa(r.Port)))
}

// Site is a named group of routes: a server block, a virtual host.
type Site struct {
	Label     string     `json:"label,omitempty"` // what the product's log calls it, where that is none of the names
	Names     []SiteName `json:"names"`
	Listeners []Listener `json:"listeners"`
	Default   bool       `json:"default,omitempty"`  // answers for names that no site has, on one of its listeners
	Forwards  []Forward  `json:"forwards,omitempty"` // every way out of the site, in the order of the file
	Place     Place      `json:"place"`
}

// SiteName is a name that a site answers to.
type SiteName struct {
	Name string `json:"name"` // "example.com", "*.example.com", "~^www\d+\."
	Kind string `json:"kind"` // "exact", "wildcard", "regex"
}

// Log is a log that a gateway writes.
type Log struct {
	Kind       string `json:"kind"`             // "error" or "access"
	Path       string `json:"path"`             // a path; "stderr", "syslog:…", "off", "memory:…" as written
	Level      string `json:"level,omitempty"`  // error log: the least level that is written
	Format     string `json:"format,omitempty"` // access log: the format's text
	FormatName string `json:"format_name,omitempty"`
	Buffered   bool   `json:"buffered,omitempty"`
	Filtered   bool   `json:"filtered,omitempty"` // only some lines are written (if=)
	Variable   bool   `json:"variable,omitempty"` // the path is computed for each request
	Place      Place  `json:"place"`
}

// Pool is a named group of endpoints.
type Pool struct {
	Name      string     `json:"name"`
	Method    string     `json:"method,omitempty"` // "round robin", "least_conn", …
	Endpoints []Endpoint `json:"endpoints"`
	Settings  Settings   `json:"settings,omitempty"`
	Stream    bool       `json:"stream,omitempty"`
	Checks    string     `json:"checks,omitempty"` // "active": only health checks, and people, take servers out; "none": only people; "": in ways of the product's own
	Place     Place      `json:"place"`
}

// Endpoint is one server behind a gateway, as the configuration writes it.
type Endpoint struct {
	Name        string  `json:"name,omitempty"` // what the product calls it in its pool
	Line        string  `json:"line,omitempty"` // the line that names it, where a fix has to write the whole of it anew
	Network     string  `json:"network"`        // "tcp" or "unix"
	Host        string  `json:"host,omitempty"`
	Port        int     `json:"port,omitempty"`
	Path        string  `json:"path,omitempty"` // unix
	Weight      int     `json:"weight,omitempty"`
	Backup      bool    `json:"backup,omitempty"`
	Down        bool    `json:"down,omitempty"` // a person took it out of rotation
	Resolve     bool    `json:"resolve,omitempty"`
	MaxFails    int     `json:"max_fails,omitempty"`
	FailTimeout float64 `json:"fail_timeout,omitempty"` // seconds
	MaxConns    int     `json:"max_conns,omitempty"`
	Place       Place   `json:"place"`
}

// String returns the endpoint as subjects of facts spell it: "127.0.0.1:3000",
// "[::1]:3000", "api.internal:80" or "unix:/run/app.sock".
func (e Endpoint) String() string {
	if e.Network == "unix" {
		return "unix:" + e.Path
	}
	if addr, err := netip.ParseAddr(e.Host); err == nil && addr.Is6() {
		return "[" + e.Host + "]:" + strconv.Itoa(e.Port)
	}
	return e.Host + ":" + strconv.Itoa(e.Port)
}

// IsName reports whether the endpoint is a DNS name that must be resolved.
func (e Endpoint) IsName() bool {
	if e.Network == "unix" {
		return false
	}
	_, err := netip.ParseAddr(e.Host)
	return err != nil
}

// Resolver says how the product turns an upstream's name into addresses.
type Resolver struct {
	AtStart bool     `json:"at_start"`          // once, when the configuration is loaded, the system's way
	Servers []string `json:"servers,omitempty"` // "127.0.0.1:53"; empty: the system's
	V4      bool     `json:"v4"`
	V6      bool     `json:"v6"`
	Timeout float64  `json:"timeout,omitempty"` // seconds
	Valid   float64  `json:"valid,omitempty"`   // seconds; 0: as the answer says
	Place   Place    `json:"place"`
}

// System reports whether names are looked up the system's way, by its hosts file
// and resolv.conf: once, or, where no server is named, for each connection.
func (r Resolver) System() bool { return r.AtStart || len(r.Servers) == 0 }

// Forward is one way out of a gateway: where requests go and how they are spoken.
type Forward struct {
	Protocol  vocab.Protocol `json:"protocol"`
	Target    string         `json:"target"`              // as written: "http://app", "unix:/run/php.sock"
	Pool      string         `json:"pool,omitempty"`      // name of the pool, where there is one
	Endpoints []Endpoint     `json:"endpoints"`           // of the pool, or the one of the target
	Resolver  *Resolver      `json:"resolver,omitempty"`  // how names among the endpoints are resolved; nil where there is none and one is needed
	RunTime   bool           `json:"run_time,omitempty"`  // the target is computed for each request
	NoModule  string         `json:"no_module,omitempty"` // the module that would speak the protocol, where it is not loaded
	Place     Place          `json:"place"`
}

// Request is what decides about the route.
type Request struct {
	Listener string // "0.0.0.0:443", "unix:/run/x.sock"; empty: any that fits Port and TLS
	Port     int
	TLS      bool
	Host     string // without port, lower case
	Method   string
	Path     string // decoded path, begins with "/"
	Query    string // raw, without "?"
}

// Outcome says how a request ends.
type Outcome string

// The outcomes.
const (
	Forwards Outcome = "forward" // goes to an upstream
	Answers  Outcome = "answer"  // the gateway answers by itself with Decision.Status
	Serves   Outcome = "file"    // the gateway serves a file
	NoRoute  Outcome = "none"    // no rule fits, and the gateway answers by itself with Decision.Status
	Unknown  Outcome = "unknown" // depends on what only the running gateway knows
)

// Decision is how a gateway's configuration treats a request.
type Decision struct {
	Site     SiteName  `json:"site"` // the name that matched; the zero SiteName for a default
	Listener Listener  `json:"listener"`
	Steps    []Step    `json:"steps"` // every rule that took part, in order
	Outcome  Outcome   `json:"outcome"`
	Status   int       `json:"status,omitempty"` // Answers
	Forward  *Forward  `json:"forward,omitempty"`
	Upstream Spoken    `json:"upstream"` // Forwards
	Settings Settings  `json:"settings"`
	Logs     []Log     `json:"logs"`             // the logs that this request is written to
	Doubts   []Problem `json:"doubts,omitempty"` // what could not be settled statically
}

// Step is one rule that a request passed: a server block, a location, a rewrite.
type Step struct {
	Text  string `json:"text"` // "location /api/ {"
	Place Place  `json:"place"`
}

// Spoken is the request as the gateway sends it to the upstream.
type Spoken struct {
	Method  string   `json:"method"`
	URI     string   `json:"uri"`
	Version string   `json:"version"` // "1.0", "1.1"
	Header  []Header `json:"header,omitempty"`
	Params  []Header `json:"params,omitempty"` // FastCGI, uwsgi, SCGI
}

// Header is one header line or parameter.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}
