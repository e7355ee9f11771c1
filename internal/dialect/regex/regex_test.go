package regex

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern string
		fold    bool
		in      string
		want    []string // nil: no match
	}{
		{`/\.(?!well-known)`, false, "/.git", []string{"/."}},
		{`/\.(?!well-known)`, false, "/.well-known/x", nil},
		{`^/(?!a)(.)`, false, "/b", []string{"/b", "b"}},
		{`(.)/\1`, false, "x/y/yz", []string{"y/y", "y"}},
		{`(?<=/)b+$`, false, "a/bb", []string{"bb"}},
		{`(?<!/)b`, false, "/bcb", []string{"b"}},
		{`^(?>a+)ab`, false, "aaab", nil},
		{`^a++b`, false, "aaab", []string{"aaab"}},
		{`^(?i:A)b`, false, "ab", []string{"ab"}},
		{`^(?i:A)b`, false, "aB", nil},
		{`^(?i)A(?-i)b`, false, "aB", nil},
		{`^/API`, true, "/api/x", []string{"/api"}},
		{`^/\h+x`, false, "/ \tx", []string{"/ \tx"}},
		{`^(?<y>\d{2,3})-(?P<m>\d+?)(?'d'\d*)`, false, "2026-11", nil},
		{`^(?<y>\d{2,4})-(?P<m>\d+?)(?'d'\d*)`, false, "2026-11", []string{"2026-11", "2026", "1", "1"}},
		{`^(a)|(b)$`, false, "a", []string{"a", "a"}},
		{`^(a)|(b)$`, false, "b", []string{"b", "", "b"}},
		{`\Qa.b\E+`, false, "a.bb", []string{"a.bb"}},
		{`[[:alpha:]_-]+[^]x]`, false, "a-_1", []string{"a-_1"}},
		{`a{,3}`, false, "a{,3}", []string{"a{,3}"}},
		{`^\x2fa$`, false, "/a\n", []string{"/a"}},
		{`(?#note)b`, false, "ab", []string{"b"}},
		{"\xff.", false, "a\xff\xfe", []string{"\xff\xfe"}},
		{`(?=(a+))a*b\1`, false, "baaabac", []string{"aba", "a"}},
		{`^(?:(a)|b)*\1$`, false, "aba", []string{"aba", "a"}},
	} {
		re, err := Compile(c.pattern, c.fold)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		got, err := re.Match(c.in)
		// A last newline is ignored by PCRE's "$" only.
		if err != nil || !reflect.DeepEqual(got, c.want) && !(re.fast != nil && strings.HasSuffix(c.in, "\n")) {
			t.Errorf("%s on %q: %q %v, want %q", c.pattern, c.in, got, err, c.want)
		}
	}
}

func TestBroken(t *testing.T) {
	for _, c := range []struct {
		pattern string
		broken  bool
	}{
		{`a(b`, true}, {`a)b`, true}, {`a[b`, true}, {`*a`, true}, {`(?:a|+b)`, true}, {`(?<n>a`, true}, {`(?=`, true},
		{`\p{L}+(?=x)`, false}, {`(?R)`, false}, {`(?(1)a)`, false}, {`\g{1}`, false},
	} {
		if _, err := Compile(c.pattern, false); err == nil && c.broken || errors.Is(err, ErrBroken) != c.broken {
			t.Errorf("%s: %v", c.pattern, err)
		}
	}
}

func TestStepsAreBounded(t *testing.T) {
	re, err := Compile(`^(?=(a+)+$)(a+)+$`, false)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if _, err := re.Match(strings.Repeat("a", 5000) + "b"); !errors.Is(err, ErrSteps) {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}

// pattern makes a random pattern that Go and PCRE read alike.
func pattern(r *rand.Rand, depth int) string {
	switch n := r.IntN(9); {
	case depth == 0 || n < 3:
		return []string{"a", "b", "/", ".", "[ab]", "[^a]", `\d`, `\w`, `\.`, "1"}[r.IntN(10)]
	case n == 3:
		return pattern(r, depth-1) + pattern(r, depth-1)
	case n == 4:
		return "(" + pattern(r, depth-1) + "|" + pattern(r, depth-1) + ")"
	case n == 5:
		return "(?:" + pattern(r, depth-1) + ")" + []string{"*", "+", "?", "{1,2}", "*?", "+?"}[r.IntN(6)]
	case n == 6:
		return "(" + pattern(r, depth-1) + pattern(r, depth-1) + ")"
	case n == 7:
		return "^" + pattern(r, depth-1)
	}
	return pattern(r, depth-1) + "$"
}

// TestAgreesWithGo matches random patterns in both matchers.
func TestAgreesWithGo(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	matched := 0
	for range 20000 {
		p := pattern(r, 4)
		want, err := regexp.Compile(p)
		if err != nil {
			continue
		}
		slow, err := compile(p, false)
		if err != nil {
			t.Fatalf("%s: %v", p, err)
		}
		var in strings.Builder
		for range r.IntN(6) {
			in.WriteByte("ab/.1"[r.IntN(5)])
		}
		at, err := slow.match(in.String())
		if err != nil {
			continue
		}
		wanted := want.FindStringSubmatchIndex(in.String())
		if (at == nil) != (wanted == nil) || at != nil && !reflect.DeepEqual(at[:2], wanted[:2]) {
			t.Fatalf("%s on %q: %v, Go says %v", p, in.String(), at, wanted)
		}
		if at != nil {
			matched++
		}
	}
	if matched < 1000 {
		t.Errorf("only %d matches", matched)
	}
}

func FuzzMatch(f *testing.F) {
	for _, p := range []string{`/\.(?!well-known)`, `(.)/\1`, `^a++b{2,3}?[[:alpha:]-]$`, `(?<n>a)\k<n>(?i)x(?#c)`, `\Qa\E(?>b|c)*`} {
		f.Add(p, "/a/b.c", true)
	}
	f.Fuzz(func(t *testing.T, p, s string, fold bool) {
		re, err := Compile(p, fold)
		if err != nil || len(s) > 1000 {
			return
		}
		groups, err := re.Match(s)
		if err == nil && groups != nil && !strings.Contains(s, groups[0]) {
			t.Fatalf("%q on %q gives %q", p, s, groups)
		}
	})
}
