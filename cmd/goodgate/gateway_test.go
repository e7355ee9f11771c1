package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a gateway that runs as a process of its own, which signals reach.
type process struct {
	t       *testing.T
	dir     string
	address string
	conf    string
	cmd     *exec.Cmd
	ended   chan error

	mu   sync.Mutex
	errs bytes.Buffer
}

// Write takes what the process says on standard error.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.errs.Write(b)
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.errs.String()
}

// startGateway runs "goodgate gateway -c FILE" with text in it, in which ADDRESS and
// DIR are filled in, and waits until it takes requests. change may alter the command.
func startGateway(t *testing.T, text string, change func(p *process)) *process {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, dir: t.TempDir(), address: "127.0.0.1:" + port, ended: make(chan error, 1)}
	p.conf = filepath.Join(p.dir, "gateway.yaml")
	p.write(text)
	p.cmd = exec.Command(builtProgram(t), "gateway", "-c", p.conf)
	p.cmd.Stderr, p.cmd.SysProcAttr = p, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if change != nil {
		change(p)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.cmd.Wait() }()
	t.Cleanup(func() { p.cmd.Process.Kill() })
	p.until("it listens", func() bool { return strings.Contains(p.said(), "listening on") })
	return p
}

func (p *process) write(text string) {
	p.t.Helper()
	text = strings.NewReplacer("ADDRESS", p.address, "DIR", p.dir).Replace(text)
	if err := os.WriteFile(p.conf, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// until waits for something that the process does on its own.
func (p *process) until(what string, ok func() bool) {
	p.t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		select {
		case err := <-p.ended:
			p.t.Fatalf("it ended before %s: %v\n%s", what, err, p.said())
		default:
		}
		if time.Now().After(end) {
			p.t.Fatalf("not seen: %s\n%s", what, p.said())
		}
	}
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// end stops the gateway as a supervisor does; it must end well.
func (p *process) end() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if err := <-p.ended; err != nil {
		p.t.Errorf("%v\n%s", err, p.said())
	}
}

func (p *process) get() (int, string) {
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Get("http://" + p.address + "/")
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b)
}

func (p *process) file(name string) string {
	b, _ := os.ReadFile(filepath.Join(p.dir, name))
	return string(b)
}

// saying is a server that says its name, and echoes what comes after an upgrade.
func saying(t *testing.T, name string) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			io.WriteString(w, name)
			return
		}
		c, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		io.Copy(c, rw)
	}))
	t.Cleanup(s.CloseClientConnections)
	t.Cleanup(s.Close)
	return s.URL
}

const gatewayText = `listen: [{address: ADDRESS}]
access_log: {file: DIR/access.log}
admin: unix:DIR/admin.sock
limits: {header: 8192, header_time: 1s}
upstreams: {app: {servers: [{url: SERVER}]}}
sites: [{name: all, routes: [{to: app}]}]
`

func forwardsTo(url string) string { return strings.Replace(gatewayText, "SERVER", url, 1) }

// TestSecondSignal: who asks for the end once more does not want to wait. A signal that
// comes twice at once (timeout sends it to its child and to the group) is one.
func TestSecondSignal(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, os.Interrupt.(syscall.Signal)} {
		entered, leave := make(chan struct{}), make(chan struct{})
		app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(entered); <-leave }))
		p := startGateway(t, forwardsTo(app.URL), nil)
		asked := make(chan struct{})
		go func() { p.get(); close(asked) }()
		<-entered
		p.signal(s)
		ended := false
		for begun := time.Now(); !ended && time.Since(begun) < 20*time.Second; { // the deadline of requests is 30 s
			select {
			case err := <-p.ended:
				ended = true
				if state, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || state.Signal() != s {
					t.Errorf("%v: %v", s, err)
				}
			case <-time.After(100 * time.Millisecond):
				p.cmd.Process.Signal(s)
			}
		}
		if !ended {
			t.Errorf("%v: it goes on", s)
		}
		close(leave)
		<-asked
		app.Close()
	}
}

// TestSignals: SIGHUP loads a good file and refuses a bad one, a WebSocket lives
// through it, SIGUSR1 opens the log again, SIGTERM ends well.
func TestSignals(t *testing.T) {
	a, b := saying(t, "a"), saying(t, "b")
	p := startGateway(t, forwardsTo(a), nil)
	c, err := net.Dial("tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	in := bufio.NewReader(c)
	fmt.Fprint(c, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	if resp, err := http.ReadResponse(in, nil); err != nil || resp.StatusCode != 101 {
		t.Fatalf("%v %v", resp, err)
	}
	if code, body := p.get(); code != 200 || body != "a" {
		t.Fatalf("%d %q", code, body)
	}
	p.write("listen: [{address: ADDRESS}]\nupstream: {}\n")
	p.signal(syscall.SIGHUP)
	p.until("the bad file is refused", func() bool { return strings.Contains(p.said(), "reload refused") })
	if code, body := p.get(); code != 200 || body != "a" || !strings.Contains(p.said(), "gateway.yaml:2:1") {
		t.Errorf("%d %q\n%s", code, body, p.said())
	}
	p.write(forwardsTo(b))
	p.signal(syscall.SIGHUP)
	p.until("the good file is loaded", func() bool { _, body := p.get(); return body == "b" })
	fmt.Fprint(c, "still here\n")
	if line, err := in.ReadString('\n'); line != "still here\n" {
		t.Errorf("the WebSocket after a reload: %q %v", line, err)
	}
	p.until("the log is written", func() bool { return strings.Contains(p.file("access.log"), `"bytes":1`) })
	if err := os.Rename(filepath.Join(p.dir, "access.log"), filepath.Join(p.dir, "access.log.1")); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGUSR1)
	p.until("the log is opened again", func() bool { p.get(); return strings.Contains(p.file("access.log"), `"status":200`) })
	c.Close()
	p.end()
}

// TestRefusedByTheFront: what never becomes a request is in the log and counted.
func TestRefusedByTheFront(t *testing.T) {
	p := startGateway(t, forwardsTo(saying(t, "a")), nil)
	for _, one := range []struct{ send, want string }{
		{"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", " 400 "},
		{"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 9000) + "\r\n\r\n", " 431 "},
		{"GET / HTTP/1.1\r\nHost: x\r\n", " 408 "}, // and nothing more
	} {
		c, err := net.Dial("tcp", p.address)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, one.send)
		c.SetReadDeadline(time.Now().Add(10 * time.Second))
		head, _ := bufio.NewReader(c).ReadString('\n')
		c.Close()
		if !strings.Contains(head, one.want) {
			t.Errorf("%.30q: %q, want %s", one.send, head, one.want)
		}
		status := `"status":` + strings.TrimSpace(one.want)
		p.until(status+" in the log", func() bool { return strings.Contains(p.file("access.log"), status) })
	}
	admin := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, Dial: func(string, string) (net.Conn, error) {
		return net.Dial("unix", filepath.Join(p.dir, "admin.sock"))
	}}}
	resp, err := admin.Get("http://x/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	seen := 0
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "goodgate_gateway_requests_total{") && strings.Contains(line, `class="4xx"`) {
			var n int
			fmt.Sscan(line[strings.LastIndexByte(line, ' ')+1:], &n)
			seen += n
		}
	}
	if seen != 3 {
		t.Errorf("%d of 3 refused requests are counted", seen)
	}
	p.end()
}

// selfSigned writes a certificate with a serial number.
func selfSigned(t *testing.T, dir string, serial int64) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"key.pem": {Type: "EC PRIVATE KEY", Bytes: key}, "cert.pem": {Type: "CERTIFICATE", Bytes: der}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCertificateIsFollowed: a certificate that was renewed is used without a word.
func TestCertificateIsFollowed(t *testing.T) {
	text := strings.Replace(forwardsTo(saying(t, "a")), "{address: ADDRESS}", "{address: ADDRESS, cert: DIR/cert.pem, key: DIR/key.pem}", 1)
	p := startGateway(t, text, func(p *process) { selfSigned(t, p.dir, 1) })
	serial := func() int64 {
		c, err := tls.Dial("tcp", p.address, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if n := serial(); n != 1 {
		t.Errorf("serial %d", n)
	}
	selfSigned(t, p.dir, 2)
	p.until("the new certificate", func() bool { return serial() == 2 })
	p.end()
}

// TestSystemd hands over a socket and hears the news as systemd does, by a parent
// process: LISTEN_FDS with descriptor 3, and a unix datagram socket.
func TestSystemd(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	socket, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	news := filepath.Join(t.TempDir(), "notify")
	heard, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: news, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer heard.Close()
	// A request that comes before the gateway is there waits in the socket.
	early := make(chan string, 1)
	p := startGateway(t, forwardsTo(saying(t, "by an inherited socket")), func(p *process) {
		p.address = l.Addr().String()
		p.write(forwardsTo(saying(t, "by an inherited socket")))
		p.cmd.Path, p.cmd.Args = "/bin/sh", append([]string{"sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"`, "sh"}, p.cmd.Args...)
		p.cmd.ExtraFiles, p.cmd.Env = []*os.File{socket}, append(os.Environ(), "NOTIFY_SOCKET="+news)
		go func() { _, body := p.get(); early <- body }()
	})
	if body := <-early; body != "by an inherited socket" {
		t.Errorf("%q", body)
	}
	hear := func(want string) {
		t.Helper()
		buf := make([]byte, 256)
		heard.SetReadDeadline(time.Now().Add(10 * time.Second))
		if n, err := heard.Read(buf); err != nil || !strings.HasPrefix(string(buf[:n]), want) {
			t.Errorf("systemd hears %q, %v; want %s", buf[:n], err, want)
		}
	}
	hear("READY=1")
	p.signal(syscall.SIGHUP)
	hear("RELOADING=1\nMONOTONIC_USEC=")
	hear("READY=1")
	p.signal(syscall.SIGTERM)
	hear("STOPPING=1")
	if err := <-p.ended; err != nil {
		t.Errorf("%v\n%s", err, p.said())
	}
}
