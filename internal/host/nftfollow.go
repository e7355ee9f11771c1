package host

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// packet is the first packet of a connection.
type packet struct {
	from, to netip.Addr // from: invalid where not known
	port     uint16
	device   string // by which it leaves; "" where not known
	local    bool   // it comes back by lo
}

// The verdicts of nf_tables.h and netfilter.h, as the rules carry them.
const (
	verdictDrop     uint32 = 0
	verdictAccept   uint32 = 1
	verdictStolen   uint32 = 2
	verdictQueue    uint32 = 3
	verdictContinue        = ^uint32(0)     // NFT_CONTINUE, -1
	verdictJump            = ^uint32(0) - 2 // NFT_JUMP, -3
	verdictGoto            = ^uint32(0) - 3 // NFT_GOTO, -4
	verdictReturn          = ^uint32(0) - 4 // NFT_RETURN, -5
	verdictReject          = ^uint32(0) - 100
)

// The hooks of netfilter.h.
const (
	hookInput  = 1
	hookOutput = 3
)

const (
	maxDepth = 16      // NFT_JUMP_STACK_SIZE
	maxSteps = 200_000 // rules looked at for one packet
)

// follower takes one packet through one hook. What cannot be known about the
// packet makes a rule one that may fit: then both ways are followed.
type follower struct {
	rules *ruleset
	p     packet
	hook  uint32
	maybe int  // how many jumps that may not be taken lead here
	doubt bool // the packet may have met its end before
	steps int
	found []Rule
}

func (f *follower) sure() bool { return f.maybe == 0 && !f.doubt }

// follow returns what stops, or may stop, the packet.
func (rs *ruleset) follow(p packet) []Rule {
	var found []Rule
	hooks := []uint32{hookOutput}
	if p.local {
		hooks = append(hooks, hookInput)
	}
	for _, hook := range hooks {
		for _, c := range rs.chains {
			if !c.base || c.hook != hook || c.kind == "nat" || !familyFits(c.family, p.to) {
				continue
			}
			f := follower{rules: rs, p: p, hook: hook}
			v := f.chain(c, 0)
			if (v == verdictContinue || v == verdictReturn) && c.drops {
				f.add(c, 0, verdictDrop, "policy drop")
				v = verdictDrop
			}
			found = append(found, f.found...)
			if f.sure() && (v == verdictDrop || v == verdictReject) {
				return found
			}
		}
	}
	return found
}

func familyFits(family uint8, to netip.Addr) bool {
	switch family {
	case unix.NFPROTO_INET:
		return true
	case unix.NFPROTO_IPV4:
		return to.Is4()
	case unix.NFPROTO_IPV6:
		return to.Is6()
	}
	return false
}

func (f *follower) add(c *chain, handle uint64, verdict uint32, text string) {
	word := "drop"
	if verdict == verdictReject {
		word = "reject"
	}
	if len(f.found) >= 100 {
		return
	}
	f.found = append(f.found, Rule{
		Family: map[uint8]string{unix.NFPROTO_INET: "inet", unix.NFPROTO_IPV4: "ip", unix.NFPROTO_IPV6: "ip6"}[c.family], Table: c.table,
		Chain: c.name, Hook: map[uint32]string{hookInput: "input", hookOutput: "output"}[f.hook], Handle: handle, Verdict: word, Text: text, Sure: f.sure(),
	})
}

// chain follows the rules of one chain: verdictContinue means that it was passed
// to its end.
func (f *follower) chain(c *chain, depth int) uint32 {
	if depth > maxDepth {
		return verdictContinue
	}
	for _, r := range c.rules {
		if f.steps++; f.steps > maxSteps {
			f.doubt = true
			return verdictContinue
		}
		m := machine{p: f.p, hook: f.hook, family: c.family, table: c.table, sets: f.rules.sets}
		fit, verdict, target := m.run(r.exprs)
		if fit == no || verdict == verdictContinue {
			continue
		}
		if fit == maybe {
			f.maybe++
		}
		end := f.verdict(c, r, verdict, target, &m, depth)
		if fit == maybe {
			f.maybe--
		}
		switch {
		case end == verdictContinue:
		case fit == yes:
			return end
		default:
			f.doubt = true
		}
	}
	return verdictContinue
}

// verdict acts on the verdict of a rule that fits, or may fit.
func (f *follower) verdict(c *chain, r rule, verdict uint32, target string, m *machine, depth int) uint32 {
	switch verdict {
	case verdictDrop, verdictReject:
		word := "drop"
		if verdict == verdictReject {
			word = "reject"
		}
		f.add(c, r.handle, verdict, strings.Join(append(slices.Clone(m.said), word), " "))
		return verdict
	case verdictJump, verdictGoto:
		for _, t := range f.rules.chains {
			if t.family != c.family || t.table != c.table || t.name != target {
				continue
			}
			end := f.chain(t, depth+1)
			if end == verdictReturn {
				end = verdictContinue
			}
			if end == verdictContinue && verdict == verdictGoto {
				return verdictReturn
			}
			return end
		}
		return verdictContinue
	case verdictAccept, verdictStolen, verdictQueue, verdictReturn:
		return verdict
	}
	return verdictContinue
}

// fit says whether a rule's conditions hold for the packet.
type fit int

const (
	no fit = iota
	maybe
	yes
)

// machine runs one rule as nft_do_chain in net/netfilter/nf_tables_core.c does,
// with registers that may be unknown.
type machine struct {
	p      packet
	hook   uint32
	family uint8
	table  string
	sets   func(family uint8, table, name string) ([]element, bool)

	data  [64]byte
	known [64]bool
	means [64]string // what was loaded there, in nft's words
	said  []string
}

// run returns whether the rule fits, its verdict and the chain that a jump leads to.
func (m *machine) run(exprs []expr) (f fit, verdict uint32, target string) {
	f, verdict = yes, verdictContinue
	for _, e := range exprs {
		switch e.name {
		case "payload", "meta", "ct", "bitwise", "byteorder", "immediate":
			if v, t, ok := m.load(e); ok {
				verdict, target = v, t
			}
		case "cmp", "range", "lookup", "match":
			got, v, t := m.compare(e)
			if got == no {
				return no, verdictContinue, ""
			}
			f = min(f, got)
			if v != verdictContinue {
				verdict, target = v, t
			}
		case "reject":
			verdict = verdictReject
		case "target":
			name := cString(dataOf(e.data, unix.NFTA_TARGET_NAME))
			if strings.EqualFold(name, "REJECT") {
				verdict = verdictReject
			}
		case "counter", "log", "notrack", "last", "objref", "nat", "masq", "redir", "dup", "queue", "tproxy", "flow_offload", "synproxy":
		default:
			// fib, limit, quota, connlimit, socket, osf, rt, … decide by what is
			// not known here.
			f = min(f, maybe)
			m.say(e.name)
		}
		if verdict != verdictContinue {
			return f, verdict, target
		}
	}
	return f, verdict, target
}

func (m *machine) say(words ...string) {
	if len(m.said) < 32 {
		m.said = append(m.said, strings.Join(words, " "))
	}
}

// compare runs an instruction that may end the rule.
func (m *machine) compare(e expr) (f fit, verdict uint32, target string) {
	switch e.name {
	case "cmp":
		return m.cmp(e), verdictContinue, ""
	case "range":
		return m.inRange(e), verdictContinue, ""
	case "lookup":
		return m.lookup(e)
	}
	return m.match(e), verdictContinue, ""
}

func (m *machine) cmp(e expr) fit {
	at, ok := register(big32(dataOf(e.data, unix.NFTA_CMP_SREG)))
	want := dataOf(dataOf(e.data, unix.NFTA_CMP_DATA), dataValue)
	op := big32(dataOf(e.data, unix.NFTA_CMP_OP))
	if !ok || at+len(want) > len(m.data) || int(op) >= len(operators) {
		return maybe
	}
	m.say(m.means[at], operators[op]+spell(m.means[at], want))
	if !m.knows(at, len(want)) {
		return maybe
	}
	d := bytes.Compare(m.data[at:at+len(want)], want)
	return truth([...]bool{d == 0, d != 0, d < 0, d <= 0, d > 0, d >= 0}[op])
}

// operators of enum nft_cmp_ops.
var operators = [...]string{"", "!= ", "< ", "<= ", "> ", ">= "}

func (m *machine) inRange(e expr) fit {
	at, ok := register(big32(dataOf(e.data, unix.NFTA_RANGE_SREG)))
	from := dataOf(dataOf(e.data, unix.NFTA_RANGE_FROM_DATA), dataValue)
	to := dataOf(dataOf(e.data, unix.NFTA_RANGE_TO_DATA), dataValue)
	not := big32(dataOf(e.data, unix.NFTA_RANGE_OP)) != 0
	if !ok || len(from) != len(to) || at+len(from) > len(m.data) {
		return maybe
	}
	word := ""
	if not {
		word = "!= "
	}
	m.say(m.means[at], word+spell(m.means[at], from)+"-"+spell(m.means[at], to))
	if !m.knows(at, len(from)) {
		return maybe
	}
	x := m.data[at : at+len(from)]
	return truth((bytes.Compare(x, from) >= 0 && bytes.Compare(x, to) <= 0) != not)
}

// lookup looks into a set, or into a map of verdicts.
func (m *machine) lookup(e expr) (fit, uint32, string) {
	at, ok := register(big32(dataOf(e.data, unix.NFTA_LOOKUP_SREG)))
	name := cString(dataOf(e.data, unix.NFTA_LOOKUP_SET))
	not := big32(dataOf(e.data, unix.NFTA_LOOKUP_FLAGS))&1 != 0
	if !ok {
		return maybe, verdictContinue, ""
	}
	word := "@" + name
	if not {
		word = "!= " + word
	}
	m.say(m.means[at], word)
	list, ok := m.sets(m.family, m.table, name)
	if !ok || len(list) > 0 && (at+len(list[0].key) > len(m.data) || !m.knows(at, len(list[0].key))) {
		return maybe, verdictContinue, ""
	}
	hit, verdict := find(list, m.data[at:])
	if (hit >= 0) == not {
		return no, verdictContinue, ""
	}
	if len(verdict) > 0 {
		v, t := verdictOf(verdict)
		return yes, v, t
	}
	return yes, verdictContinue, ""
}

// find returns the element that holds a key: the same key, or the interval that
// begins last before it and has not ended.
func find(list []element, key []byte) (int, []byte) {
	intervals := slices.ContainsFunc(list, func(e element) bool { return e.end })
	best := -1
	for i, e := range list {
		d := bytes.Compare(e.key, key[:min(len(key), len(e.key))])
		if d == 0 && !e.end {
			return i, e.verdict
		}
		// Where one interval ends and the next begins at the same key, the
		// beginning was returned above.
		if intervals && d <= 0 {
			best = i
		}
	}
	if best < 0 || list[best].end {
		return -1, nil
	}
	return best, list[best].verdict
}

// match runs a match of iptables. That of tcp has struct xt_tcp: source ports,
// destination ports, option, mask and value of flags, inversions.
func (m *machine) match(e expr) fit {
	name, info := cString(dataOf(e.data, unix.NFTA_MATCH_NAME)), dataOf(e.data, unix.NFTA_MATCH_INFO)
	switch {
	case name == "comment":
		return yes
	case name != "tcp" || len(info) < 12:
		m.say(name)
		return maybe
	}
	low, high := binary.NativeEndian.Uint16(info[4:]), binary.NativeEndian.Uint16(info[6:])
	sources := binary.NativeEndian.Uint16(info) != 0 || binary.NativeEndian.Uint16(info[2:]) != 0xffff
	const invertedDestination = 0x02
	m.say(fmt.Sprintf("tcp dport %d-%d", low, high))
	fits := m.p.port >= low && m.p.port <= high
	if fits == (info[11]&invertedDestination != 0) {
		return no
	}
	if sources || info[8] != 0 || info[9] != 0 {
		return maybe
	}
	return yes
}

func truth(b bool) fit {
	if b {
		return yes
	}
	return no
}
