package nginx

import (
	"fmt"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/typo"
)

// belongs says where a directive may stand.
func belongs(rules []rule) string {
	names := map[string]string{"sif": "if in server", "lif": "if in location", "limit": "limit_except"}
	var where []string
	seen := map[string]bool{}
	for _, r := range rules {
		for _, c := range r.contexts {
			if n := names[c]; n != "" {
				c = n
			}
			if r.area == "stream" || r.area == "mail" {
				c = r.area + " " + c
			}
			if !seen[c] {
				seen[c] = true
				where = append(where, c)
			}
		}
	}
	return ": it belongs in " + strings.Join(where, ", ")
}

// runOn says where a ";" seems to be missing: a later line begins with the name
// of a directive.
func runOn(it *item) string {
	for i := 1; i < len(it.Words); i++ {
		w, before := it.Words[i], it.Words[i-1]
		if w.Line > before.Line && w.Quote == 0 && grammar()[w.Text] != nil {
			return fmt.Sprintf(`: the ";" at the end of line %d seems to be missing`, before.Line)
		}
	}
	return ""
}

// unknown tells of a directive that no module known to goodgate has. It is fatal
// where it looks like a misspelling and no unknown module could have it.
func (k *checker) unknown(it *item) {
	name := it.Name()
	near := k.nearest(name)
	switch {
	case !wordlike(name):
		k.fatal(it.Place(), `unknown directive %q`, printable(name))
		return
	case !k.foreign && near != "":
		k.fatal(it.Place(), `unknown directive %q: is %q meant?`, name, near)
		return
	}
	if !k.told[name] {
		k.told[name] = true
		k.note(it.Place(), `directive %q is not known: it may belong to a module that goodgate does not know`, printable(name))
	}
}

// wordlike reports whether some module could have a directive of that name.
func wordlike(name string) bool {
	for i := range len(name) {
		if !nameByte(name[i]) {
			return false
		}
	}
	return len(name) > 1
}

// maxUnknown bounds the unknown names that are compared with every known one.
const maxUnknown = 500

// nearest returns a directive of stock nginx that is at most two letters away,
// one for short names.
func (k *checker) nearest(name string) string {
	if near, ok := k.near[name]; ok {
		return near
	}
	if len(k.near) >= maxUnknown {
		return ""
	}
	k.near[name] = nearest(name)
	return k.near[name]
}

func nearest(name string) string {
	most := 2
	if len(name) <= 4 {
		most = 1
	}
	best, found := most+1, ""
	for other, rules := range grammar() {
		if rules[0].module != "-" {
			continue
		}
		if d := typo.Distance(name, other, most); d < best || d == best && found != "" && other < found {
			best, found = d, other
		}
	}
	return found
}

// printable bounds a foreign word and escapes what is not text in it.
func printable(s string) string {
	if len(s) > 60 {
		s = s[:60] + "…"
	}
	return s
}
