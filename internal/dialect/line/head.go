package line

import "bytes"

// Head is what stands before a line that travelled through syslog, journald,
// dmesg or a container runtime. Fields that are not there are nil or zero.
type Head struct {
	Stamp   []byte
	Host    []byte
	Program []byte // "kernel", "systemd", "php-fpm8.2"
	PID     int64
}

// Peel takes the heads off b. What it does not know as a head stays. Known are:
//
//	<134>Nov 20 06:28:24 host haproxy[565]: text     syslog, RFC 3164; journalctl -o short
//	2026-11-20T06:28:24+0000 host kernel: text       journalctl -o short-iso, rsyslog
//	[148522.291772] text, [Fri Nov 20 06:28:24 2026] text   dmesg, dmesg -T
//	web_1  | text                                    docker compose
//	2026-11-20T06:28:24.123456789Z stderr F text     CRI
func Peel(b []byte) (Head, []byte) {
	var h Head
	b = compose(b)
	if len(b) > 2 && b[0] == '<' {
		if _, rest, ok := Number(b[1:]); ok && len(rest) > 0 && rest[0] == '>' {
			b = rest[1:]
		}
	}
	if n := StampLen(b); n > 0 && len(b) > n && b[n] == ' ' {
		if rest, ok := program(b[n+1:], &h); ok {
			h.Stamp, b = b[:n], rest
		} else if rest, ok := cri(b[n+1:]); ok {
			h.Stamp, b = b[:n], rest
		}
	} else if rest, ok := program(b, &h); ok && b[0] != '[' && (Is(h.Program, "kernel") || h.Host != nil && h.PID > 0) {
		b = rest // pasted without its stamp
	} else {
		h = Head{}
	}
	return h, dmesg(b, &h)
}

// StampLen returns the length of the stamp of syslog ("Nov 20 06:28:24") or
// journald ("2026-11-20T06:28:24.1+00:00") at the start of b, or 0.
func StampLen(b []byte) int {
	switch {
	case len(b) < 15:
		return 0
	case month(b[:3]) > 0 && b[3] == ' ' && b[6] == ' ' && b[9] == ':' && b[12] == ':':
		n := 15
		for n < len(b) && n < 26 && b[n] != ' ' {
			n++ // short-precise has microseconds
		}
		return n
	case len(b) >= 19 && b[4] == '-' && b[7] == '-' && b[10] == 'T' && b[13] == ':' && b[16] == ':':
		n := bytes.IndexByte(b, ' ')
		if n < 0 || n > 40 || b[n-1] == ':' { // PM2 writes a colon there
			return 0
		}
		return n
	}
	return 0
}

// program reads "host name[pid]: " or "name: ".
func program(b []byte, h *Head) ([]byte, bool) {
	word, rest := Word(b)
	if len(word) == 0 || len(word) > 255 {
		return nil, false
	}
	if word[len(word)-1] != ':' {
		h.Host = word
		word, rest = Word(rest)
		if len(word) < 2 || len(word) > 255 || word[len(word)-1] != ':' {
			h.Host = nil
			return nil, false
		}
	}
	name := word[:len(word)-1]
	if n := len(name); n > 0 && name[n-1] == ']' {
		i := bytes.LastIndexByte(name, '[')
		if i <= 0 {
			h.Host = nil
			return nil, false
		}
		pid, ok := Int(name[i+1 : n-1])
		if !ok {
			h.Host = nil
			return nil, false
		}
		h.PID, name = pid, name[:i]
	}
	h.Program = name
	return rest, true
}

// cri reads "stderr F " of the container runtime interface.
func cri(b []byte) ([]byte, bool) {
	if (Has(b, "stdout ") || Has(b, "stderr ")) && len(b) > 9 && (b[7] == 'F' || b[7] == 'P') && b[8] == ' ' {
		return b[9:], true
	}
	return nil, false
}

// compose reads "web_1  | ".
func compose(b []byte) []byte {
	if i := Index(b, " | "); i > 0 && i < 64 {
		name := b[:i]
		for len(name) > 0 && name[len(name)-1] == ' ' {
			name = name[:len(name)-1]
		}
		for _, c := range name {
			if !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' || c == '@') {
				return b
			}
		}
		return b[i+3:]
	}
	return b
}

// dmesg reads "[148522.291772] " and "[Fri Nov 20 06:28:24 2026] ".
func dmesg(b []byte, h *Head) []byte {
	if len(b) < 3 || b[0] != '[' {
		return b
	}
	i := Index(b, "] ")
	if i < 0 || i > 32 {
		return b
	}
	in := Trim(b[1:i])
	if _, ok := Seconds(in); ok && bytes.IndexByte(in, '.') > 0 {
		return b[i+2:]
	}
	if len(in) == 24 && in[3] == ' ' && month(in[4:7]) > 0 {
		if h.Stamp == nil {
			h.Stamp = in
		}
		return b[i+2:]
	}
	return b
}
