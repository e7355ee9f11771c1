package varnish

import (
	"maps"
	"slices"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// check looks for what keeps varnishd from loading the program (lib/libvcc). It
// says nothing of what it does not know for certain.
func (c *config) check() {
	v := c.vcl
	if v.problems.Broken() {
		return
	}
	if v.version == "" {
		v.problems.Fatal(c.home(), "VCL version declaration missing")
		return
	}
	if len(v.backends) == 0 && len(v.directors) == 0 && !v.mentions("dynamic.director") && !v.mentions("goto.dns_backend") {
		v.problems.Fatal(c.home(), "no backends or directors found in VCL program")
	}
	for _, o := range v.backends {
		if t, ok := o.text("path"); ok && v.version == "4.0" {
			v.problems.Fatal(t.at, "unix socket backends only supported in VCL 4.1 and higher")
		}
		if e, ok := endpoint(o); ok && e.Network == "tcp" && (e.Port < 1 || e.Port > 65535) && !o.none {
			if t, ok := o.text("port"); ok && digits(t.text) {
				v.problems.Fatal(t.at, "backend '%s' has no valid port: '%s'", o.name.text, dialect.Clip(t.text))
			}
		}
	}
	c.checkUse()
	for _, name := range slices.Sorted(maps.Keys(v.subs)) {
		c.checkBody(v.subs[name])
	}
}

// checkUse looks for backends that nothing uses: the first is used by default.
func (c *config) checkUse() {
	if c.tolerant() {
		return
	}
	for _, o := range c.backends {
		if o != c.first() && !c.used[o.name.text] {
			c.problems.Fatal(o.name.at, "unused backend %s", o.name.text)
		}
	}
}

// tolerant reports whether what nothing refers to is no error (vcc_err_unref, and
// since 7.2 the feature err_unref).
func (c *config) tolerant() bool {
	value, ok := c.params["vcc_err_unref"]
	return ok && (value == "off" || value == "no" || value == "false" || value == "disable") || strings.Contains(c.params["vcc_feature"], "-err_unref")
}

// checkBody looks for names that statements use and nothing defines.
func (c *config) checkBody(list []stmt) {
	for _, s := range list {
		if s.cond {
			c.checkBody(s.then)
			c.checkBody(s.other)
			continue
		}
		switch first := s.word(0); {
		case first.is("call"):
			if name := s.word(1); c.subs[name.text] == nil && !strings.HasPrefix(name.text, "vcl_") && !c.declared(name.text) {
				c.problems.Fatal(name.at, "undefined sub %s", dialect.Clip(name.text))
			}
		case first.is("set") && (s.word(1).is("req.backend_hint") || s.word(1).is("bereq.backend")) && s.word(2).is("="):
			c.checkBackend(s)
		}
	}
}

func (c *config) checkBackend(s stmt) {
	name := s.word(3)
	if name.kind != tokName || len(s.words) > 4 {
		return // a call of a director
	}
	base, _, _ := strings.Cut(name.text, ".")
	switch {
	case c.vcl.backend(name.text) != nil, name.is("default"), base == "req", base == "bereq", c.director(base) != nil, name.is("none"):
	default:
		c.problems.Fatal(name.at, "symbol not found: '%s'", dialect.Clip(name.text))
	}
}

func (v *vcl) declared(name string) bool { _, ok := v.subs[name]; return ok }

func (v *vcl) mentions(name string) bool { return v.used[name] }

func digits(s string) bool {
	for i := range len(s) {
		if !digit(s[i]) {
			return false
		}
	}
	return s != ""
}
