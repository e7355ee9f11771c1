package haproxy

import (
	"slices"
	"sort"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/typo"
)

// serverWords are the words that may stand behind a server's address, with the
// number of words that follow each ("haproxy -dKcfg" of 2.6, 3.0 and 3.2, and what
// later versions have added, from their manuals).
var serverWords = map[string]int{
	"addr": 1, "agent-addr": 1, "agent-check": 0, "agent-inter": 1, "agent-port": 1, "agent-send": 1, "allow-0rtt": 0, "alpn": 1, "backup": 0,
	"ca-file": 1, "check": 0, "check-alpn": 1, "check-proto": 1, "check-send-proxy": 0, "check-sni": 1, "check-ssl": 0, "check-via-socks4": 0,
	"ciphers": 1, "ciphersuites": 1, "cookie": 1, "crl-file": 1, "crt": 1, "disabled": 0, "downinter": 1, "enabled": 0, "error-limit": 1, "fall": 1,
	"fastinter": 1, "force-sslv3": 0, "force-tlsv10": 0, "force-tlsv11": 0, "force-tlsv12": 0, "force-tlsv13": 0, "id": 1, "init-addr": 1, "inter": 1,
	"log-proto": 1, "max-reuse": 1, "maxconn": 1, "maxqueue": 1, "minconn": 1, "namespace": 1, "no-agent-check": 0, "no-backup": 0, "no-check": 0,
	"no-check-send-proxy": 0, "no-check-ssl": 0, "no-send-proxy": 0, "no-send-proxy-v2": 0, "no-send-proxy-v2-ssl": 0, "no-send-proxy-v2-ssl-cn": 0,
	"no-ssl": 0, "no-ssl-reuse": 0, "no-sslv3": 0, "no-tfo": 0, "no-tls-tickets": 0, "no-tlsv10": 0, "no-tlsv11": 0, "no-tlsv12": 0, "no-tlsv13": 0,
	"non-stick": 0, "npn": 1, "observe": 1, "on-error": 1, "on-marked-down": 1, "on-marked-up": 1, "pool-low-conn": 1, "pool-max-conn": 1,
	"pool-purge-delay": 1, "port": 1, "proto": 1, "proxy-v2-options": 1, "redir": 1, "resolve-net": 1, "resolve-opts": 1, "resolve-prefer": 1,
	"resolvers": 1, "rise": 1, "send-proxy": 0, "send-proxy-v2": 0, "send-proxy-v2-ssl": 0, "send-proxy-v2-ssl-cn": 0, "slowstart": 1, "sni": 1,
	"socks4": 1, "source": -1, "ssl": 0, "ssl-max-ver": 1, "ssl-min-ver": 1, "ssl-reuse": 0, "stick": 0, "tcp-ut": 1, "tfo": 0, "tls-tickets": 0,
	"track": 1, "usesrc": 0, "verify": 1, "verifyhost": 1, "weight": 1, "ws": 1,
	"guid": 1, "log-bufsize": 1, "shard": 1, "init-state": 1, "idle-ping": 1, "strict-maxconn": 0, "no-strict-maxconn": 0, "sni-auto": 0, "no-sni-auto": 0, "check-sni-auto": 0,
	"no-check-sni-auto": 0, "renegotiate": 0, "no-renegotiate": 0, "check-reuse-pool": 0, "no-check-reuse-pool": 0, "check-pool-conn-name": 1, "pool-conn-name": 1,
	"sigalgs": 1, "client-sigalgs": 1, "curves": 1, "hash-key": 1, "cc": 1, "no-verifyhost": 0, "check-fall": 1, "set-proxy-v2-tlv-fmt": 1, "ktls": 1,
}

// bindWords is serverWords for listeners.
var bindWords = map[string]int{
	"accept-netscaler-cip": 1, "accept-proxy": 0, "allow-0rtt": 0, "alpn": 1, "backlog": 1, "ca-file": 1, "ca-ignore-err": 1, "ca-sign-file": 1,
	"ca-sign-pass": 1, "ca-verify-file": 1, "ciphers": 1, "ciphersuites": 1, "crl-file": 1, "crt": 1, "crt-ignore-err": 1, "crt-list": 1, "curves": 1,
	"defer-accept": 0, "ecdhe": 1, "expose-fd": 1, "force-sslv3": 0, "force-tlsv10": 0, "force-tlsv11": 0, "force-tlsv12": 0, "force-tlsv13": 0,
	"generate-certificates": 0, "gid": 1, "group": 1, "id": 1, "interface": 1, "level": 1, "maxconn": 1, "mode": 1, "mss": 1, "name": 1, "namespace": 1,
	"nice": 1, "no-ca-names": 0, "no-sslv3": 0, "no-tls-tickets": 0, "no-tlsv10": 0, "no-tlsv11": 0, "no-tlsv12": 0, "no-tlsv13": 0, "npn": 1,
	"prefer-client-ciphers": 0, "process": 1, "proto": 1, "severity-output": 1, "shards": 1, "ssl": 0, "ssl-max-ver": 1, "ssl-min-ver": 1,
	"strict-sni": 0, "tcp-ut": 1, "tfo": 0, "thread": 1, "tls-ticket-keys": 1, "transparent": 0, "uid": 1, "user": 1, "v4v6": 0, "v6only": 0, "verify": 1,
	"guid-prefix": 1, "nbconn": 1, "quic-cc-algo": 1, "quic-force-retry": 0, "quic-socket": 1, "client-sigalgs": 1, "sigalgs": 1, "default-crt": 1, "no-strict-sni": 0, "tls-tickets": 0, "ocsp-update": 1,
	"no-alpn": 0, "verifyhost": 1, "idle-ping": 1, "cc": 1, "label": 1, "tcp-md5sig": 1, "ktls": 1, "ech": 1,
}

// proxyWords begin the lines of frontends, backends and defaults: those of 2.6 and
// 3.0, those that earlier versions had, and those that later ones have.
var proxyWords = strings.Fields(`acl ssl-f-use appsession backlog balance bind bind-process block capture clitcpka-cnt clitcpka-idle clitcpka-intvl cliexp clitimeout compression contimeout cookie
	declare default default-server default_backend description disabled dispatch dynamic-cookie-key email-alert enabled error-log-format errorfile errorfiles errorloc errorloc302
	errorloc303 external-check filter force-persist fullconn grace hash-balance-factor hash-type http-after-response http-check http-error http-request http-response http-reuse
	http-send-name-header id ignore-persist load-server-state-from-file log log-format log-format-sd log-tag max-keep-alive-queue max-session-srv-conns maxconn mode monitor monitor-net
	monitor-uri no option persist rate-limit redirect redisp redispatch reqadd reqallow reqdel reqdeny reqiallow reqidel reqideny reqipass reqirep reqitarpit reqpass reqrep reqtarpit
	retries retry-on rspadd rspdel rspdeny rspidel rspideny rspirep rsprep server server-state-file-name server-template source srvexp srvtcpka-cnt srvtcpka-idle srvtcpka-intvl
	srvtimeout stats stick stick-table tcp-check tcp-request tcp-response timeout transparent unique-id-format unique-id-header use-fcgi-app use-server use_backend usesrc
	guid log-steps hash-preserve-affinity quic-initial force-be-switch max-session-srv-conns`)

// globalWords begin the lines of the global section. Those with a dot are not
// judged: each version has new ones.
var globalWords = strings.Fields(`busy-polling ca-base chroot close-spread-time cluster-secret cpu-map crt-base daemon default-path description expose-experimental-directives fd-hard-limit gid grace group
	h1-accept-payload-with-any-method h1-case-adjust h1-case-adjust-file h1-do-not-close-on-insecure-transfer-encoding h2-workaround-bogus-websocket-clients hard-stop-after http-err-codes http-fail-codes insecure-fork-wanted insecure-setuid-wanted
	issuers-chain-path key-base localpeer log log-send-hostname log-tag lua-load lua-load-per-thread lua-prepend-path master-worker max-spread-checks maxcompcpuusage maxcomprate maxconn maxconnrate
	maxpipes maxsessrate maxsslconn maxsslrate maxzlibmem mworker-max-reloads nbproc nbthread no no-memory-trimming no-quic node noepoll noevports nogetaddrinfo nokqueue nopoll noreuseport
	nosplice numa-cpu-mapping pidfile pp2-never-send-local presetenv quiet resetenv server-state-base server-state-file set-dumpable set-var set-var-fmt setcap setenv spread-checks
	ssl-default-bind-ciphers ssl-default-bind-ciphersuites ssl-default-bind-client-sigalgs ssl-default-bind-curves ssl-default-bind-options ssl-default-bind-sigalgs
	ssl-default-server-ciphers ssl-default-server-ciphersuites ssl-default-server-client-sigalgs ssl-default-server-curves ssl-default-server-options ssl-default-server-sigalgs
	ssl-dh-param-file ssl-engine ssl-load-extra-del-ext ssl-load-extra-files ssl-mode-async ssl-propquery ssl-provider ssl-provider-path ssl-security-level ssl-server-verify
	ssl-skip-self-issued-ca ssl-f-use stats strict-limits thread-group thread-groups thread-hard-limit trace uid ulimit-n unix-bind unsetenv user wurfl-cache-size wurfl-data-file stress-level zero-warning prealloc-fd harden.reject-privileged-ports.tcp
	limited-quic anonkey acme.scheduler cpu-policy cpu-set dns-accept-family force-cfg-parser-pause jobs-max shm-stats-file warn-blocked-traffic-after stats-file expose-deprecated-directives
	51degrees-data-file 51degrees-property-name-list 51degrees-property-separator 51degrees-cache-size deviceatlas-json-file deviceatlas-log-level deviceatlas-properties-cookie deviceatlas-separator`)

// timeouts are the kinds of "timeout".
var timeouts = strings.Fields("check client client-fin client-hs client-handshake connect http-keep-alive http-request queue server server-fin tarpit tunnel")

// requestActions are those of http-request; some have their arguments in
// parentheses.
var requestActions = strings.Fields(`add-acl add-header add-headers-bin allow auth cache-use capture del-acl del-header del-map deny disable-l7-retry do-log do-resolve early-hint lua normalize-uri ot-group pause redirect reject
	replace-header replace-path replace-pathq replace-uri replace-value return sc-add-gpc sc-inc-gpc sc-inc-gpc0 sc-inc-gpc1 sc-set-gpt sc-set-gpt0 send-spoe-group set-bandwidth-limit set-bc-mark
	set-bc-tos set-dst set-dst-port set-fc-mark set-fc-tos set-header set-headers-bin del-headers-bin set-log-level set-map set-mark set-method set-nice set-path set-pathq set-priority-class set-priority-offset set-query
	set-retries set-src set-src-port set-timeout set-tos set-uri set-var set-var-fmt silent-drop strict-mode tarpit track-sc unset-var use-service wait-for-body wait-for-handshake`)

func serverNames() []string { return keys(serverWords) }

func keys(m map[string]int) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// near returns the known word that differs from a misspelt one by a letter or
// two, or "".
func near(word string, known []string) string {
	most := 1
	if len(word) > 6 {
		most = 2
	}
	if len(word) < 4 || slices.Contains(known, word) {
		return ""
	}
	for _, k := range known {
		if d := typo.Distance(word, k, most); d <= most {
			return k
		}
	}
	return ""
}
