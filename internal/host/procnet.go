package host

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/netip"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// procNet is how much of a file of /proc/net is read: 100,000 sockets.
const procNet = 16 << 20

// netFile reads a file of the /proc/net of the view's network namespace.
func (v *View) netFile(name string) ([]byte, error) {
	if v.shut != nil {
		return nil, v.shut
	}
	who := "thread-self" // the first thread may be in another network just now (View.inside)
	if v.net >= 0 {
		who = strconv.Itoa(v.place.PID)
	}
	return readBounded("/proc/"+who+"/net/"+name, procNet)
}

// procTCP reads the TCP table as text, for where netlink may not be asked.
func (v *View) procTCP() ([]diagSocket, error) {
	b, err := v.netFile("tcp")
	if err != nil {
		return nil, err
	}
	rows := parseProcTCP(b, unix.AF_INET)
	b, err = v.netFile("tcp6")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return append(rows, parseProcTCP(b, unix.AF_INET6)...), nil
}

// parseProcTCP reads the lines of /proc/net/tcp and tcp6 (get_tcp4_sock in
// net/ipv4/tcp_ipv4.c): sl local remote st tx:rx tr:when retrnsmt uid timeout inode.
func parseProcTCP(b []byte, family uint8) []diagSocket {
	var rows []diagSocket
	for line := range bytes.Lines(b) {
		f := bytes.Fields(line)
		if len(f) < 10 || !bytes.HasSuffix(f[0], []byte(":")) {
			continue
		}
		s := diagSocket{protocol: family}
		var ok [3]bool
		s.local, ok[0] = procAddress(f[1])
		s.remote, ok[1] = procAddress(f[2])
		state, err := strconv.ParseUint(string(f[3]), 16, 8)
		send, receive, cut := bytes.Cut(f[4], []byte(":"))
		ok[2] = cut && err == nil
		if ok != [3]bool{true, true, true} {
			continue
		}
		s.state = uint8(state)
		s.send, s.receive = hex32(send), hex32(receive)
		s.retries = uint8(hex32(f[6]))
		uid, _ := strconv.ParseUint(string(f[7]), 10, 32)
		s.uid = uint32(uid)
		s.inode, _ = strconv.ParseUint(string(f[9]), 10, 64)
		rows = append(rows, s)
	}
	return rows
}

func hex32(b []byte) uint32 {
	n, _ := strconv.ParseUint(string(b), 16, 32)
	return uint32(n)
}

// procAddress reads "0100007F:0BB8": words of 32 bits in the machine's order.
func procAddress(b []byte) (netip.AddrPort, bool) {
	text, port, ok := bytes.Cut(b, []byte(":"))
	if !ok || len(text) != 8 && len(text) != 32 {
		return netip.AddrPort{}, false
	}
	var raw [16]byte
	n, err := hex.Decode(raw[:], text)
	if err != nil {
		return netip.AddrPort{}, false
	}
	p, err := strconv.ParseUint(string(port), 16, 16)
	if err != nil {
		return netip.AddrPort{}, false
	}
	for i := 0; i < n; i += 4 {
		binary.NativeEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
	}
	addr, _ := netip.AddrFromSlice(raw[:n])
	return netip.AddrPortFrom(addr.Unmap(), uint16(p)), true
}

// procUnix reads the table of unix sockets as text.
func (v *View) procUnix() ([]unixSocket, error) {
	b, err := v.netFile("unix")
	if err != nil {
		return nil, err
	}
	return parseProcUnix(b), nil
}

// parseProcUnix reads the lines of /proc/net/unix (unix_seq_show in
// net/unix/af_unix.c): Num RefCount Protocol Flags Type St Inode Path. A
// listener has __SO_ACCEPTCON (0x10000) in its flags; St is that of struct
// socket.
func parseProcUnix(b []byte) []unixSocket {
	const accepts, connected = 0x10000, 3
	var rows []unixSocket
	for line := range bytes.Lines(b) {
		f := bytes.SplitN(bytes.TrimSuffix(line, []byte("\n")), []byte(" "), 2)
		if len(f) != 2 || !bytes.HasSuffix(f[0], []byte(":")) {
			continue
		}
		fields := bytes.Fields(f[1])
		if len(fields) < 6 {
			continue
		}
		s := unixSocket{kind: uint8(hex32(fields[3])), uid: -1}
		switch {
		case hex32(fields[2])&accepts != 0:
			s.state = stateListen
		case hex32(fields[4]) == connected:
			s.state = unixEstablished
		}
		var err error
		if s.inode, err = strconv.ParseUint(string(fields[5]), 10, 64); err != nil {
			continue
		}
		if at := bytes.Index(line, fields[5]); at >= 0 && len(fields) > 6 {
			path := bytes.TrimLeft(line[at+len(fields[5]):], " ")
			s.name = printable(string(bytes.TrimSuffix(path, []byte("\n"))), 4096)
		}
		rows = append(rows, s)
	}
	return rows
}
