package haproxy

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// questions are what to ask at the runtime socket (doc/management.txt, section
// 9.3), where the configuration has one.
func (c *config) questions() []dialect.Question {
	network, address, level := c.socket()
	if address == "" {
		return nil
	}
	allow := "add to the global section: stats socket /run/haproxy/admin.sock mode 660 level operator; or run as root"
	ask := func(command string, read func([]byte) []dialect.Told) dialect.Question {
		return dialect.Question{Source: "runtime socket " + address + ": " + command, Network: network, Address: address, Send: command + "\n", Allow: allow, Read: read}
	}
	servers := map[string]int{}
	for _, x := range c.proxies {
		servers[x.name] = len(x.servers)
	}
	stat := func(reply []byte) []dialect.Told { return maintained(readStat(reply), servers) }
	list := []dialect.Question{ask("show stat", stat), ask("show info", readInfo), ask("show servers state", readState)}
	if level != "user" {
		list = append(list, ask("show errors", readErrors))
	}
	return list
}

// socket returns where the process can be asked, and how much it tells there.
func (c *config) socket() (network, address, level string) {
	for _, r := range c.global.rows {
		if !r.begins("stats", "socket") {
			continue
		}
		level = "operator"
		for i := 3; i+1 < len(r.words); i++ {
			if r.arg(i) == "level" {
				level = r.arg(i + 1)
			}
		}
		switch kind, rest := family(r.arg(2)); kind {
		case "unix":
			return "unix", dialect.Absolute(rest, c.launch.Prefix), level
		case "ip", "ip6":
			if host, port, ok := cutLast(rest); ok {
				to := listenAddress(host, kind, atoi(port))
				to = strings.Replace(strings.Replace(to, "0.0.0.0", "127.0.0.1", 1), "[::]", "[::1]", 1)
				return "tcp", to, level
			}
		}
	}
	return "", "", ""
}

const maxRowsRead = 20_000

// readStat reads "show stat": a line per frontend, server and backend, with the
// names of the columns first.
func readStat(reply []byte) []dialect.Told {
	reply = bytes.TrimPrefix(bytes.TrimSpace(reply), []byte("# "))
	in := csv.NewReader(bytes.NewReader(reply))
	in.FieldsPerRecord, in.LazyQuotes, in.ReuseRecord = -1, true, true
	head, err := in.Read()
	if err != nil {
		return nil
	}
	column := map[string]int{}
	for i, name := range head {
		column[strings.TrimSpace(name)] = i
	}
	var told []dialect.Told
	for range maxRowsRead {
		fields, err := in.Read()
		if err != nil {
			break
		}
		told = append(told, statRow(func(name string) string {
			i, ok := column[name]
			if !ok || i >= len(fields) {
				return ""
			}
			return strings.TrimSpace(fields[i])
		})...)
	}
	return told
}

// statRow says what one line of "show stat" tells.
func statRow(f func(string) string) []dialect.Told {
	t := dialect.Told{Pool: f("pxname"), Server: f("svname")}
	status := f("status")
	switch t.Server {
	case "":
		return nil
	case "FRONTEND":
		return frontRow(t, f)
	case "BACKEND":
		return backRow(t, f, status)
	}
	check := checkWords(f)
	t.Quote = fmt.Sprintf("%s/%s %s %s", t.Pool, t.Server, status, check)
	t.Value = check
	var told []dialect.Told
	switch {
	case strings.HasPrefix(status, "MAINT"):
		t.Fact, t.Value = vocab.ServerInMaintenance, t.Pool+"/"+t.Server+" is in "+status
		if strings.Contains(status, "resolution") {
			t.Fact = vocab.CheckUnconnected // MAINT (resolution): its name has no address
		}
		return []dialect.Told{t}
	case strings.HasPrefix(f("check_status"), "L4OK"), strings.HasPrefix(f("check_status"), "L6OK"), strings.HasPrefix(f("check_status"), "L7OK"), strings.HasPrefix(f("check_status"), "L7OKC"):
		t.Fact = vocab.CheckPasses
	case status == "no check" || f("check_status") == "" || f("check_status") == "INI":
		t.Fact = ""
	case strings.Contains(f("check_status"), "L4"), strings.Contains(f("check_status"), "SOCKERR"):
		t.Fact = vocab.CheckUnconnected
	case strings.HasPrefix(status, "DOWN"), strings.HasPrefix(status, "UP"), strings.HasPrefix(status, "NOLB"):
		t.Fact = vocab.CheckRejects
	}
	if t.Fact != "" {
		told = append(told, t)
	}
	if t.Fact == vocab.CheckRejects && f("check_status") == "L7STS" && strings.HasPrefix(f("check_code"), "5") {
		t.Fact = vocab.CheckAnswersError
		told = append(told, t)
	}
	if q, _ := strconv.Atoi(f("qcur")); q > 0 && f("slim") != "" && f("scur") == f("slim") {
		t.Fact, t.Server, t.Value = vocab.PoolQueued, "", fmt.Sprintf("%d requests wait for %s/%s, which has %s of %s connections", q, t.Pool, f("svname"), f("scur"), f("slim"))
		told = append(told, t)
	}
	return told
}

// checkWords are the last check's outcome: "L7STS/404 in 1 ms: Not Found".
func checkWords(f func(string) string) string {
	words := strings.TrimPrefix(f("check_status"), "* ")
	if words == "" {
		return ""
	}
	if code := f("check_code"); code != "" {
		words += "/" + code
	}
	if last := f("last_chk"); last != "" {
		words += ": " + last
	}
	return words
}

func frontRow(t dialect.Told, f func(string) string) []dialect.Told {
	if f("slim") == "" || f("slim") == "0" || f("scur") != f("slim") {
		return nil
	}
	return []dialect.Told{{Fact: vocab.LimitReached, Value: fmt.Sprintf("frontend %s has %s of %s connections", t.Pool, f("scur"), f("slim")), Quote: t.Pool + " FRONTEND scur " + f("scur") + " slim " + f("slim")}}
}

func backRow(t dialect.Told, f func(string) string, status string) []dialect.Told {
	t.Server, t.Quote = "", t.Pool+" BACKEND "+status
	var told []dialect.Told
	if strings.HasPrefix(status, "DOWN") {
		t.Fact, t.Value = vocab.PoolNoServer, "the running HAProxy says that "+t.Pool+" is DOWN"
		told = append(told, t)
	}
	if q, _ := strconv.Atoi(f("qcur")); q > 0 && strings.HasPrefix(status, "UP") {
		t.Fact, t.Value = vocab.PoolQueued, fmt.Sprintf("%d requests wait for a server of %s", q, t.Pool)
		told = append(told, t)
	}
	return told
}

// readInfo reads "show info": "Name: value" lines.
func readInfo(reply []byte) []dialect.Told {
	info := map[string]string{}
	for line := range strings.Lines(string(reply[:min(len(reply), 64<<10)])) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			info[name] = value
		}
	}
	cur, err1 := strconv.Atoi(info["CurrConns"])
	most, err2 := strconv.Atoi(info["Maxconn"])
	if err1 != nil || err2 != nil || most == 0 || cur < most {
		return nil
	}
	return []dialect.Told{{Fact: vocab.LimitReached, Value: fmt.Sprintf("the process has %d of %d connections", cur, most), Quote: fmt.Sprintf("CurrConns: %d, Maxconn: %d", cur, most)}}
}

// readState reads "show servers state", which has the address that HAProxy dials
// for each server: of a name, that which it had when it was looked up.
func readState(reply []byte) []dialect.Told {
	column := map[string]int{}
	var told []dialect.Told
	for line := range strings.Lines(string(reply)) {
		fields := strings.Fields(line)
		if len(fields) > 1 && fields[0] == "#" {
			for i, name := range fields[1:] {
				column[name] = i
			}
			continue
		}
		f := func(name string) string {
			if i, ok := column[name]; ok && i < len(fields) {
				return fields[i]
			}
			return ""
		}
		addr, err := netip.ParseAddr(f("srv_addr"))
		port, perr := strconv.ParseUint(f("srv_port"), 10, 16)
		if err != nil || perr != nil || port == 0 || len(told) == maxRowsRead {
			continue
		}
		told = append(told, dialect.Told{Pool: f("be_name"), Server: f("srv_name"), Address: netip.AddrPortFrom(addr, uint16(port)).String(), Quote: strings.TrimSpace(line)})
	}
	return told
}

// readErrors reads "show errors": the last answers that could not be read.
//
//	[20/Nov/2026:09:00:01.123] backend app (#3): invalid response
//	  frontend web (#2), server s1 (#1), event #0, src 127.0.0.1:1234
func readErrors(reply []byte) []dialect.Told {
	var told []dialect.Told
	rows := strings.Split(string(reply[:min(len(reply), 256<<10)]), "\n")
	for i, line := range rows {
		_, rest, ok := strings.Cut(line, "] backend ")
		if !ok || !strings.Contains(rest, "invalid response") {
			continue
		}
		t := dialect.Told{Fact: vocab.AnswerCaptured, Quote: strings.TrimSpace(line)}
		t.Pool, _, _ = strings.Cut(rest, " ")
		if i+1 < len(rows) {
			if _, s, ok := strings.Cut(rows[i+1], "server "); ok {
				t.Server, _, _ = strings.Cut(s, " ")
			}
		}
		t.Value = "kept at " + strings.TrimPrefix(strings.SplitN(line, "]", 2)[0], "[")
		told = append(told, t)
	}
	return told
}

// maintained adds, where every server of a pool is in maintenance, that the pool
// is.
func maintained(told []dialect.Told, servers map[string]int) []dialect.Told {
	out := map[string]int{}
	for _, t := range told {
		if t.Fact == vocab.ServerInMaintenance {
			out[t.Pool]++
		}
	}
	for pool, n := range out {
		if n == servers[pool] {
			told = append(told, dialect.Told{Fact: vocab.PoolInMaintenance, Pool: pool, Value: fmt.Sprintf("the running HAProxy has all %d servers of %s in maintenance", n, pool), Quote: pool})
		}
	}
	return told
}
