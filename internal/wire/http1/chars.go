package http1

type tokenFault uint8

const (
	tokenGood tokenFault = iota
	tokenSpace
	tokenChar
)

// text is a part of a message.
type text interface{ string | []byte }

// badToken says why name is no token (RFC 9110 section 5.6.2).
func badToken[T text](name T) tokenFault {
	for i := 0; i < len(name); i++ {
		if c := name[i]; c == ' ' || c == '\t' {
			return tokenSpace
		}
	}
	if !token(name) {
		return tokenChar
	}
	return tokenGood
}

func token[T text](s T) bool {
	for i := 0; i < len(s); i++ {
		if !tokens[s[i]] {
			return false
		}
	}
	return len(s) > 0
}

// tokens are the bytes of a token.
var tokens = func() (t [256]bool) {
	for c := range t {
		t[c] = tokenByte(byte(c))
	}
	return t
}()

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

// trim drops optional white space (SP, HT) around s.
func trim[T text](s T) T {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for n := len(s); n > 0 && (s[n-1] == ' ' || s[n-1] == '\t'); n = len(s) {
		s = s[:n-1]
	}
	return s
}

// EqualFold compares with a lower-case word, folding ASCII only: Unicode folding
// would take a Kelvin sign for the k of chunked.
func EqualFold[T text](s T, lower string) bool {
	if len(s) != len(lower) {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// decimal reads 1*DIGIT that fits an int64.
func decimal[T text](s T) (int64, bool) {
	if len(s) == 0 || len(s) > 19 {
		return 0, false
	}
	var n uint64
	for i := 0; i < len(s); i++ {
		if !digit(s[i]) {
			return 0, false
		}
		n = n*10 + uint64(s[i]-'0') // 19 digits fit
	}
	return int64(n), n <= 1<<63-1
}
