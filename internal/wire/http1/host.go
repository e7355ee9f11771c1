package http1

import "strings"

// hosts are the bytes of a name or an IPv4 address (RFC 3986 section 3.2.2).
var hosts = func() (t [256]bool) {
	for c := range t {
		b := byte(c)
		t[c] = 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || digit(b) || strings.IndexByte("!$%&'()*+,-.;=_~", b) >= 0
	}
	return t
}()

// ValidHost reports whether s is a host, or one with a port; the empty one is valid (RFC
// 9110 section 7.2). What follows a colon is digits: applications make links of it.
func ValidHost(s string) bool {
	i := 0
	if len(s) > 0 && s[0] == '[' {
		if i = strings.IndexByte(s, ']'); i < 2 {
			return false
		}
		for _, c := range []byte(s[1:i]) {
			if !hosts[c] && c != ':' {
				return false
			}
		}
		if i++; i < len(s) && s[i] != ':' {
			return false
		}
	}
	for ; i < len(s) && s[i] != ':'; i++ {
		if !hosts[s[i]] {
			return false
		}
	}
	if i < len(s) {
		for i++; i < len(s); i++ {
			if !digit(s[i]) {
				return false
			}
		}
	}
	return true
}
