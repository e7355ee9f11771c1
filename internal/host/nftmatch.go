package host

import (
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// match runs a match of iptables, as iptables-nft writes it into a rule. The
// layouts are those of the structs in include/uapi/linux/netfilter.
func (m *machine) match(e expr) fit {
	name, info := cString(dataOf(e.data, unix.NFTA_MATCH_NAME)), dataOf(e.data, unix.NFTA_MATCH_INFO)
	switch {
	case name == "comment":
		return yes
	case name == "tcp" && len(info) >= 12:
		return m.matchTCP(info)
	case name == "conntrack" && len(info) >= 152:
		return m.matchState(binary.NativeEndian.Uint16(info[146:]), binary.NativeEndian.Uint16(info[148:]), uint32(binary.NativeEndian.Uint16(info[150:])))
	case name == "state" && len(info) >= 4:
		return m.matchState(1, 0, binary.NativeEndian.Uint32(info))
	case name == "multiport" && len(info) >= 48:
		return m.matchPorts(info)
	}
	m.say(name)
	return maybe
}

// matchTCP reads struct xt_tcp: source ports, destination ports, option, mask and
// value of flags, inversions. The packet has the flag SYN alone.
func (m *machine) matchTCP(info []byte) fit {
	const invertedDestination, invertedFlags, syn = 0x02, 0x04, 0x02
	low, high := binary.NativeEndian.Uint16(info[4:]), binary.NativeEndian.Uint16(info[6:])
	if low != 0 || high != 0xffff {
		m.say(fmt.Sprintf("tcp dport %d-%d", low, high))
	}
	mask, want, inverted := info[9], info[10], info[11]
	if (m.p.port >= low && m.p.port <= high) == (inverted&invertedDestination != 0) || (syn&mask == want) == (inverted&invertedFlags != 0) {
		return no
	}
	if binary.NativeEndian.Uint16(info) != 0 || binary.NativeEndian.Uint16(info[2:]) != 0xffff || info[8] != 0 {
		return maybe // source ports or an option
	}
	return yes
}

// matchState reads what xt_conntrack_mtinfo3 and xt_state_info say about the
// state of the connection, which is new.
func (m *machine) matchState(flags, inverted uint16, states uint32) fit {
	const state, isNew = 1, 1 << 3
	m.say("ct state")
	if flags&state != 0 && (states&isNew != 0) == (inverted&state != 0) {
		return no
	}
	if flags&^state != 0 {
		return maybe
	}
	return yes
}

// matchPorts reads struct xt_multiport_v1: flags, count, 15 ports, 15 marks of a
// range's first port, inversion.
func (m *machine) matchPorts(info []byte) fit {
	const source = 0
	if info[0] == source {
		m.say("multiport sport")
		return maybe
	}
	hit, words := false, []string{}
	for i := 0; i < min(int(info[1]), 15); i++ {
		low := binary.NativeEndian.Uint16(info[2+2*i:])
		high := low
		if info[32+i] != 0 && i+1 < 15 {
			i++
			high = binary.NativeEndian.Uint16(info[2+2*i:])
		}
		hit = hit || m.p.port >= low && m.p.port <= high
		words = append(words, fmt.Sprintf("%d-%d", low, high))
	}
	m.say("tcp dport", strings.Join(words, ","))
	const either = 2
	switch {
	case hit != (info[47] != 0):
		return yes
	case info[0] == either:
		return maybe
	}
	return no
}
