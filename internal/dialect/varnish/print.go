package varnish

import (
	"bytes"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// The paths of the log in memory: the requests that failed, and all of them.
const (
	failedLog = "memory:varnishlog, failed requests"
	allLog    = "memory:varnishlog, all requests"
)

// requestFormat is the format of lines that a group of records is made into.
const requestFormat = "varnishlog"

// The records that tell how a request ended. varnishlog refuses a name that it does
// not know, and a glob that matches none: BackendReuse is gone in Varnish 7.7.
const (
	tags    = "ReqStart,ReqMethod,ReqURL,Timestamp,RespStatus,FetchError,VCL_Error,Error,Backend*,BerespStatus,Begin"
	headers = "ReqHeader:^(Host|User-Agent|X-Request-Id):"
)

// prints are the commands that print the log in memory (varnishlog(1)): -d what
// is there, -t 0 without waiting for a varnishd that is not.
func (c *config) prints(src dialect.Source) []dialect.Print {
	if c.launch.PID == 0 {
		return nil
	}
	program := ""
	for _, dir := range []string{filepath.Join(filepath.Dir(filepath.Dir(c.launch.Exe)), "bin"), "/usr/bin", "/usr/local/bin"} {
		path := filepath.Join(dir, "varnishlog")
		if found, err := src.Glob(path); program == "" && filepath.IsAbs(path) && err == nil && len(found) == 1 {
			program = path
		}
	}
	if program == "" {
		program = "/usr/bin/varnishlog"
	}
	command := []string{program, "-t", "0"}
	if dir := c.workdir(); dir != "" {
		command = append(command, "-n", dir)
	}
	command = append(command, "-d", "-g", "request", "-i", tags, "-I", headers)
	allow := "run as root, or as a member of the group varnish: sudo goodgate diagnose …"
	f := &folder{address: c.address}
	c.logs = []topo.Log{
		{Kind: "error", Path: failedLog},
		{Kind: "access", Path: allLog, Format: requestFormat, FormatName: requestFormat},
	}
	return []dialect.Print{
		{Path: failedLog, Command: command, Allow: allow, Lines: func(b []byte) []byte { return f.lines(b, true) }},
		{Path: allLog, Command: command, Allow: allow, Lines: func(b []byte) []byte { return f.lines(b, false) }},
	}
}

// workdir is the working directory of varnishd, into which it changes
// (VJ_make_workdir).
func (c *config) workdir() string {
	if c.launch.Prefix != "" && c.launch.Prefix != "/" {
		return c.launch.Prefix
	}
	for _, n := range given(c.launch, "n") {
		return n
	}
	return ""
}

// address returns where the running program dials for a backend, where that is
// written in it as an address.
func (c *config) address(name string) string {
	v := c.vcl
	if c.running != nil {
		v = c.running
	}
	if o := v.backend(name); o != nil {
		if e, ok := endpoint(o); ok && !e.IsName() {
			return e.String()
		}
	}
	return ""
}

// folder makes one line of the records of each request.
type folder struct {
	address func(backend string) string
}

// exchange is one request of a client with the fetches made for it.
type exchange struct {
	id, client  string
	method, url string
	host, agent string
	request     string // X-Request-Id
	status      string
	ended       float64 // seconds since 1970
	took        float64 // seconds; negative: not known
	backend, at string  // of the last fetch
	got         string  // its status
	first       float64 // seconds until it answered; negative: it did not
	failed      string  // its FetchError
	vcl         string  // VCL_Error
	fetches     int
	mended      int  // fetches that failed before one that did not
	aside       bool // nobody waits for it
}

func newExchange(id string) *exchange { return &exchange{id: id, took: -1, first: -1} }

// fails reports whether the request, or the fetch for it, failed.
func (x *exchange) fails() bool { return x.failed != "" || len(x.status) == 3 && x.status[0] == '5' }

// lines folds what varnishlog -g request prints: "*   << Request  >> 2" begins a
// request, "**  << BeReq    >> 3" what was done for it, an empty line ends it.
func (f *folder) lines(printed []byte, onlyFailed bool) []byte {
	var out bytes.Buffer
	var x *exchange
	last := map[string]string{} // address by backend: where it was last dialled
	flush := func() {
		if x != nil && x.client != "" && (x.fails() || !onlyFailed) && x.ended > 0 {
			f.write(&out, x, last)
		}
		x = nil
	}
	for len(printed) > 0 {
		var row []byte
		row, printed, _ = bytes.Cut(printed, []byte{'\n'})
		switch {
		case len(line.Trim(row)) == 0:
			flush()
		case row[0] == '*':
			kind, id := heading(row)
			if !bytes.HasPrefix(row, []byte("**")) {
				flush()
				x = newExchange(id)
				x.aside = kind != "Request"
			} else if x != nil {
				x.begin(kind)
			}
		case x != nil && row[0] == '-' && !x.aside:
			tag, text, ok := record(row)
			if ok {
				x.take(string(tag), string(text), last)
			}
		}
	}
	flush()
	return out.Bytes()
}

// heading reads "**  << BeReq    >> 32771".
func heading(row []byte) (kind, id string) {
	words := strings.Fields(string(row))
	if len(words) >= 5 && words[1] == "<<" {
		return words[2], words[4]
	}
	return "", ""
}

// begin notes that records of another transaction follow.
func (x *exchange) begin(kind string) {
	if kind != "BeReq" { // an ESI part, a restart
		return
	}
	if x.failed != "" {
		x.mended++
	}
	x.backend, x.at, x.got, x.failed, x.first = "", "", "", "", -1
	x.fetches++
}

func (x *exchange) take(tag, text string, last map[string]string) {
	switch tag {
	case "Begin":
		if strings.HasSuffix(text, " bgfetch") {
			x.aside = true
		}
	case "ReqStart":
		if x.client == "" {
			words := strings.Fields(text)
			if len(words) > 1 {
				x.client = words[0] + ":" + words[1]
			}
		}
	case "ReqMethod":
		x.method = keep(x.method, text)
	case "ReqURL":
		x.url = keep(x.url, text)
	case "ReqHeader":
		x.header(text)
	case "RespStatus":
		x.status = text
	case "Timestamp":
		x.time(text)
	case "BackendOpen", "BackendReuse":
		x.dialled(strings.Fields(text), last)
	case "BerespStatus":
		if x.failed == "" {
			x.got = text
		}
	case "FetchError":
		x.failure(text)
	case "VCL_Error":
		x.vcl = text
	}
}

// keep is the first value: a client's, before VCL changed it.
func keep(have, text string) string {
	if have != "" {
		return have
	}
	return text
}

func (x *exchange) header(text string) {
	name, value, _ := strings.Cut(text, ":")
	value = strings.TrimSpace(value)
	switch strings.ToLower(name) {
	case "host":
		x.host = keep(x.host, value)
	case "user-agent":
		x.agent = keep(x.agent, value)
	case "x-request-id":
		x.request = keep(x.request, value)
	}
}

// time reads "Resp: 1795172134.247602 0.001009 0.000727": when, since the
// beginning, since the last.
func (x *exchange) time(text string) {
	words := strings.Fields(text)
	if len(words) < 3 {
		return
	}
	when, err := strconv.ParseFloat(words[1], 64)
	since, err2 := strconv.ParseFloat(words[2], 64)
	if err != nil || err2 != nil {
		return
	}
	switch words[0] {
	case "Resp:":
		x.ended, x.took = when, since
	case "Beresp:":
		x.first = since
	case "Process:", "Error:", "Start:":
		if x.took < 0 {
			x.ended = max(x.ended, when)
		}
	}
}

// dialled reads "25 default 127.0.0.1 8080 127.0.0.1 45678 connect".
func (x *exchange) dialled(words []string, last map[string]string) {
	if len(words) < 4 {
		return
	}
	x.backend = plainName(words[1])
	switch port, err := strconv.Atoi(words[3]); {
	case err == nil && port > 0:
		x.at = topo.Endpoint{Network: "tcp", Host: words[2], Port: port}.String()
	case strings.HasPrefix(words[2], "/"):
		x.at = "unix:" + words[2]
	}
	if x.at != "" && len(last) < 10_000 {
		last[x.backend] = x.at
	}
}

// plainName takes the name of the VCL off that of a backend: "boot.default".
func plainName(name string) string {
	if i := strings.IndexByte(name, '.'); i >= 0 && !strings.Contains(name, "(") {
		return name[i+1:]
	}
	return name
}

// failure keeps the FetchError that says why: what follows from it is written
// after it.
func (x *exchange) failure(text string) {
	if x.failed == "" {
		x.failed = text
	}
	if rest, ok := strings.CutPrefix(text, "backend "); ok && x.backend == "" {
		if name, _, ok := strings.Cut(rest, ":"); ok && !strings.Contains(name, " ") {
			x.backend = plainName(name)
		}
	}
	if rest, ok := strings.CutPrefix(text, "Director "); ok && x.backend == "" {
		x.backend, _, _ = strings.Cut(rest, " ")
	}
}

// write writes what others may have chosen last, between quotes that it cannot
// contain.
func (f *folder) write(out *bytes.Buffer, x *exchange, last map[string]string) {
	at := x.at
	if at == "" {
		at = last[x.backend]
	}
	if at == "" && x.backend != "" && f.address != nil {
		at = f.address(x.backend)
	}
	if x.got == "" {
		x.first = -1
	}
	whole, part := math.Modf(x.ended)
	stamp := time.Unix(int64(whole), int64(part*1e6)*1000).UTC().Format("2006-01-02T15:04:05.000000Z")
	fmt.Fprintf(out, "%s varnishlog[%s] client=%s status=%s seconds=%.6f backend=%s at=%s got=%s first=%.6f fetches=%d mended=%d error=%s vcl=%s id=%s agent=%s host=%s request=%s\n",
		stamp, word(x.id), word(x.client), word(x.status), x.took, word(x.backend), word(at), word(x.got), x.first, x.fetches, x.mended,
		inQuotes(x.failed, 300), inQuotes(x.vcl, 300), inQuotes(x.request, 100), inQuotes(x.agent, 400), inQuotes(x.host, 255), inQuotes(x.method+" "+x.url, 1500))
}

// word is a field without space; "-" where there is nothing.
func word(s string) string {
	if s == "" || strings.ContainsAny(s, " \"\n\t") {
		return "-"
	}
	return s
}

func inQuotes(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '"':
			return '\''
		case r < ' ' || r == 0x7f:
			return '?'
		}
		return r
	}, s[:min(len(s), most)])
	return `"` + s + `"`
}
