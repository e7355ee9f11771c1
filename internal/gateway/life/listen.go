package life

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/goodgatehq/goodgate/internal/gateway/sock"
)

// inheritance are the listeners that systemd opened, and whether each is used.
type inheritance map[net.Listener]bool

// open listens on an address, or takes the inherited listener that does.
func (in inheritance) open(address string) (net.Listener, error) {
	network, at := "tcp", address
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		network, at = "unix", path
	}
	for l, used := range in {
		if !used && l.Addr().Network() == network && sameAddress(l.Addr().String(), at) {
			in[l] = true
			return l, nil
		}
	}
	if network == "unix" {
		removeStale(at)
	}
	lc := net.ListenConfig{Control: sock.Unpaced}
	l, err := lc.Listen(context.Background(), network, at)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w%s", address, cause(err), hint(err, network, at))
	}
	return l, nil
}

// cause is the error of the system alone: that of package net says the address once
// more.
func cause(err error) error {
	var sys *os.SyscallError
	if errors.As(err, &sys) {
		return sys.Err
	}
	return err
}

// hint says what to try where an address cannot be had.
func hint(err error, network, at string) string {
	_, port, _ := net.SplitHostPort(at)
	switch {
	case errors.Is(err, syscall.EADDRINUSE) && network == "tcp":
		return "; who has it says: ss -ltnp 'sport = :" + port + "'"
	case errors.Is(err, syscall.EADDRINUSE):
		return "; a process listens there: ss -lxp src " + at
	case errors.Is(err, syscall.EACCES) && network == "tcp":
		return "; ports below 1024 need CAP_NET_BIND_SERVICE, or a socket that systemd opens"
	case errors.Is(err, syscall.EACCES):
		return "; the socket is made by user " + strconv.Itoa(os.Geteuid()) + ", who needs to write to its folder"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "; no interface has this address: ip address"
	}
	return ""
}

// warn names inherited listeners that nobody asked for: clients that connect there
// would wait for ever.
func (in inheritance) warn(log *slog.Logger) {
	for l, used := range in {
		if !used {
			log.Warn("an inherited socket is not used: no address of the configuration is its own", "socket", l.Addr().String())
			l.Close()
		}
	}
}

// sameAddress compares an address that is bound with one that is configured.
func sameAddress(bound, want string) bool {
	if bound == want {
		return true
	}
	bh, bp, err1 := net.SplitHostPort(bound)
	wh, wp, err2 := net.SplitHostPort(want)
	every := func(h string) bool { return h == "" || h == "0.0.0.0" || h == "::" }
	return err1 == nil && err2 == nil && bp == wp && (bh == wh || every(bh) && every(wh))
}

// removeStale removes a unix socket on which nobody listens. A socket of a process
// that lives stays, and listening fails.
func removeStale(path string) {
	if strings.HasPrefix(path, "@") {
		return
	}
	if fi, err := os.Lstat(path); err != nil || fi.Mode()&os.ModeSocket == 0 {
		return
	}
	c, err := net.Dial("unix", path)
	if err == nil {
		c.Close()
		return
	}
	os.Remove(path)
}

// inherit takes the listeners that systemd opened (sd_listen_fds(3)).
func inherit(env func(string) (string, bool)) (inheritance, error) {
	if env == nil {
		return nil, nil
	}
	pid, _ := env("LISTEN_PID")
	count, _ := env("LISTEN_FDS")
	n, err := strconv.Atoi(count)
	if pid != strconv.Itoa(os.Getpid()) || err != nil || n < 1 {
		return nil, nil
	}
	list := inheritance{}
	for fd := 3; fd < 3+n; fd++ {
		syscall.CloseOnExec(fd)
		f := os.NewFile(uintptr(fd), "listener")
		l, err := net.FileListener(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("cannot take the inherited socket %d: %w", fd, err)
		}
		list[l] = false
	}
	return list, nil
}

// notify tells systemd how the gateway is (sd_notify(3)). Without systemd nobody
// is told.
func (l *life) notify(state string) {
	if l.o.Env == nil {
		return
	}
	path, ok := l.o.Env("NOTIFY_SOCKET")
	if !ok || path == "" {
		return
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return
	}
	defer c.Close()
	c.Write([]byte(state))
}
