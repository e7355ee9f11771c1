package lab

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// TestMain lets the test binary be the backends as well.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "lab" && os.Args[2] == "backend" {
		os.Exit(backend.Main(os.Args[3:], os.Stdin, os.Stdout, os.Stderr))
	}
	// Scenes mostly wait: for servers to start, and for each other's timeouts.
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic("BUG: " + err.Error())
	}
	code := m.Run()
	for _, dir := range cleanUp {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

func options(t *testing.T, seed uint64) Options {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Options{Seed: seed, Backend: []string{self, "lab", "backend"}, Gateway: []string{ownGateway(t), "gateway"}}
}

// phrases are what nginx writes for each symptom (1.22,
// src/http/ngx_http_upstream.c, src/event/ngx_event_connect.c).
var phrases = map[vocab.Symptom][]string{
	vocab.ConnectionRefused:       {"(111: Connection refused) while connecting", "(2: No such file or directory) while connecting", "(11: Resource temporarily unavailable) while connecting"},
	vocab.ConnectionTerminated:    {"prematurely closed connection while reading response header", "(104: Connection reset by peer) while reading response header", "prematurely closed FastCGI stdout while reading response header", "(32: Broken pipe) while sending request", "(104: Connection reset by peer) while sending request"},
	vocab.ConnectionReadTimeout:   {"timed out (110: Connection timed out) while reading response header"},
	vocab.ConnectionTimeout:       {"timed out (110: Connection timed out) while connecting to upstream", "connect() failed (110: Connection timed out) while connecting to upstream"},
	vocab.DestinationIPUnroutable: {"(113: No route to host) while connecting", "(113: Host is unreachable) while connecting", "(101: Network is unreachable) while connecting", "(101: Network unreachable) while connecting"},
	vocab.DestinationUnavailable:  {"no live upstreams while connecting"},
	vocab.ProxyInternalError:      {"(13: Permission denied) while connecting", "failed (13: Permission denied), client", "(24: Too many open files)", "(28: No space left on device)", "(99: Cannot assign requested address) while connecting", "(99: Address not available) while connecting"},
	vocab.HTTPHeaderSectionSize:   {"upstream sent too big header"},
	vocab.HTTPProtocolError:       {"upstream sent unsupported FastCGI protocol version", "upstream sent too large http2 frame", "upstream sent invalid header", "upstream sent no valid HTTP/1.0 header", "headers at the same time", "upstream sent duplicate header line"},
	vocab.HTTPResponseIncomplete:  {"prematurely closed connection while reading upstream"},
	vocab.HTTPTransferCoding:      {"upstream sent invalid chunked response"},
	vocab.TLSProtocolError:        {"wrong version number"},
	vocab.TLSCertificateError:     {"upstream SSL certificate verify error", "upstream SSL certificate does not match"},
	vocab.TLSAlertReceived:        {"alert"},
	vocab.DNSError:                {"could not be resolved (2:", "could not be resolved (3:", "could not be resolved (5:"},
	vocab.DNSTimeout:              {"could not be resolved (110:"},
	vocab.ProxyConfigurationError: {"no resolver defined to resolve"},
	vocab.ConnectionLimitReached:  {"worker_connections are not enough"},
	vocab.HTTPRequestDenied:       {"limiting requests", "limiting connections"},
}

func TestFaults(t *testing.T) {
	for _, f := range Faults() {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			if missing := Missing(f); len(missing) > 0 {
				skip(t, fmt.Sprintf("needs %s: scripts/install-peers installs programs", strings.Join(missing, ", ")))
			}
			for seed := range uint64(seeds(t)) {
				try(t, f, seed+1)
			}
		})
	}
}

func seeds(t *testing.T) int {
	t.Helper()
	n := 1
	if text := os.Getenv("GOODGATE_LAB_SEEDS"); text != "" {
		if _, err := fmt.Sscan(text, &n); err != nil {
			t.Fatalf("GOODGATE_LAB_SEEDS=%q: %v", text, err)
		}
	}
	return n
}

func skip(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("GOODGATE_TEST_ALL") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// judge takes down what is wrong with a scene, instead of failing at once.
type judge struct {
	*testing.T
	said []string
}

func (j *judge) Errorf(format string, args ...any) {
	j.said = append(j.said, fmt.Sprintf(format, args...))
}

func (j *judge) Fatal(args ...any) { j.said = append(j.said, fmt.Sprint(args...)) }

// tries is how often a scene may be played. Real processes that are stopped and
// started in a hurry now and then do not come to stand where the scene wants them,
// on a busy machine; a scene that is wrong is wrong each time.
const tries = 3

func try(t *testing.T, f Fault, seed uint64) {
	t.Helper()
	var said []string
	for range tries {
		if said = play(t, f, seed); len(said) == 0 {
			return
		}
		t.Logf("seed %d: %s", seed, strings.Join(said, "\n"))
	}
	t.Errorf("seed %d, %d times: %s", seed, tries, strings.Join(said, "\n"))
}

// play builds a scene, and says what is wrong with it.
func play(t *testing.T, f Fault, seed uint64) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := Up(ctx, f, options(t, seed))
	if err != nil {
		return []string{err.Error()}
	}
	dir := s.bench.Dir
	defer func() {
		if err := s.Stop(); err != nil {
			t.Errorf("seed %d: Stop: %v", seed, err)
		}
		if left := processesOf(dir); len(left) > 0 {
			t.Errorf("seed %d: after Stop these processes are left: %v", seed, left)
		}
		if exists(dir) {
			t.Errorf("seed %d: after Stop %s is left", seed, dir)
		}
	}()
	j := &judge{T: t}
	checkAnswer(j, ctx, f, s, seed)
	checkLog(j, f, s, seed)
	return j.said
}

// checkAnswer makes requests until one has met the fault: the first, or one of
// three where a fault comes and goes.
func checkAnswer(t *judge, ctx context.Context, f Fault, s Scene, seed uint64) {
	t.Helper()
	var got []int
	tries := 1
	if f.Intermittent {
		tries = 3
	}
	for range tries {
		a := s.Ask(ctx)
		if a.Status == f.Status || slices.Contains(f.OrStatus, a.Status) {
			broken := (f.Symptom == vocab.HTTPResponseIncomplete || f.Symptom == vocab.HTTPTransferCoding) && f.Status < 500
			if broken != (a.Err != nil) && f.Status != 0 {
				t.Errorf("seed %d: the answer ended with %v", seed, a.Err)
			}
			return
		}
		got = append(got, a.Status)
	}
	t.Errorf("seed %d: got status %v, want %d\n%s", seed, got, f.Status, tails(s.Logs))
}

// logChecks look for the symptom in the words of products other than nginx. Not
// every failure leaves a line in the logs of some.
var logChecks = map[string]func(t *judge, f Fault, s Scene, seed uint64){
	"apache": checkApacheLog, "caddy": checkCaddyLog, "chain": checkChain, "goodgate": checkOwnLog, "haproxy": checkStates, "traefik": checkTraefikLog,
	"lighttpd": func(*judge, Fault, Scene, uint64) {}, "squid": func(*judge, Fault, Scene, uint64) {},
}

// checkLog looks for the line that the fault's symptom is read from.
func checkLog(t *judge, f Fault, s Scene, seed uint64) {
	t.Helper()
	if f.Symptom == "" || f.Symptom == vocab.ProxyInternalResponse || len(s.Logs) == 0 {
		return
	}
	if check, other := logChecks[f.Gateway]; other {
		check(t, f, s, seed)
		return
	}
	if mine := without(t, f, s, s.Logs[0]); mine != nil {
		t.Errorf("seed %d: no line in the error log says %s; those of this route are\n%s", seed, f.Symptom, strings.Join(mine, ""))
	}
}

// checkChain looks for the line in the logs of both gateways: one of them says
// why, in its own words.
func checkChain(t *judge, f Fault, s Scene, seed uint64) {
	t.Helper()
	for _, log := range s.Logs {
		if without(t, f, s, log) == nil {
			return
		}
		text, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, "legacy/app1") {
				continue // the past has all states
			}
			for _, symptom := range append(f.OrSymptom, f.Symptom) {
				if slices.ContainsFunc(append(states[symptom], apachePhrases[symptom]...), func(words string) bool { return strings.Contains(line, words) }) {
					return
				}
			}
		}
	}
	t.Errorf("seed %d: no log says %s:\n%s", seed, f.Symptom, tails(s.Logs))
}

// without returns the lines about the scene's route where none of them says what
// the gateway saw; nil where one does.
func without(t *judge, f Fault, s Scene, log string) []string {
	t.Helper()
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	path := " " + s.URL[strings.Index(s.URL[8:], "/")+8:] + " HTTP/"
	if before, _, query := strings.Cut(path, "?"); query {
		path = before + "?" // nginx cuts lines at 2 KB (NGX_MAX_ERROR_STR)
	}
	mine := []string{}
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, path) {
			continue
		}
		mine = append(mine, line)
		for _, symptom := range append(f.OrSymptom, f.Symptom) {
			for _, phrase := range phrases[symptom] {
				if strings.Contains(line, phrase) {
					return nil
				}
			}
		}
	}
	return mine
}

// processesOf lists the processes that carry the mark of a scene's folder.
func processesOf(dir string) []string {
	var found []string
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			continue // it has ended, or belongs to somebody else
		}
		text, err := io.ReadAll(f)
		f.Close()
		if err == nil && strings.Contains(string(text), Mark+"="+dir+"\x00") {
			title, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
			found = append(found, file+" "+strings.ReplaceAll(string(title), "\x00", " "))
		}
	}
	return found
}

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	known := map[vocab.Cause]bool{}
	for _, c := range vocab.Causes {
		known[c.ID] = true
	}
	for _, f := range Faults() {
		if f.Name == "" || f.Doc == "" || seen[f.Name] {
			t.Errorf("fault %q: name and doc must be there, the name once", f.Name)
		}
		seen[f.Name] = true
		if f.Healthy != (f.Cause == "") || !f.Healthy && !known[f.Cause] {
			t.Errorf("fault %s: cause %q", f.Name, f.Cause)
		}
		if got, err := Find(f.Name); err != nil || got.Name != f.Name {
			t.Errorf("Find(%q) = %v, %v", f.Name, got.Name, err)
		}
	}
	if _, err := Find("no-such-fault"); err == nil {
		t.Error("Find finds what is not there")
	}
}
