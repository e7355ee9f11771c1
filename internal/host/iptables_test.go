package host

import (
	"net/netip"
	"os"
	"strings"
	"testing"
)

func TestLegacyRules(t *testing.T) {
	p := packet{from: netip.MustParseAddr("127.0.0.1"), to: netip.MustParseAddr("127.0.0.1"), port: 3000, device: "lo", local: true}
	for name, c := range map[string]struct {
		rules string
		want  string // verdicts, "?" behind those that are unsure
	}{
		"none":             {":OUTPUT ACCEPT [0:0]", ""},
		"drop":             {":OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -m tcp --dport 3000 -j DROP", "drop"},
		"another port":     {"-A OUTPUT -p tcp -m tcp --dport 3001 -j DROP", ""},
		"a range":          {"-A OUTPUT -p tcp -m tcp --dport 2000:4000 -j REJECT --reject-with icmp-port-unreachable", "reject"},
		"several ports":    {"-A OUTPUT -p tcp -m multiport --dports 80,3000 -j DROP", "drop"},
		"udp":              {"-A OUTPUT -p udp -m udp --dport 3000 -j DROP", ""},
		"another address":  {"-A OUTPUT -d 10.0.0.0/8 -p tcp -j DROP", ""},
		"accepted before":  {"-A OUTPUT -o lo -j ACCEPT\n-A OUTPUT -p tcp -j DROP", ""},
		"not new":          {"-A OUTPUT -m state --state RELATED,ESTABLISHED -j ACCEPT\n-A OUTPUT -p tcp -j DROP", "drop"},
		"unknown match":    {"-A OUTPUT -m owner --uid-owner 33 -j DROP", "drop?"},
		"perhaps accepted": {"-A OUTPUT -m owner --uid-owner 33 -j ACCEPT\n-A OUTPUT -j DROP", "drop?"},
		"turned round":     {"-A OUTPUT ! -d 10.0.0.0/8 -j DROP", "drop?"},
		"policy":           {":OUTPUT DROP [0:0]", "drop"},
		"own chain":        {":OUTPUT ACCEPT [0:0]\n:app - [0:0]\n-A OUTPUT -j app\n-A app -p tcp -m tcp --dport 3000 -m comment --comment \"not from here\" -j DROP", "drop"},
		"own chain lets":   {":OUTPUT DROP [0:0]\n-A OUTPUT -j app\n-A app -p tcp -m tcp --dport 3000 -j ACCEPT", ""},
		"own chain goes":   {":OUTPUT DROP [0:0]\n-A OUTPUT -j app\n-A app -p tcp -m tcp --dport 3000 -j RETURN", "drop"},
		"a circle":         {"-A OUTPUT -j app\n-A app -j app", ""},
	} {
		var got []string
		for _, r := range parseLegacy([]byte(c.rules)).hook("ip", "output", "OUTPUT", p) {
			v := r.Verdict
			if !r.Sure {
				v += "?"
			}
			got = append(got, v)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestLegacyFirewall reads the rules of the real tool in a namespace.
func TestLegacyFirewall(t *testing.T) {
	needTool(t, "iptables-legacy", "iptables")
	pid := newNet(t, "iptables-legacy -A INPUT -p tcp --dport 3000 -j DROP", 0).Process.Pid
	v := open(t, pid)
	f, err := v.Firewall(t.Context(), "127.0.0.1", 3000)
	if err != nil || len(f.Rules) != 1 || !f.Rules[0].Sure || f.Rules[0].Verdict != "drop" || f.Rules[0].Hook != "input" {
		t.Errorf("%+v, %v", f, err)
	}
	if f, err = v.Firewall(t.Context(), "127.0.0.1", 3001); err != nil || len(f.Rules) != 0 {
		t.Errorf("another port: %+v, %v", f, err)
	}
	if os.Getuid() == 0 {
		if f, err := Self().Firewall(t.Context(), "127.0.0.1", 3000); err == nil && len(f.Rules) > 0 && f.Rules[0].Chain == "INPUT" {
			t.Errorf("a rule of another namespace: %+v", f.Rules)
		}
	}
}

func FuzzLegacyRules(f *testing.F) {
	f.Add(":OUTPUT DROP [0:0]\n-A OUTPUT -d 10.0.0.0/8 -p tcp -m tcp --dport 1:2 ! -s 1.2.3.4 -j app\n-A app -j OUTPUT")
	f.Fuzz(func(_ *testing.T, text string) {
		p := packet{to: netip.MustParseAddr("127.0.0.1"), port: 3000}
		parseLegacy([]byte(text)).hook("ip", "output", "OUTPUT", p)
	})
}
