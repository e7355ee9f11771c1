package host

import (
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
