package http1

type tokenFault uint8

const (
	tokenGood tokenFault = iota
	tokenSpace
	tokenChar
)

// badToken says why name is no token (RFC 9110 section 5.6.2).
func badToken(name []byte) tokenFault {
	if len(name) == 0 {
		return tokenChar
	}
	for _, c := range name {
		if c == ' ' || c == '\t' {
			return tokenSpace
		}
	}
	for _, c := range name {
		if !tokenByte(c) {
			return tokenChar
		}
	}
	return tokenGood
}

func tokenByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', digit(c):
		return true
	}
	switch c {
	case '!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~':
		return true
	}
	return false
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// number3 returns the number of exactly three digits, else 0.
func number3(b []byte) int {
	if len(b) != 3 || !digit(b[0]) || !digit(b[1]) || !digit(b[2]) {
		return 0
	}
	return int(b[0]-'0')*100 + int(b[1]-'0')*10 + int(b[2]-'0')
}

// trim drops optional white space (SP, HT) around b.
func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for n := len(b); n > 0 && (b[n-1] == ' ' || b[n-1] == '\t'); n = len(b) {
		b = b[:n-1]
	}
	return b
}

// equalFold compares with a lower-case word, folding ASCII only: Unicode folding
// would take a Kelvin sign for the k of chunked.
func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i := range b {
		c := b[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
