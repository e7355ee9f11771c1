// Package dns turns names into questions and answers into addresses: it reads
// hosts files, resolv.conf and DNS messages as bytes, and asks nobody by itself.
package dns

import (
	"bytes"
	"net/netip"
	"strings"
)

// maxLine bounds a line of hosts or resolv.conf that is read; the rest is ignored.
const maxLine = 64 << 10

// maxAddresses bounds the addresses of one name.
const maxAddresses = 64

// Hosts returns the addresses that a hosts file gives to name, in its order, as
// getaddrinfo would take them: every line that names it counts. The comparison
// ignores case and a final dot of name.
func Hosts(file []byte, name string) []netip.Addr {
	name = strings.TrimSuffix(name, ".")
	if name == "" {
		return nil
	}
	var found []netip.Addr
	eachLine(file, func(words [][]byte) bool {
		if len(words) < 2 || !names(words[1:], name) {
			return true
		}
		if a, err := netip.ParseAddr(string(words[0])); err == nil && !has(found, a) {
			found = append(found, a)
		}
		return len(found) < maxAddresses
	})
	return found
}

func names(words [][]byte, name string) bool {
	for _, w := range words {
		if strings.EqualFold(string(w), name) {
			return true
		}
	}
	return false
}

func has(all []netip.Addr, a netip.Addr) bool {
	for _, x := range all {
		if x == a {
			return true
		}
	}
	return false
}

// eachLine calls yield with the words of each line that is no comment, until yield
// returns false.
func eachLine(file []byte, yield func(words [][]byte) bool) {
	for len(file) > 0 {
		var line []byte
		line, file, _ = bytes.Cut(file, []byte("\n"))
		line = line[:min(len(line), maxLine)]
		if i := bytes.IndexByte(line, '#'); i >= 0 {
			line = line[:i]
		}
		if words := bytes.Fields(line); len(words) > 0 && !yield(words) {
			return
		}
	}
}
