package host

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/goodgatehq/goodgate/internal/evidence"
)

// Rule is a firewall rule, or the policy of a chain, that drops or rejects.
type Rule struct {
	Family  string `json:"family"` // "ip", "ip6", "inet"
	Table   string `json:"table"`
	Chain   string `json:"chain"`
	Hook    string `json:"hook"`             // where packets enter: "output", "input"
	Handle  uint64 `json:"handle,omitempty"` // nft's number of the rule; 0: the policy
	Verdict string `json:"verdict"`          // "drop" or "reject"
	Text    string `json:"text"`             // what was understood: "tcp dport 3000 drop"
	Sure    bool   `json:"sure"`             // the packet certainly comes to it and fits; false: it may
}

// Firewall is what netfilter may do to packets to an endpoint.
type Firewall struct {
	Endpoint string         `json:"endpoint"`
	Rules    []Rule         `json:"rules,omitempty"` // that stop, or may stop, the packet; the sure ones first
	Total    int            `json:"total"`           // rules in force, of any kind
	Gaps     []evidence.Gap `json:"gaps,omitempty"`
}

// Firewall follows the first packet of a TCP connection to address:port, as a
// process in the view sends it, through the nftables rules of the view's network
// namespace: the output hook, and for an address of the namespace itself the
// input hook. It asks and changes nothing, and needs root. Rules on other hosts
// and of the namespace that forwards are beyond it; the gaps say so where it
// matters. Rules of the older iptables are read with its own tool, where it is there.
func (v *View) Firewall(ctx context.Context, address string, port int) (Firewall, error) {
	answer := Firewall{Endpoint: address}
	to, err := netip.ParseAddr(address)
	if err != nil || port < 1 || port > 65535 {
		return answer, fmt.Errorf("cannot look for firewall rules: %q and %d are no address and port", address, port)
	}
	p := packet{to: to.Unmap().WithZone(""), port: uint16(port)}
	answer.Endpoint = netip.AddrPortFrom(p.to, p.port).String()
	if route, err := v.Route(ctx, p.to.String()); err == nil {
		p.local = route.Kind == "local"
		p.device = route.Device
		p.from, _ = netip.ParseAddr(route.Source)
	}
	answer.legacy(ctx, v, p)
	if !nftablesPresent() {
		return answer, nil
	}
	rules, err := v.ruleset(ctx)
	if err != nil {
		return answer, firewallGap(err)
	}
	for _, c := range rules.chains {
		answer.Total += len(c.rules)
	}
	answer.Rules = append(answer.Rules, rules.follow(p)...)
	slices.SortStableFunc(answer.Rules, func(a, b Rule) int {
		switch {
		case a.Sure == b.Sure:
			return 0
		case a.Sure:
			return -1
		}
		return 1
	})
	return answer, nil
}

func firewallGap(err error) error {
	gap := gapOf("firewall", err)
	gap.Allow = "sudo nft list ruleset; or " + allowRoot
	return &gap
}

// legacy follows the packet through the tables of the older iptables, where they
// are in use. The file lists those that exist and, unlike a question to the kernel,
// makes none.
func (f *Firewall) legacy(ctx context.Context, v *View, p packet) {
	names, tool, family := "ip_tables_names", "iptables-legacy-save", "ip"
	if p.to.Is6() {
		names, tool, family = "ip6_tables_names", "ip6tables-legacy-save", "ip6"
	}
	if b, err := v.netFile(names); err != nil || !bytes.Contains(b, []byte("filter")) {
		return
	}
	rules, err := v.readLegacy(ctx, tool)
	if err != nil {
		f.Gaps = append(f.Gaps, evidence.Gap{Source: "firewall", Why: "rules of legacy iptables are in use and were not read: " + err.Error(), Allow: "sudo " + tool})
		return
	}
	for _, chain := range rules.chains {
		f.Total += len(chain)
	}
	f.Rules = append(f.Rules, rules.hook(family, "output", "OUTPUT", p)...)
	if p.local {
		f.Rules = append(f.Rules, rules.hook(family, "input", "INPUT", p)...)
	}
}

// nftablesPresent reports whether nftables is in the kernel. To ask a kernel that
// has it as a module would load the module.
func nftablesPresent() bool {
	modules, err := os.ReadFile("/proc/modules")
	if err != nil {
		return true // the kernel knows no modules
	}
	if bytes.HasPrefix(modules, []byte("nf_tables ")) || bytes.Contains(modules, []byte("\nnf_tables ")) {
		return true
	}
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return true
	}
	builtin, err := os.ReadFile("/lib/modules/" + unix.ByteSliceToString(name.Release[:]) + "/modules.builtin")
	return err != nil || strings.Contains(string(builtin), "/nf_tables.ko")
}
