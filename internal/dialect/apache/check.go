package apache

import (
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/regex"
)

// check notes what httpd -t refuses, in the order in which it would meet it
// (ap_walk_config).
func (c *config) check() {
	c.checkBlock(c.top)
	for _, h := range append([]*host{c.main}, c.hosts...) {
		if n := h.n.last("errorlog"); n != nil {
			c.checkErrorLog(n)
		}
	}
}

// checkErrorLog tells of an error log in a folder that is not there
// (check_errorlog_dir). What is not, and what cannot be seen, is not told apart:
// a folder above it must be there.
func (c *config) checkErrorLog(n *node) {
	p := c.logPath(n.arg(0))
	dir := path.Dir(p)
	if strings.HasPrefix(p, "/") && !strings.Contains(p, "${") && !dialect.Exists(c.src, dir) && dialect.Exists(c.src, path.Dir(dir)) {
		c.problem(n.place(), true, "AH02291: Cannot access directory '%s/' for error log", dir)
	}
}

func (c *config) checkBlock(s *node) {
	for _, n := range s.sub {
		if c.checkNode(n) && n.section() && !raw(n) {
			c.checkBlock(n)
		}
	}
}

// raw reports whether what stands in a section is no configuration.
func raw(n *node) bool { return strings.HasPrefix(n.name, "<lua") || n.name == "<perl" }

// checkNode judges one directive, and reports whether it is known.
func (c *config) checkNode(n *node) bool {
	rules := grammar()[n.name]
	var found *rule
	for i := range rules {
		if c.has(rules[i]) {
			found = &rules[i]
			break
		}
	}
	if found == nil {
		c.unknown(n, rules)
		return n.section()
	}
	where, ok := c.allowed(n, *found)
	switch {
	case !ok:
		c.problem(n.place(), true, "%s %s", n.written, where)
	case !n.section() && !found.takes(len(n.args)):
		c.problem(n.place(), true, "%s %s", found.name, found.counts())
	case found.args == "flag" && !slices.Contains([]string{"on", "off"}, strings.ToLower(n.arg(0))):
		c.problem(n.place(), true, "%s must be On or Off", found.name)
	default:
		c.checkValue(n)
	}
	return true
}

// unknown tells of a directive that no loaded module has. It is fatal where it is
// certain that none has it.
func (c *config) unknown(n *node, rules []rule) {
	sure := !c.foreign && (!c.partial || len(rules) == 0)
	if len(rules) > 0 && !debian(c.launch) {
		sure = false // the module may be built in
	}
	c.problem(n.place(), sure, "Invalid command '%s', perhaps misspelled or defined by a module not included in the server configuration", n.written)
}

// allowed reports whether a directive may stand where it does.
func (c *config) allowed(n *node, x rule) (why string, ok bool) {
	host, dir := false, ""
	for up := n.up; up != nil; up = up.up {
		switch up.name {
		case "":
		case "<virtualhost":
			host = true
		case "<directory", "<directorymatch", "<location", "<locationmatch", "<files", "<filesmatch", "<if", "<elseif", "<else", "<limit", "<limitexcept", "<proxy", "<proxymatch":
			if dir == "" {
				dir = up.name
			}
		}
	}
	switch {
	case x.where == "g" && host:
		return "cannot occur within <VirtualHost> section", false
	case (x.where == "s" || x.where == "g") && dir != "":
		if dir == "<proxy" || dir == "<proxymatch" {
			return "", true // SSLProxy* may (PROXY_CONF)
		}
		if n.section() && (n.name == "<proxy" || n.name == "<proxymatch") {
			return "not allowed in " + section(dir) + " context", false
		}
		return "not allowed in " + section(dir) + " context", false
	case x.where == "d" && dir == "":
		return "not allowed here", false
	case n.name == "<virtualhost" && host:
		return "cannot occur within <VirtualHost> section", false
	}
	return "", true
}

func section(name string) string {
	for _, x := range grammar()[name] {
		return x.name + ">"
	}
	return name + ">"
}

// checkValue judges the values that matter here.
func (c *config) checkValue(n *node) {
	switch n.name {
	case "proxypass", "proxypassmatch":
		c.checkPass(n)
	case "balancermember":
		c.checkMember(n)
	case "rewritecond":
		c.checkFlags(n, condFlags)
	case "require":
		if words := strings.ToLower(strings.Join(n.args, " ")); strings.HasPrefix(words, "all") && words != "all granted" && words != "all denied" && n.arg(0) == "all" {
			c.problem(n.place(), true, "Argument for 'Require all' must be 'granted' or 'denied'")
		}
	case "rewriterule", "aliasmatch":
		if n.name == "rewriterule" {
			c.checkFlags(n, ruleFlags)
		}
		c.checkPattern(n, strings.TrimPrefix(n.arg(0), "!"))
	case "<locationmatch", "<directorymatch", "<filesmatch", "<proxymatch":
		c.checkPattern(n, n.arg(0))
	case "timeout", "proxytimeout", "keepalivetimeout":
		if v := n.arg(0); v == "" || v[0] < '0' || v[0] > '9' {
			c.problem(n.place(), n.name != "timeout", "%s: %q is no time", n.written, v)
		}
	case "sslcertificatefile", "sslcertificatekeyfile", "sslproxycacertificatefile", "sslproxymachinecertificatefile":
		file := c.serverPath(n.arg(0))
		if found, err := c.src.Glob(dialect.Literal(file)); err == nil && len(found) == 0 && strings.HasPrefix(file, "/") {
			c.problem(n.place(), true, "%s: file '%s' does not exist or is empty", n.written, file)
		}
	case "redirect", "redirectmatch":
		inside := n.up != nil && n.up.section() && n.up.name != "<virtualhost"
		d, ok := redirectOf(n, inside)
		if d.regex {
			c.checkPattern(n, d.from)
		}
		if !ok {
			c.problem(n.place(), true, "%s: URL to redirect to is missing", n.written)
		}
	case "loglevel":
		for _, w := range n.args {
			if _, level, ok := strings.Cut(w, ":"); ok {
				w = level
			}
			if w != "" && !slices.Contains(levels, strings.ToLower(w)) {
				c.problem(n.place(), true, "Log level keyword must be one of emerg/alert/crit/error/warn/notice/info/debug/trace1/.../trace8")
				return
			}
		}
	case "listen":
		if l := listenOf(n); l.port <= 0 || l.port > 65535 {
			c.problem(n.place(), true, "Port must be specified")
		}
	}
}

// levels are the words of LogLevel.
var levels = strings.Fields(`emerg alert crit error warn notice info debug trace1 trace2 trace3 trace4 trace5 trace6 trace7 trace8`)

func leadingDigits(s string) string {
	end := 0
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	return s[:end]
}

func (c *config) checkPattern(n *node, pattern string) {
	if pattern == "" {
		return
	}
	if _, err := regex.Compile(pattern, false); errors.Is(err, regex.ErrBroken) {
		c.problem(n.place(), true, "%s: cannot compile regular expression '%s'", n.written, pattern)
	}
}

// checkPass judges a ProxyPass (add_pass of mod_proxy).
func (c *config) checkPass(n *node) {
	var inside *node
	for up := n.up; up != nil; up = up.up {
		switch up.name {
		case "<location", "<locationmatch":
			inside = up
		case "<directory", "<directorymatch", "<files", "<filesmatch":
			c.problem(n.place(), true, "ProxyPass|ProxyPassMatch can not be used with <Directory or <Files")
			return
		}
	}
	p, ok := passOf(n, inside)
	if !ok {
		what := "needs a path when not defined in a location"
		if len(n.args) > 0 || inside != nil {
			what = "requires at least two arguments or one in a location"
		}
		c.problem(n.place(), len(n.args) > 0 || inside == nil, "ProxyPass|ProxyPassMatch %s", what)
		return
	}
	if inside != nil && strings.HasPrefix(n.arg(0), "/") {
		c.problem(n.place(), true, "ProxyPass|ProxyPassMatch can not have a path when defined in a location")
		return
	}
	if p.regex {
		c.checkPattern(n, p.from)
	}
	if p.to == "!" {
		return
	}
	switch scheme, _, ok := strings.Cut(p.to, ":"); {
	case strings.HasPrefix(p.to, "unix:") && !strings.Contains(p.to, "|"):
		c.problem(n.place(), true, "ProxyPass URL must be absolute!: %s", p.to)
		return
	case !ok, strings.Trim(strings.ToLower(scheme), "abcdefghijklmnopqrstuvwxyz0123456789+-.") != "", scheme == "", scheme[0] >= '0' && scheme[0] <= '9':
		c.problem(n.place(), true, "ProxyPass Unable to parse URL: %s", p.to)
		return
	}
	t, parsed := parseTarget(p.to)
	if known := parsed || !strings.HasPrefix(strings.ToLower(p.to), "http"); !known && !strings.ContainsAny(p.to, "$%") {
		c.problem(n.place(), true, "ProxyPass Unable to parse URL: %s", p.to)
		return
	}
	if balancer := t.scheme == "balancer"; balancer || c.makes(n) {
		c.checkParams(n, "ProxyPass", p.rest, balancer)
	}
}

// makes reports whether a directive makes a worker of its own: the parameters of
// one that shares another's are ignored, whatever they are.
func (c *config) makes(n *node) bool {
	for _, h := range append([]*host{c.main}, c.hosts...) {
		if slices.ContainsFunc(h.workers, func(w *worker) bool { return w.n == n }) {
			return true
		}
	}
	return false
}

// ruleFlags and condFlags are the flags of mod_rewrite (cmd_rewriterule_setflag,
// cmd_rewritecond_setflag).
var (
	ruleFlags = strings.Fields(`b bnp backrefnoplus bctls bne c chain co cookie dpi discardpath e env end f forbidden g gone h handler l last n next nc nocase ne noescape ns nosubreq
		p proxy pt passthrough qsa qsappend qsd qsdiscard qsl qslast r redirect s skip t type unsafeallow3f unsafeprefixstat unc`)
	condFlags = strings.Fields(`nc nocase or ornext nv novary`)
)

func (c *config) checkFlags(n *node, known []string) {
	if len(n.args) < 3 {
		return
	}
	text := n.arg(2)
	if !strings.HasPrefix(text, "[") || !strings.HasSuffix(text, "]") {
		c.problem(n.place(), true, "%s: bad flag delimiters", n.written)
		return
	}
	for name := range flags(text) {
		if !slices.Contains(known, name) {
			c.problem(n.place(), true, "%s: unknown flag '%s'", n.written, name)
			return
		}
	}
}

func (c *config) checkMember(n *node) {
	words := n.args
	inBalancer := n.up != nil && n.up.name == "<proxy"
	if !inBalancer && len(words) > 0 {
		words = words[1:]
	}
	if len(words) == 0 {
		c.problem(n.place(), true, "BalancerMember must define remote proxy server")
		return
	}
	c.checkParams(n, "BalancerMember", words[1:], false)
}

// The parameters of mod_proxy (set_worker_param, set_balancer_param).
var (
	workerParams = strings.Fields(`loadfactor retry ttl min max smax acquire timeout iobuffersize receivebuffersize keepalive disablereuse enablereuse
		route redirect status flushpackets flushwait ping lbset connectiontimeout flusher secret upgrade responsefieldsize addressttl
		hcinterval hcmethod hcpasses hcfails hcuri hctemplate hcexpr`)
	balancerParams = strings.Fields(`stickysession nofailover timeout maxattempts lbmethod scolonpathdelim failonstatus failontimeout nonce growth forcerecovery stickysessionsep`)
	bareWords      = strings.Fields(`nocanon interpolate noquery`)
)

func (c *config) checkParams(n *node, directive string, words []string, balancer bool) {
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		low := strings.ToLower(key)
		known := workerParams
		kind := "Worker"
		if balancer {
			known, kind = append(slices.Clone(balancerParams), workerParams...), "Balancer"
		}
		switch {
		case !ok && slices.Contains(bareWords, low) && directive == "ProxyPass":
		case !ok:
			c.problem(n.place(), true, "Invalid %s parameter. Parameter must be in the form 'key=value'.", directive)
			return
		case low == "mapping" && directive == "ProxyPass":
		case !slices.Contains(known, low):
			c.problem(n.place(), true, "%s unknown %s parameter", directive, kind)
			return
		case low == "retry" && strings.HasPrefix(value, "-"):
			c.problem(n.place(), true, "%s Retry must be a positive value", directive)
			return
		case low == "ttl" && asCount(leadingDigits(value)) < 1:
			c.problem(n.place(), true, "%s TTL must be at least one second", directive)
			return
		case (low == "timeout" && !balancer || low == "connectiontimeout") && leadingDigits(value) == "":
			c.problem(n.place(), true, "%s %s value has wrong format", directive, key)
			return
		}
	}
}
