package probe

import "strings"

// opensslMatches compares a name in a certificate with the name that is expected,
// as X509_check_host does without flags (OpenSSL crypto/x509/v3_utl.c,
// equal_wildcard): a star stands only in the first label, at its beginning or end,
// with at least two labels after it, and never for a dot.
func opensslMatches(pattern, name string) bool {
	star := validStar(pattern)
	if star < 0 {
		return strings.EqualFold(pattern, name)
	}
	prefix, suffix := pattern[:star], pattern[star+1:]
	if len(name) < len(prefix)+len(suffix) || !strings.EqualFold(name[:len(prefix)], prefix) || !strings.EqualFold(name[len(name)-len(suffix):], suffix) {
		return false
	}
	matched := name[len(prefix) : len(name)-len(suffix)]
	if prefix == "" && suffix[0] == '.' {
		if matched == "" {
			return false
		}
	} else if strings.HasPrefix(strings.ToLower(name), "xn--") {
		return false
	}
	return matched == "*" || plainLabel(matched)
}

// plainLabel reports whether s has only letters, digits and hyphens.
func plainLabel(s string) bool {
	for _, c := range []byte(s) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

// validStar returns where the star of a valid wildcard stands, else -1.
func validStar(pattern string) int {
	labels := strings.Split(pattern, ".")
	first := labels[0]
	star := strings.IndexByte(first, '*')
	if star < 0 || len(labels) < 3 || strings.Count(pattern, "*") != 1 || star > 0 && star < len(first)-1 ||
		strings.HasPrefix(strings.ToLower(first), "xn--") {
		return -1
	}
	for i, l := range labels {
		if i == 0 {
			l = strings.Replace(l, "*", "x", 1)
		}
		if l == "" || l[0] == '-' || l[len(l)-1] == '-' || !plainLabel(l) {
			return -1
		}
	}
	return star
}
