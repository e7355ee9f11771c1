package host

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

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

func truth(b bool) fit {
	if b {
		return yes
	}
	return no
}
