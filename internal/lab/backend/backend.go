// Package backend is an application that fails in a chosen way. It runs as a
// process of its own ("goodgate lab backend FILE"), reads what to do from FILE,
// and then from its standard input, one JSON document per line; it ends when its
// standard input does.
package backend

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Config says what a backend is and does.
type Config struct {
	Listen []string    `json:"listen,omitempty"` // "127.0.0.1:3000", "[::1]:3000", "unix:/run/app.sock"
	Mode   os.FileMode `json:"mode,omitempty"`   // of unix sockets
	TLS    *TLS        `json:"tls,omitempty"`
	H2C    bool        `json:"h2c,omitempty"`   // speaks HTTP/2 without TLS, with prior knowledge, and nothing else
	Proxy  bool        `json:"proxy,omitempty"` // every connection must begin with a PROXY header

	// Idle is how long a connection may be idle between two requests, in
	// milliseconds; 0 closes after each answer. Announce says so in a
	// Keep-Alive header.
	Idle     int  `json:"idle,omitempty"`
	Announce bool `json:"announce,omitempty"`

	Server string  `json:"server,omitempty"` // Server header
	Routes []Route `json:"routes,omitempty"` // the first whose Path is a prefix; none: 404

	DNS  *DNS  `json:"dns,omitempty"`
	Hold *Hold `json:"hold,omitempty"`
	Link *Link `json:"link,omitempty"`

	Managers *Managers `json:"managers,omitempty"`
}

// Route is what is done with requests.
type Route struct {
	Path   string            `json:"path"`
	Method string            `json:"method,omitempty"` // empty: any
	Do     string            `json:"do,omitempty"`     // one of the verbs of answer; empty: answer properly
	Delay  int               `json:"delay,omitempty"`  // milliseconds before anything is sent
	Status int               `json:"status,omitempty"` // 0: 200
	Header map[string]string `json:"header,omitempty"`
	Pad    int               `json:"pad,omitempty"` // bytes of additional header
	Body   string            `json:"body,omitempty"`
}

// Order changes a running backend.
type Order struct {
	Routes []Route           `json:"routes,omitempty"`
	Names  map[string]string `json:"names,omitempty"` // of the DNS server
	Mute   bool              `json:"mute,omitempty"`  // the DNS server no longer answers
	Link   *Link             `json:"link,omitempty"`  // how the cable treats packets from now on
}

// Ready is the line on standard output that says that a backend listens, and Done
// the one that says that an order has been carried out.
const (
	Ready = "ready"
	Done  = "done"
)

type server struct {
	config Config
	names  *names
	link   *link

	mu     sync.Mutex
	routes []Route
}

// Main runs a backend until stdin ends or a SIGTERM comes, and returns the exit
// code.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if err := run(args, stdin, stdout); err != nil {
		fmt.Fprintf(stderr, "backend: %v\n", err)
		return 1
	}
	return 0
}

func run(args []string, stdin io.Reader, stdout io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("cannot start: want one file that says what to do, have %d arguments", len(args))
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return fmt.Errorf("cannot read what to do: %w", err)
	}
	var config Config
	if err := json.Unmarshal(text, &config); err != nil {
		return fmt.Errorf("cannot read what to do: %w", err)
	}
	if config.Hold != nil {
		if err := config.Hold.prepare(); err != nil {
			return err
		}
	}
	s := &server{config: config, routes: config.Routes}
	closers, err := s.open()
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, Ready)
	s.obey(stdin, stdout)
	for _, c := range closers {
		c.Close()
	}
	return nil
}

// open starts whatever config asks for and returns what to close at the end.
func (s *server) open() ([]io.Closer, error) {
	var closers []io.Closer
	if s.config.DNS != nil {
		n, err := serveDNS(*s.config.DNS)
		if err != nil {
			return nil, err
		}
		s.names = n
		closers = append(closers, n)
	}
	if s.config.Link != nil {
		l, err := openLink(*s.config.Link)
		if err != nil {
			return nil, err
		}
		s.link = l
		closers = append(closers, l)
	}
	if s.config.Managers != nil {
		m, err := s.config.Managers.serve()
		if err != nil {
			return nil, err
		}
		closers = append(closers, m...)
	}
	for _, address := range s.config.Listen {
		l, err := listen(address, s.config.Mode)
		if err != nil {
			return nil, fmt.Errorf("cannot listen: %w", err)
		}
		closers = append(closers, l)
		wrap, err := s.config.TLS.wrapper()
		if err != nil {
			return nil, err
		}
		if s.config.H2C {
			go s.serveH2C(l)
			continue
		}
		go s.accept(l, wrap)
	}
	return closers, nil
}

func listen(address string, mode os.FileMode) (net.Listener, error) {
	path, unix := strings.CutPrefix(address, "unix:")
	if !unix {
		return net.Listen("tcp", address)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if mode == 0 {
		mode = 0o666
	}
	return l, os.Chmod(path, mode)
}

// obey carries out orders until stdin ends or the process is asked to.
func (s *server) obey(stdin io.Reader, stdout io.Writer) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		lines := bufio.NewScanner(stdin)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var o Order
			if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
				fmt.Fprintf(stdout, "cannot obey: %v\n", err)
				continue
			}
			s.change(o)
			fmt.Fprintln(stdout, Done)
		}
	}()
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(asked)
	select {
	case <-ended:
	case <-asked:
	}
}

func (s *server) change(o Order) {
	if o.Routes != nil {
		s.mu.Lock()
		s.routes = o.Routes
		s.mu.Unlock()
	}
	if s.names != nil {
		s.names.change(o)
	}
	if s.link != nil && o.Link != nil {
		s.link.change(*o.Link)
	}
}

func (s *server) accept(l net.Listener, wrap func(net.Conn) net.Conn) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go s.talk(c, wrap)
	}
}

func (s *server) idle() time.Duration {
	return time.Duration(s.config.Idle) * time.Millisecond
}
