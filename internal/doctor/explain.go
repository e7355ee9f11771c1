package doctor

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/cause"
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/infer"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Explain says what words or log lines mean. Lines are taken to be about one
// incident, as people paste them. Nothing is asked of the host or the network,
// so nothing can be confirmed.
func Explain(ctx context.Context, opts ExplainOptions) (*Explanation, error) {
	if opts.Input == nil && len(opts.Words) == 0 {
		return nil, errors.New("cannot explain nothing: give a word, a message, or `-` and log lines on standard input")
	}
	e := &explaining{opts: opts, out: &Explanation{Schema: ExplanationSchema, Verdict: vocab.Uncertain, Causes: []Cause{}, Items: []evidence.Item{}}}
	if opts.Input == nil {
		text := strings.Join(opts.Words, " ")
		unknown := e.words()
		if len(unknown) == 0 {
			return e.out, nil
		}
		opts.Input = strings.NewReader(text + "\n")
	}
	dialects := opts.Dialects
	if opts.Product != "" {
		dialects = slices.DeleteFunc(slices.Clone(dialects), func(d dialect.Dialect) bool { return d.Name != opts.Product })
		if len(dialects) == 0 {
			return nil, errors.New("cannot explain lines of " + strconv.Quote(opts.Product) + ": the product is not known; leave --product out to have it recognised")
		}
	}
	var seen bytes.Buffer
	texts, err := scan.Text(io.TeeReader(opts.Input, &beginning{&seen, pageBound}), dialects, scan.Options{})
	if err != nil {
		return nil, err
	}
	if read, ok := e.page(seen.Bytes()); ok && !slices.ContainsFunc(texts.Reads, told) {
		texts.Reads = append(texts.Reads, read)
	}
	e.sized(texts.Reads)
	e.contained = contained.Match(seen.Bytes())
	e.lines(texts)
	return e.out, nil
}

// told reports whether a line says more of a failure than a status.
func told(r scan.Read) bool {
	return r.Cond.Symptom != "" || r.Cond.Fails && r.Cond.Fact != "" && r.Cond.Fact != vocab.GatewayStatusUnknown && r.Cond.Fact != vocab.GatewayStatusMade
}

// beginning keeps the beginning of what is written to it.
type beginning struct {
	to   *bytes.Buffer
	left int
}

func (f *beginning) Write(b []byte) (int, error) {
	n := min(len(b), f.left)
	f.to.Write(b[:n])
	f.left -= n
	return len(b), nil
}

// explaining is one explanation while it is made.
type explaining struct {
	opts     ExplainOptions
	out      *Explanation
	product  string // that wrote the line which says what the client got
	endpoint string
	route    string
	name     string
	resolver string
	pool     string

	contained bool // the gateway evidently runs in a container
}

// words looks every word up in the vocabulary and returns those that are not
// there.
func (e *explaining) words() (unknown []string) {
	joined := strings.Join(e.opts.Words, " ")
	if meanings := e.meanings(joined); len(meanings) > 0 {
		e.out.Words = meanings
		return nil
	}
	for _, w := range e.opts.Words {
		meanings := e.meanings(w)
		if len(meanings) == 0 {
			unknown = append(unknown, w)
			continue
		}
		e.out.Words = append(e.out.Words, meanings...)
	}
	return unknown
}

func (e *explaining) meanings(word string) []Word {
	var all []Word
	lower := strings.ToLower(strings.TrimSpace(word))
	for _, c := range vocab.Causes {
		if string(c.ID) != lower && strings.TrimPrefix(string(c.ID), c.ID.Family()+"/") != lower {
			continue
		}
		card, _ := cause.Card(c.ID)
		all = append(all, Word{Word: string(c.ID), Kind: "cause", Meaning: c.Meaning, Card: card})
	}
	for _, s := range vocab.Symptoms {
		if string(s.ID) == lower {
			all = append(all, Word{Word: lower, Kind: "symptom", Meaning: s.Meaning})
		}
	}
	if info, ok := vocab.Fact(lower).Info(); ok {
		all = append(all, Word{Word: lower, Kind: "fact", Meaning: info.Meaning})
	}
	if m := statuses[lower]; m != "" {
		all = append(all, Word{Word: lower, Kind: "status", Meaning: m})
	}
	for _, t := range e.terms(strings.TrimSpace(word)) {
		all = append(all, Word{Word: t.Text, Kind: "term", Product: t.product, Meaning: t.Explain})
		for _, c := range candidates(t.Cond) {
			if !slices.ContainsFunc(e.out.Causes, func(have Cause) bool { return have.ID == c.ID }) {
				e.out.Causes = append(e.out.Causes, c)
			}
		}
		if t.Cond.Symptom != "" && e.out.Symptom == nil {
			s := t.Cond.Symptom
			e.out.Symptom = &s
		}
	}
	return all
}

// term is a product's word.
type term struct {
	dialect.Word
	product string
}

// terms returns the terms that a word is. Case tells terms apart (HAProxy's sH is
// not its SH), but people do not always write it.
func (e *explaining) terms(word string) []term {
	var exact, folded []term
	for _, d := range e.opts.Dialects {
		if e.opts.Product != "" && e.opts.Product != d.Name {
			continue
		}
		for _, w := range d.Words {
			switch {
			case w.Text == word:
				exact = append(exact, term{w, d.Name})
			case strings.EqualFold(w.Text, word):
				folded = append(folded, term{w, d.Name})
			}
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return folded
}

// statuses says what the statuses mean that gateways make (RFC 9110 section
// 15.6, and nginx's own 499).
var statuses = map[string]string{
	"500": "Internal Server Error: the server itself failed. From a gateway: its own configuration or resources; more often the application made it and the gateway passed it on.",
	"502": "Bad Gateway: the gateway got an invalid answer from the server behind it, or none: refused, reset, closed early, or not HTTP.",
	"503": "Service Unavailable: overloaded, in maintenance, or no server left to ask. Apache, HAProxy, Envoy and Varnish also answer it for a refused connection.",
	"504": "Gateway Timeout: the server behind the gateway did not answer in time.",
	"499": "nginx's own: the client closed the connection before the answer was complete. Nobody received this status.",
	"009": "nginx's own: the upstream's answer did not begin with a status line and was passed on as HTTP/0.9.",
}

// lines ranks the causes of what pasted lines tell.
func (e *explaining) lines(texts scan.Texts) {
	e.out.Unread = texts.Unread
	lead := e.lead(texts.Reads)
	items := e.items(texts.Reads)
	e.out.Items = append(e.out.Items, items...)
	if lead == nil {
		return
	}
	e.product = lead.Product
	if s := lead.Cond.Symptom; s != "" {
		e.out.Symptom = &s
	}
	// What the client met is the pool's symptom; why, its members tell.
	why := reason(texts.Reads)
	if why != nil && lead.Cond.Symptom == vocab.DestinationUnavailable {
		lead = why
	}
	// Ongoing: what a line says about now is about the time of the paste.
	f := evidence.Failure{Symptom: lead.Cond.Symptom, Status: lead.Cond.Status, Subjects: e.subjects(), Count: 1, Ongoing: true}
	// The lines are about one incident, whatever their times say: they may come
	// from hosts with other clocks, and people cut.
	same := slices.Clone(items)
	for i := range same {
		same[i].When = time.Time{}
	}
	if why != nil {
		same = slices.DeleteFunc(same, func(it evidence.Item) bool { return it.Fact == vocab.GatewayNoLiveUpstream })
	}
	r := weighCandidates(infer.Rank(cause.All(), f, same), lead.Cond, texts.Reads)
	if why != nil {
		slices.SortStableFunc(r, func(a, b ranked) int { return order(isScope(a.ID)) - order(isScope(b.ID)) })
	}
	e.out.Verdict = r.verdict()
	for _, x := range r {
		c := candidate(x.ID)
		if x.found != nil {
			c = e.causeOf(*x.found)
		}
		c.Confidence, c.Verdict = x.confidence, x.verdict()
		e.out.Causes = append(e.out.Causes, c)
	}
	if lead.Cond.Distinguish != "" {
		e.out.Next = append(e.out.Next, lead.Cond.Distinguish)
	}
	for i, x := range r {
		if i < 2 && x.found != nil && x.found.Next != "" && !slices.Contains(e.out.Next, x.found.Next) {
			e.out.Next = append(e.out.Next, x.found.Next)
		}
	}
}

func (e *explaining) causeOf(f infer.Finding) Cause {
	c := found(f)
	c.Summary = tidy(c.Summary)
	for _, fix := range f.Fixes {
		if fix.Text != "" {
			c.Fixes = append(c.Fixes, Fix{Text: fix.Text, Command: spellCommand(fix.Command, e.commands())})
		}
	}
	return c
}

// tidy mends what the stand-ins for names that no line says make of a sentence.
func tidy(s string) string {
	s = strings.ReplaceAll(s, "he upstream the upstream", "he upstream")
	return strings.ToUpper(s[:min(1, len(s))]) + s[min(1, len(s)):]
}

// commands spells the commands of the product that wrote the lines, as it is
// installed by default.
func (e *explaining) commands() map[string]string {
	values := map[string]string{"{pid}": "PID"}
	for _, d := range e.opts.Dialects {
		if d.Name == e.product && d.ConfigTest != nil && d.Reload != nil {
			l := dialect.Launch{Product: d.Name, Exe: d.Name}
			values["{test}"], values["{reload}"] = shell(d.ConfigTest(l)), shell(d.Reload(l))
		}
	}
	return values
}

// candidates lists the causes that a condition names, where no fact ranks them.
func candidates(c dialect.Condition) []Cause {
	var all []Cause
	for i, id := range c.Causes {
		x := candidate(id)
		x.Confidence = []float64{0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01}[min(i, 6)]
		all = append(all, x)
	}
	return all
}

// candidate is a cause for which nothing speaks but that a condition names it.
func candidate(id vocab.Cause) Cause {
	x := Cause{ID: id, Verdict: vocab.Uncertain, For: []evidence.Item{}, Against: []evidence.Item{}, Fixes: []Fix{}}
	for _, known := range vocab.Causes {
		if known.ID == id {
			x.Summary = strings.ToUpper(known.Meaning[:1]) + known.Meaning[1:] + "."
		}
	}
	return x
}

// reason returns the first line that says why a server is out of rotation; nil:
// there is none.
func reason(reads []scan.Read) *scan.Read {
	for i := range reads {
		c := reads[i].Cond
		if c.Symptom != "" && c.Symptom != vocab.DestinationUnavailable && len(c.Causes) > 0 && !isScope(c.Causes[0]) {
			return &reads[i]
		}
	}
	return nil
}

// isScope reports whether a cause only says how far an outage goes: such a one is
// never first where the cause of a member is known.
func isScope(id vocab.Cause) bool {
	return id == vocab.NoHealthyUpstream || id == vocab.PartialOutage || id == vocab.CDNOrigin
}

func order(later bool) int {
	if later {
		return 1
	}
	return 0
}

// lead returns the line that says what the client got: a failure that a gateway
// logged, else an access line, else what the application says.
func (e *explaining) lead(reads []scan.Read) *scan.Read {
	var best *scan.Read
	rank := func(r *scan.Read) int {
		switch {
		case r.Cond.Fails && r.Cond.Symptom != "" && r.Cond.Status >= 0 && r.Upstream != "":
			return 4
		case r.Cond.Fails && r.Cond.Symptom != "":
			return 3
		case r.Cond.Fact != "":
			return 2
		case r.Known:
			return 1
		}
		return 0
	}
	for i := range reads {
		if best == nil || rank(&reads[i]) > rank(best) {
			best = &reads[i]
		}
	}
	if best == nil || rank(best) == 0 {
		return nil
	}
	return best
}

// items makes items of the lines. All subjects of one role are taken to be the
// same: the first that a line names.
func (e *explaining) items(reads []scan.Read) []evidence.Item {
	for _, r := range reads {
		e.endpoint = cmp.Or(e.endpoint, gatewayEndpoint(r))
		e.route = cmp.Or(e.route, strings.TrimSpace(r.Host+" "+r.Path))
		if r.Cond.Phase == dialect.PhaseDNS {
			e.name = cmp.Or(e.name, r.Name)
		}
	}
	e.endpoint = cmp.Or(e.endpoint, "the upstream")
	e.route = cmp.Or(e.route, "the request")
	e.name = cmp.Or(e.name, "the upstream's name")
	e.resolver, e.pool = "the resolver", "the pool"

	var items []evidence.Item
	add := func(fact vocab.Fact, r scan.Read, value string) {
		info, ok := fact.Info()
		if !ok {
			return
		}
		subject := e.subjects()[info.Role]
		kind := evidence.GatewayLog
		switch {
		case r.Cond.Phase == "" && strings.HasPrefix(string(fact), "app_"):
			kind = evidence.AppLog
		case strings.HasPrefix(string(fact), "kernel_"):
			kind = evidence.Kernel
		}
		items = append(items, evidence.Item{ID: "e" + strconv.Itoa(len(items)+1), Fact: fact, Subject: subject[0], Value: value, When: r.Time,
			Origin: evidence.Origin{Kind: kind, Where: lineOf(r)}, Quote: clip(r.Raw, 600)})
	}
	broke, failed := false, failedConnects(reads)
	for _, r := range reads {
		fact := r.Cond.Fact
		value := ""
		switch {
		case consequence(failed, r):
			continue
		case r.Log == programErrors && e.gatewayFailed(reads):
			fact = behind(fact)
		}
		if strings.HasPrefix(string(fact), "app_") || strings.HasPrefix(string(fact), "kernel_") || strings.HasPrefix(string(fact), "gateway_no_") {
			value = clip(cmp.Or(r.Message, r.Raw), 120)
		}
		if fact == vocab.AppListening && r.Endpoint != "" && e.endpoint != "the upstream" && !sameListening(r.Endpoint, e.endpoint) {
			fact, value = vocab.AppListeningElsewhere, r.Endpoint
		}
		if fact != "" {
			add(fact, r, value)
		}
		switch r.Cond.Fact {
		case vocab.GatewayClosedEarly, vocab.GatewayResetEarly:
			broke = true
			if f, ok := timed(max(r.UpSeconds, r.Seconds)); ok {
				add(f, r, strconv.FormatFloat(max(r.UpSeconds, r.Seconds), 'g', 4, 64)+" s")
			}
		case vocab.GatewayRefused:
			if broke {
				add(vocab.DiedInRequest, r, "")
			}
			if strings.HasPrefix(r.Endpoint, "[::1]:") {
				add(vocab.TargetLoopback6, r, r.Endpoint)
			}
		}
	}
	for _, r := range reads {
		if r.Cond.Phase == dialect.PhaseConnect && r.Endpoint != "" && isLoopback(r.Endpoint) && !strings.HasPrefix(r.Endpoint, "unix:") && !strings.HasPrefix(r.Endpoint, "/") && (e.contained || bridged(r.Client)) {
			add(vocab.TargetOwnContainer, r, r.Endpoint)
			break
		}
	}
	for _, r := range reads {
		if scheme, _, ok := strings.Cut(r.Upstream, "://"); ok && managesWorkers(scheme) {
			add(vocab.TargetWorkers, r, scheme)
			break
		}
	}
	for _, r := range reads {
		if (r.Upstream != "" || r.Cond.Phase == dialect.PhaseConnect) && containerAddress(r.Endpoint) {
			add(vocab.TargetContainer, r, r.Endpoint)
			if slices.Contains(followers, r.Product) {
				add(vocab.ResolvedAtRunTime, r, r.Product+" follows the container engine")
			}
			break
		}
	}
	return append(items, e.configItems(len(items))...)
}

// contained finds the marks of a gateway in a container: what the official images
// say when they start, and the prefix that docker compose gives each line.
var contained = regexp.MustCompile(`(?m)/docker-entrypoint\.(sh|d)|^(?:[a-z0-9]+[-_])*(?:nginx|proxy|caddy|traefik|gateway|web|haproxy|apache|httpd|envoy)[a-z0-9_-]*[-_]\d+\s+\| `)

// bridged reports whether a client has the address by which a container sees its
// own host: the first of a network of Docker's (172.17.0.0/16 and those after it).
func bridged(client string) bool {
	a, err := netip.ParseAddr(client)
	if err != nil || !a.Is4() {
		return false
	}
	b := a.As4()
	return b[0] == 172 && b[1] >= 17 && b[1] <= 31 && b[2] == 0 && b[3] == 1
}

// programErrors is the log of errors that programs write about what they ask for
// (dialect/runtime).
const programErrors = "program errors"

// gatewayFailed reports whether a gateway's own line of a failure is among the
// lines.
func (e *explaining) gatewayFailed(reads []scan.Read) bool {
	return slices.ContainsFunc(reads, func(r scan.Read) bool {
		return r.Cond.Fails && r.Cond.Symptom != "" && slices.ContainsFunc(e.opts.Dialects, func(d dialect.Dialect) bool { return d.Name == r.Product && !d.Application })
	})
}

// failedConnects holds the threads of products that wrote of a failed connect, in
// logs that do not number connections.
func failedConnects(reads []scan.Read) map[string]time.Time {
	failed := map[string]time.Time{}
	for _, r := range reads {
		if r.Cond.Fails && r.Cond.Phase == dialect.PhaseConnect && r.Conn == 0 && r.PID > 0 {
			failed[thread(r)] = r.Time
		}
	}
	return failed
}

// thread names who wrote a line.
func thread(r scan.Read) string {
	return r.Product + " " + strconv.FormatInt(r.PID, 10) + " " + strconv.FormatInt(r.TID, 10)
}

// consequence reports whether a line only tells what a failed connect, told by
// the same thread a moment before, means: that no answer came.
func consequence(failed map[string]time.Time, r scan.Read) bool {
	at, ok := failed[thread(r)]
	return ok && r.Conn == 0 && r.Cond.Phase == dialect.PhaseHeader && r.Time.Sub(at) >= 0 && r.Time.Sub(at) < time.Second
}

// followers are gateways that are told by a container engine, or by Kubernetes,
// when an address changes: what they dial is not stale.
var followers = []string{"traefik", "kubernetes"}

// gatewayEndpoint returns the endpoint that a gateway's line names.
func gatewayEndpoint(r scan.Read) string {
	if r.Cond.Fact == vocab.AppListening || r.Upstream == "" {
		return ""
	}
	return r.Endpoint
}

func (e *explaining) subjects() map[vocab.Role][]string {
	return map[vocab.Role][]string{
		vocab.RoleEndpoint: {e.endpoint}, vocab.RoleRoute: {e.route}, vocab.RoleName: {e.name}, vocab.RoleResolver: {e.resolver},
		vocab.RolePool: {e.pool}, vocab.RoleGateway: {"the gateway"},
	}
}

// configItems says what a configuration that was given beside the lines shows.
func (e *explaining) configItems(have int) []evidence.Item {
	var items []evidence.Item
	add := func(fact vocab.Fact, subject, value, where string) {
		items = append(items, evidence.Item{ID: "e" + strconv.Itoa(have+len(items)+1), Fact: fact, Subject: subject, Value: value, Origin: evidence.Origin{Kind: evidence.Config, Where: where}})
	}
	e.hinted(add)
	conf := e.readConfig()
	if conf == nil {
		return items
	}
	for _, s := range conf.Instance.Sites {
		for _, f := range s.Forwards {
			named := slices.ContainsFunc(f.Endpoints, func(p topo.Endpoint) bool { return p.IsName() && p.Host != "localhost" })
			switch {
			case (named || f.RunTime) && f.Resolver == nil:
				add(vocab.ResolverAbsent, e.route, f.Target, f.Place.String())
			case named && f.Resolver.AtStart && isAddress(e.endpoint):
				add(vocab.ResolvedAtStart, e.route, f.Target, f.Place.String())
			}
		}
	}
	for _, p := range conf.Instance.Pools {
		if p.Settings[vocab.KeepaliveCount].Number > 0 {
			add(vocab.KeepaliveUsed, e.route, "keepalive "+p.Settings[vocab.KeepaliveCount].Value, p.Place.String())
		}
	}
	return items
}

func isAddress(endpoint string) bool {
	_, err := netip.ParseAddrPort(endpoint)
	return err == nil
}

// readConfig reads the configuration that was given, by the first dialect that
// finds something in it. Snippets are tried inside the blocks that usually stand
// around them.
func (e *explaining) readConfig() *dialect.Conf {
	if e.opts.ConfigText == nil {
		return nil
	}
	for _, d := range e.opts.Dialects {
		if d.Config == nil || e.opts.Product != "" && d.Name != e.opts.Product {
			continue
		}
		for _, wrap := range snippets {
			text := wrap[0] + string(e.opts.ConfigText) + wrap[1]
			c := d.Config(oneFile(text), dialect.Launch{Product: d.Name, Config: snippetPath, Prefix: "/"})
			if len(c.Instance.Sites) > 0 || len(c.Instance.Pools) > 0 {
				return c
			}
		}
	}
	return nil
}

// snippets are the surroundings in which a piece of an nginx configuration may
// have stood.
var snippets = [][2]string{
	{"", ""},
	{"events {}\nhttp {\n", "\n}\n"},
	{"events {}\nhttp { server {\n", "\n}}\n"},
	{"events {}\nhttp { server { location / {\n", "\n}}}\n"},
}

const snippetPath = "/snippet.conf"

// oneFile is a source that has one file.
type oneFile string

// ReadFile returns the file, whatever its path ends in.
func (f oneFile) ReadFile(path string) ([]byte, error) {
	if path == snippetPath {
		return []byte(f), nil
	}
	return nil, errors.New("it was not given")
}

// Glob finds nothing.
func (f oneFile) Glob(string) ([]string, error) { return nil, nil }
