package varnish

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// access is where the command line interface of the running instance is
// (varnish-cli(7)).
type access struct {
	address string // empty: not known
	secret  string // path of the file; empty: none is needed
	label   string // of the active VCL
}

// access looks for the interface: in the memory that varnishd shares with its
// tools, where it writes what -T and -S came to be, else on its command line.
func (c *config) access(src dialect.Source) *access {
	a := &access{}
	if c.launch.PID == 0 {
		return a
	}
	address, secret := c.shared(src)
	if v := given(c.launch, "T"); address == "" && len(v) > 0 && v[0] != "none" {
		address = v[0]
	}
	if v := given(c.launch, "S"); secret == "" && len(v) > 0 {
		secret = v[0]
	}
	if host, port, ok := splitPort(address); ok {
		if host == "" || host == "*" || host == "0.0.0.0" {
			host = "127.0.0.1"
		}
		a.address = net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(port))
	}
	if secret != "" && secret != "none" {
		a.secret = secret
		if !filepath.IsAbs(secret) {
			a.secret = filepath.Join(c.workdir(), secret)
		}
	}
	return a
}

// shared reads the arguments that varnishd leaves in its working directory: an
// index names a file for each (lib/libvarnish/vsmw.c).
func (c *config) shared(src dialect.Source) (address, secret string) {
	if !filepath.IsAbs(c.workdir()) {
		return "", ""
	}
	dir := filepath.Join(c.workdir(), "_.vsm_mgt")
	index, err := src.ReadFile(filepath.Join(dir, "_.index"))
	if err != nil {
		return "", ""
	}
	for row := range strings.Lines(string(index)) {
		words := strings.Fields(row) // + _.Arg.6659acf191b08b68 0 24 Arg -T
		if len(words) != 6 || words[0] != "+" || words[4] != "Arg" || strings.ContainsAny(words[1], "/*?[") || words[5] != "-T" && words[5] != "-S" {
			continue
		}
		data, err := src.ReadFile(filepath.Join(dir, words[1]))
		if err != nil {
			continue
		}
		text, _, _ := bytes.Cut(data, []byte{0})
		switch first, _, _ := bytes.Cut(text, []byte{'\n'}); words[5] {
		case "-T": // "127.0.0.1 6082", one line for each address
			if parts := strings.Fields(string(first)); len(parts) == 2 {
				address = net.JoinHostPort(parts[0], parts[1])
			}
		case "-S":
			secret = string(first)
		}
	}
	return address, secret
}

// question is one command. The interface greets with a challenge where there is a
// secret, or with its banner; what comes after the banner is the reply.
func (a *access) question(command string, read func([]byte) []dialect.Told) dialect.Question {
	q := dialect.Question{
		Source: "command line interface " + a.address + ": " + command, Network: "tcp", Address: a.address, Secret: a.secret, Read: read,
		Allow: "run as root: sudo goodgate diagnose …, or ask it: varnishadm " + command,
	}
	q.Answer = func(secret, got []byte) string { return say(command, secret, got) }
	q.Next = func(got []byte) string { return say(command, nil, got) }
	return q
}

// say answers what came last. Each message is a line with its status and length,
// then so many bytes and a newline (lib/libvarnish/cli_common.c).
func say(command string, secret, got []byte) string {
	status, body, whole := 0, []byte(nil), false
	greeted := 0
	for len(got) > 0 {
		if len(got) < 13 || got[12] != '\n' {
			return ""
		}
		s, err1 := strconv.Atoi(string(bytes.TrimSpace(got[:3])))
		n, err2 := strconv.Atoi(string(bytes.TrimSpace(got[4:12])))
		if err1 != nil || err2 != nil || n < 0 || len(got) < 13+n+1 {
			return ""
		}
		status, body, got, whole = s, got[13:13+n], got[13+n+1:], true
		if status == 200 {
			greeted++
		}
	}
	switch {
	case !whole:
		return ""
	case status == 107 && len(body) >= 32 && secret != nil:
		h := sha256.New()
		h.Write(body[:32])
		h.Write([]byte{'\n'})
		h.Write(secret)
		h.Write(body[:32])
		h.Write([]byte{'\n'})
		return "auth " + hex.EncodeToString(h.Sum(nil)) + "\n"
	case status == 107:
		return "quit\n"
	case status == 200 && greeted == 1:
		return command + "\nquit\n"
	}
	return ""
}

// replied finds the reply to the command between banner and farewell. Lengths are
// not believed: what a redactor put in has another.
func replied(all []byte) (status int, body string, ok bool) {
	greeted := false
	var lines []string
	for row := range strings.Lines(string(all)) {
		if s := head(row); s != 0 {
			switch {
			case ok:
				return status, strings.Join(lines, ""), true
			case greeted:
				status, ok = s, true
				continue
			case s == 200:
				greeted = true
			}
		}
		if ok {
			lines = append(lines, row)
		}
	}
	return status, strings.Join(lines, ""), ok
}

// head reads "200 1512    ", the line before each message; 0 where row is none.
func head(row string) int {
	row = strings.TrimSuffix(row, "\n")
	if len(row) != 12 || row[3] != ' ' {
		return 0
	}
	status, err := strconv.Atoi(row[:3])
	if _, err2 := strconv.Atoi(strings.TrimRight(row[4:], " ")); err != nil || err2 != nil || status < 100 {
		return 0
	}
	return status
}

// ask finds out which VCL the running instance uses.
func (a *access) ask(src dialect.Source, c *config) {
	if a.address == "" {
		return
	}
	reply, err := dialect.Ask(src, a.question("vcl.list", nil))
	if err != nil {
		return
	}
	if _, body, ok := replied(reply); ok {
		a.label = active(body)
	}
	if a.label == "" || strings.ContainsAny(a.label, " \"\n") {
		return
	}
	reply, err = dialect.Ask(src, a.question("vcl.show -v "+a.label, nil))
	if err != nil {
		return
	}
	if status, body, ok := replied(reply); ok && status == 200 {
		c.runs(src, body)
	}
}

// active finds the VCL that takes requests: "active   auto    warm   2    boot".
func active(list string) string {
	for row := range strings.Lines(list) {
		if words := strings.Fields(row); len(words) > 3 && words[0] == "active" {
			return words[len(words)-1]
		}
	}
	return ""
}

// runs compares the program that runs with the one on disk.
func (c *config) runs(src dialect.Source, shown string) {
	parts := sources(shown)
	if len(parts) == 0 {
		return
	}
	v := newVCL()
	same := len(c.files) > 0
	for _, p := range parts {
		list, _ := lex(p.path, p.text) // includes stand where they are; each file is shown by itself
		v.parse(list)
		if slices.Contains(c.files, p.path) {
			data, err := src.ReadFile(p.path)
			same = same && err == nil && strings.TrimSpace(string(data)) == strings.TrimSpace(p.text)
		} else if filepath.IsAbs(p.path) {
			same = false
		}
	}
	for _, f := range c.files {
		same = same && slices.ContainsFunc(parts, func(p shownFile) bool { return p.path == f })
	}
	c.loaded = same
	if len(v.backends) > 0 {
		c.running = v
	}
}

type shownFile struct{ path, text string }

// sources takes "vcl.show -v" apart: "// VCL.SHOW 0 282 /etc/varnish/default.vcl"
// stands before each file.
func sources(shown string) (list []shownFile) {
	for row := range strings.Lines(shown) {
		if rest, ok := strings.CutPrefix(row, "// VCL.SHOW "); ok {
			words := strings.SplitN(strings.TrimSpace(rest), " ", 3)
			if len(words) == 3 {
				list = append(list, shownFile{path: words[2]})
				continue
			}
		}
		if len(list) > 0 {
			list[len(list)-1].text += row
		}
	}
	return slices.DeleteFunc(list, func(f shownFile) bool { return f.path == "<builtin>" || f.path == "Builtin" })
}

// questions are what to ask when something fails.
func (a *access) questions() []dialect.Question {
	if a.address == "" {
		return nil
	}
	return []dialect.Question{
		a.question("backend.list -j -p", func(reply []byte) []dialect.Told { return readBackends(reply, a.label) }),
		a.question("panic.show", readPanic),
	}
}

// listed is a backend of "backend.list -j -p".
type listed struct {
	Type    string             `json:"type"`
	Admin   string             `json:"admin_health"`
	Message []any              `json:"probe_message"`
	Details map[string]float64 `json:"probe_details"`
}

// readBackends reads what Varnish holds of each backend: what a person has set,
// and what the last probe came to.
func readBackends(reply []byte, label string) []dialect.Told {
	_, body, ok := replied(reply)
	if !ok {
		return nil
	}
	var all []json.RawMessage
	if json.Unmarshal([]byte(body), &all) != nil || len(all) < 4 {
		return nil
	}
	var backends map[string]listed
	if json.Unmarshal(all[3], &backends) != nil {
		return nil
	}
	var told []dialect.Told
	for full, b := range backends {
		vcl, name, ok := strings.Cut(full, ".")
		if !ok || label != "" && vcl != label || b.Type != "" && b.Type != "backend" {
			continue
		}
		told = append(told, backendSays(full, name, b)...)
	}
	slices.SortFunc(told, func(x, y dialect.Told) int { return strings.Compare(x.Quote, y.Quote) })
	return told
}

func backendSays(full, name string, b listed) []dialect.Told {
	state := ""
	if len(b.Message) == 3 {
		state, _ = b.Message[2].(string)
	}
	t := dialect.Told{Pool: name, Server: name, Quote: fmt.Sprintf("%s admin %s, probe %v", full, b.Admin, b.Message)}
	switch {
	case b.Admin == "sick":
		t.Fact, t.Value = vocab.ServerInMaintenance, full+" was set sick by hand"
		pool := t
		pool.Fact, pool.Server = vocab.PoolInMaintenance, ""
		return []dialect.Told{t, pool}
	case state == "" || b.Admin == "healthy" || b.Details == nil || b.Details["window"] == 0:
		return nil // no probe
	case state != "sick":
		t.Fact, t.Value = vocab.CheckPasses, "its probe passes"
		return []dialect.Told{t}
	}
	sick := dialect.Told{Pool: name, Fact: vocab.PoolNoServer, Value: "the running Varnish holds " + full + " to be sick", Quote: t.Quote}
	now := func(bit string) bool { return int64(b.Details["bits_"+bit])&1 == 1 }
	switch {
	case now("H"):
		return []dialect.Told{sick} // it is on its way back
	case now("R"):
		t.Fact, t.Value = vocab.CheckRejects, "the probe gets an answer, and not the one it expects"
	case !now("4") && !now("6") && !now("U"):
		t.Fact, t.Value = vocab.CheckUnconnected, "the probe cannot connect"
	default:
		return []dialect.Told{sick}
	}
	return []dialect.Told{t, sick}
}

// readPanic reads "Panic at: Fri, 20 Nov 2026 10:55:34 GMT" and the assertion after
// it. Varnish 7.7 writes "Child (17120) " in front, and others "Last panic at: ".
func readPanic(reply []byte) []dialect.Told {
	status, body, ok := replied(reply)
	if !ok || status != 200 {
		return nil
	}
	head, rest, ok := strings.Cut(strings.TrimSpace(body), "\n")
	_, at, _ := strings.Cut(head, "anic at: ")
	when, err := time.Parse(time.RFC1123, strings.TrimSpace(at))
	if !ok || err != nil {
		return nil
	}
	first, _, _ := strings.Cut(strings.TrimSpace(rest), "\n")
	return []dialect.Told{{Fact: vocab.GatewayWorkerDied, Value: dialect.Clip(first), Quote: dialect.Clip(first), When: when}}
}
