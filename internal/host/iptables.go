package host

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// legacyTime bounds the tool that prints the rules of the older iptables.
const legacyTime = 2 * time.Second

// legacyRules are the chains of the filter table, as iptables-legacy-save prints
// them: nothing else reads the binary rules of that kernel interface as surely as
// its own tool, which changes nothing.
type legacyRules struct {
	chains map[string][][]string // words of each rule behind "-A CHAIN"
	policy map[string]string
	left   *int // rules that may still be looked at: chains can jump to one another
}

// readLegacy asks the tool in the view's network namespace.
func (v *View) readLegacy(ctx context.Context, tool string) (legacyRules, error) {
	ctx, cancel := context.WithTimeout(ctx, legacyTime)
	defer cancel()
	path, err := exec.LookPath(tool)
	if err != nil {
		if path, err = exec.LookPath("/usr/sbin/" + tool); err != nil {
			return legacyRules{}, err
		}
	}
	var out []byte
	err = v.inside(func() (err error) {
		out, err = exec.CommandContext(ctx, path, "-t", "filter").Output()
		return err
	})
	if err != nil {
		return legacyRules{}, fmt.Errorf("cannot run %s: %w", tool, err)
	}
	return parseLegacy(out), nil
}

// legacyMost bounds what is read of one table.
const legacyMost = 50_000

func parseLegacy(text []byte) legacyRules {
	left := legacyMost
	r := legacyRules{chains: map[string][][]string{}, policy: map[string]string{}, left: &left}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 0; lines.Scan() && n < legacyMost; n++ {
		words := quotedFields(lines.Text())
		switch {
		case len(words) >= 2 && strings.HasPrefix(words[0], ":"):
			r.policy[words[0][1:]] = words[1]
		case len(words) >= 2 && words[0] == "-A":
			r.chains[words[1]] = append(r.chains[words[1]], words[2:])
		}
	}
	return r
}

// quotedFields splits a rule into its words; one in double quotes is one word.
func quotedFields(line string) []string {
	var words []string
	for _, w := range strings.Fields(line) {
		if n := len(words); n > 0 && strings.HasPrefix(words[n-1], `"`) && (len(words[n-1]) == 1 || !strings.HasSuffix(words[n-1], `"`)) {
			words[n-1] += " " + w
			continue
		}
		words = append(words, w)
	}
	return words
}

// How the way of a packet through a chain ends.
type ending int

const (
	goesOn  ending = iota // back to the chain that it came from, or to the policy
	passes                // accepted
	stopped               // dropped or rejected
)

// hook follows the first packet of a connection through a chain of the kernel's
// own, and its policy.
func (r legacyRules) hook(family, hook, chain string, p packet) []Rule {
	found, end := r.follow(family, hook, chain, p, 0)
	if end == goesOn && r.policy[chain] == "DROP" {
		found = append(found, Rule{Family: family, Table: "filter", Chain: chain, Hook: hook, Verdict: "drop", Text: "policy drop", Sure: !slices.ContainsFunc(found, func(x Rule) bool { return x.Verdict == mayPass })})
	}
	return slices.DeleteFunc(found, func(x Rule) bool { return x.Verdict == mayPass })
}

// mayPass marks a rule that may let the packet pass: what comes behind it is unsure.
const mayPass = "accept"

// follow returns the rules of a chain that stop, or may stop, the packet, and how
// its way through the chain surely ends.
func (r legacyRules) follow(family, hook, chain string, p packet, depth int) (found []Rule, end ending) {
	if depth > 16 {
		return nil, goesOn
	}
	doubt := false
	for _, words := range r.chains[chain] {
		if *r.left--; *r.left < 0 {
			return found, goesOn
		}
		fits, sure, target := matchLegacy(words, hook, p)
		if !fits {
			continue
		}
		rule := Rule{Family: family, Table: "filter", Chain: chain, Hook: hook, Verdict: strings.ToLower(target), Text: strings.Join(words, " "), Sure: sure && !doubt}
		end = goesOn
		switch target {
		case "DROP", "REJECT":
			found, end = append(found, rule), stopped
		case "ACCEPT":
			end = passes
		case "RETURN":
			if sure {
				return found, goesOn
			}
		case "", "LOG", "MARK", "NFLOG", "ULOG", "TRACE":
			continue
		default:
			inner, over := r.follow(family, hook, target, p, depth+1)
			for i := range inner {
				inner[i].Sure = inner[i].Sure && sure && !doubt
			}
			found, end = append(found, inner...), over
		}
		if sure && end != goesOn {
			return found, end
		}
		if end == passes || target == "RETURN" {
			doubt = true // it may have left the chain here
			found = append(found, Rule{Verdict: mayPass})
		}
	}
	return found, goesOn
}

// matchLegacy says whether a rule may fit the packet, and whether it surely does.
// A condition that is not known makes it unsure.
func matchLegacy(words []string, hook string, p packet) (fits, sure bool, target string) {
	sure = true
	for i := 0; i+1 < len(words); i += 2 {
		key, value := words[i], words[i+1]
		ok, known := true, true
		switch key {
		case "!":
			known = false
			i++ // what is turned round has its value one further
		case "-j", "-g":
			target = value
			// What stands behind a target is its own.
			return true, sure, target
		case "-p":
			ok = value == "tcp" || value == "all"
		case "-d":
			ok = inPrefix(value, p.to)
		case "-s":
			known = p.from.IsValid()
			ok = !known || inPrefix(value, p.from)
		case "--dport":
			ok = inPorts(value, p.port)
		case "-o":
			known = hook == "output" && p.device != ""
			ok = !known || value == p.device
		case "-m":
			known = value == "tcp" || value == "state" || value == "conntrack" || value == "comment" || value == "multiport"
		case "--dports":
			ok = slices.ContainsFunc(strings.Split(value, ","), func(one string) bool { return inPorts(one, p.port) })
		case "--ctstate", "--state":
			ok = slices.Contains(strings.Split(value, ","), "NEW")
		case "--comment":
		default:
			known = false
		}
		if !ok {
			return false, false, ""
		}
		sure = sure && known
	}
	return true, sure, target
}

func inPrefix(text string, a netip.Addr) bool {
	if one, err := netip.ParseAddr(text); err == nil {
		return one == a
	}
	prefix, err := netip.ParsePrefix(text)
	return err == nil && prefix.Contains(a)
}

func inPorts(text string, port uint16) bool {
	low, high, ok := strings.Cut(text, ":")
	if !ok {
		high = low
	}
	from, err := strconv.ParseUint(low, 10, 16)
	to, err2 := strconv.ParseUint(high, 10, 16)
	return err == nil && err2 == nil && uint64(port) >= from && uint64(port) <= to
}
