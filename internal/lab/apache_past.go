package lab

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
)

// past writes the logs of yesterday and of the last hour: errors of other
// upstreams, of the same kinds as a fault makes, and good requests.
func (a *Apache) past() {
	if a.b.err != nil {
		return
	}
	yesterday := a.b.yesterday()
	var old strings.Builder
	for i := range 6 + a.b.Rand.IntN(20) {
		old.WriteString(a.oldError(yesterday.Add(time.Duration(i*17) * time.Second)))
	}
	a.appendLog(a.errors, old.String())
	if a.target.Errors != "" {
		a.appendLog(a.target.Errors, old.String())
	}
	logs := map[string]*strings.Builder{}
	for _, s := range a.all() {
		log := logs[a.accessLog(s)]
		if log == nil {
			log = new(strings.Builder)
			logs[a.accessLog(s)] = log
		}
		for i := range 8 {
			at := yesterday.Add(time.Duration(i*31) * time.Second)
			log.WriteString(apacheLine(s, record{at: at, path: "/wp-login.php", status: http.StatusNotFound}))
			log.WriteString(apacheLine(s, record{at: at.Add(time.Second), path: "/shop/checkout", status: pick(a.b, 502, 503), took: 0.004}))
		}
	}
	logs[a.accessLog(a.target)].WriteString(a.good)
	for path, text := range logs {
		a.appendLog(path, text.String())
	}
}

// oldError is an error of another upstream: one line, or two of one request.
func (a *Apache) oldError(at time.Time) string {
	head := func(module string) string {
		return fmt.Sprintf("[%s] [%s:error] [pid %d:tid %d] ", at.Format("Mon Jan 02 15:04:05.000000 2006"), module, 4000, 4001)
	}
	const client = "[client 198.51.100.17:40112] "
	return pick(a.b,
		head("proxy")+"(111)Connection refused: AH00957: http: attempt to connect to 10.0.9.17:8080 (10.0.9.17:8080) failed\n"+
			head("proxy_http")+client+"AH01114: HTTP: failed to make connection to backend: 10.0.9.17\n",
		head("proxy_http")+"(70007)The timeout specified has expired: "+client+"AH01102: error reading status line from remote server 10.0.9.17:8080\n",
		head("proxy_http")+"(104)Connection reset by peer: "+client+"AH01102: error reading status line from remote server 10.0.9.17:8080\n",
		head("proxy")+"AH00940: http: disabled connection for (10.0.9.17)\n",
		head("proxy_fcgi")+"(70007)The timeout specified has expired: "+client+"AH01075: Error dispatching request to : (polling)\n",
	)
}

func (a *Apache) appendLog(path, text string) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		a.b.fail("cannot write %s: %w", path, err)
		return
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		a.b.fail("cannot write %s: %w", path, err)
	}
	if os.Geteuid() == 0 {
		if err := f.Chown(0, adm); err != nil { // as Debian's package leaves it
			a.b.fail("cannot write %s: %w", path, err)
		}
	}
}

// apacheLine writes r as Apache writes it in the format of s.
func apacheLine(s *Site, r record) string {
	if r.method == "" {
		r.method = http.MethodGet
	}
	name := strings.Fields(s.Names)[1]
	size := 1234
	if r.status >= 500 {
		size = 570
	}
	combined := fmt.Sprintf("198.51.100.23 - - [%s] \"%s %s HTTP/1.1\" %d %d \"-\" \"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\"", r.at.Format("02/Jan/2006:15:04:05 -0700"), r.method, r.path, r.status, size)
	switch s.Format {
	case "timed":
		return fmt.Sprintf("%s %s %d\n", name, combined, int(r.took*1e6))
	case "vhost_combined":
		return fmt.Sprintf("%s:%d %s\n", name, port(s.listen), combined)
	}
	return combined + "\n"
}

func (a *Apache) record(at time.Time, took float64) string {
	return apacheLine(a.target, record{at: at, path: a.target.path, status: http.StatusOK, took: took})
}

// timedApache makes the site's access log carry times.
func (s *Site) timedApache() *Site {
	s.Format = "timed"
	return s
}
