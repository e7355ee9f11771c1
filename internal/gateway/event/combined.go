package event

import "strconv"

// AppendCombined appends x as one line of the combined log format, the one that
// Apache and nginx write, with its newline. What a stranger wrote is escaped as
// nginx does (\xHH), so that no quote ends a field early.
func (x *Exchange) AppendCombined(b []byte) []byte {
	who := host(x.Client)
	if x.For != "" {
		who = x.For
	}
	b = append(b, who...)
	b = append(b, " - - ["...)
	b = x.Start.AppendFormat(b, "02/Jan/2006:15:04:05 -0700")
	b = append(b, `] "`...)
	if x.Method == "" && x.Target == "" {
		b = append(b, '-') // no request line was read
	} else {
		b = escaped(b, x.Method)
		b = append(b, ' ')
		b = escaped(b, x.Target)
		b = append(b, ' ')
		b = escaped(b, x.Proto)
	}
	b = append(b, `" `...)
	b = strconv.AppendInt(b, int64(x.Status), 10)
	b = append(b, ' ')
	b = strconv.AppendInt(b, x.Sent, 10)
	b = append(b, ` "`...)
	b = escaped(b, orDash(x.Referrer))
	b = append(b, `" "`...)
	b = escaped(b, orDash(x.UserAgent))
	return append(b, '"', '\n')
}

// host drops the port of an address.
func host(client string) string {
	for i := len(client) - 1; i >= 0; i-- {
		if client[i] == ':' {
			client = client[:i]
			if len(client) > 1 && client[0] == '[' {
				client = client[1 : len(client)-1]
			}
			return client
		}
	}
	if client == "@" {
		return "-" // the peer of a unix socket has no name
	}
	return orDash(client)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func escaped(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			b = append(b, '\\', 'x', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
			continue
		}
		b = append(b, c)
	}
	return b
}
