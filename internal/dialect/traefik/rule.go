package traefik

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/truth"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// rule is a router's rule: a matcher, or two rules with an operator between.
// Traefik has it parsed as an expression of Go (vulcand/predicate), and so does
// this package.
type rule struct {
	op          string // "&&", "||", "!", or "" for a matcher
	left, right *rule
	matcher     string
	values      []string
}

const (
	maxRule  = 64 << 10
	maxNest  = 200
	maxTerms = 10_000
)

// matchers are the names that a rule may have, with the number of their values.
// Several of one kind came from version 2 of the syntax, which took any number.
var matchers = map[string][2]int{
	"ClientIP": {1, 99}, "Method": {1, 99}, "Host": {1, 99}, "HostRegexp": {1, 99}, "Path": {1, 99}, "PathRegexp": {1, 99}, "PathPrefix": {1, 99},
	"Header": {2, 2}, "HeaderRegexp": {2, 2}, "Query": {1, 99}, "QueryRegexp": {1, 2}, "Headers": {2, 2}, "HeadersRegexp": {2, 2}, "HostHeader": {1, 99},
}

// parseRule reads a rule.
func parseRule(text string) (*rule, error) {
	if len(text) > maxRule || strings.Count(text, "(") > maxTerms {
		return nil, errors.New("it is too long")
	}
	depth := 0
	for _, c := range text {
		switch c {
		case '(', '[', '{', '!':
			depth++
		case ')', ']', '}':
			depth--
		}
		if depth > 10*maxNest {
			return nil, errors.New("it is nested too deeply")
		}
	}
	e, err := parser.ParseExpr(text)
	if err != nil {
		return nil, err
	}
	return build(e, 0)
}

func build(e ast.Expr, depth int) (*rule, error) {
	if depth > maxTerms {
		return nil, errors.New("it is nested too deeply")
	}
	switch v := e.(type) {
	case *ast.ParenExpr:
		return build(v.X, depth+1)
	case *ast.UnaryExpr:
		if v.Op != token.NOT {
			return nil, fmt.Errorf("unsupported operator %s", v.Op)
		}
		r, err := build(v.X, depth+1)
		return &rule{op: "!", left: r}, err
	case *ast.BinaryExpr:
		if v.Op != token.LAND && v.Op != token.LOR {
			return nil, fmt.Errorf("unsupported operator %s", v.Op)
		}
		left, err := build(v.X, depth+1)
		if err != nil {
			return nil, err
		}
		right, err := build(v.Y, depth+1)
		return &rule{op: v.Op.String(), left: left, right: right}, err
	case *ast.CallExpr:
		return call(v)
	}
	return nil, errors.New("a matcher with its value in brackets is expected")
}

func call(v *ast.CallExpr) (*rule, error) {
	id, ok := v.Fun.(*ast.Ident)
	if !ok {
		return nil, errors.New("a matcher is expected")
	}
	r := &rule{}
	for m := range matchers {
		if strings.EqualFold(m, id.Name) {
			r.matcher = m
		}
	}
	if r.matcher == "" {
		return nil, fmt.Errorf("unsupported function: %s", id.Name)
	}
	for _, a := range v.Args {
		lit, ok := a.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return nil, fmt.Errorf("%s wants text in quotes or backquotes", r.matcher)
		}
		s, err := strconv.Unquote(lit.Value)
		if err != nil || s == "" {
			return nil, fmt.Errorf("%s has an empty value", r.matcher)
		}
		r.values = append(r.values, s)
	}
	if n := matchers[r.matcher]; len(r.values) < n[0] || len(r.values) > n[1] {
		return nil, fmt.Errorf("%s has %d values", r.matcher, len(r.values))
	}
	if strings.HasSuffix(r.matcher, "Regexp") {
		if _, err := regexp.Compile(r.values[len(r.values)-1]); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// eval says whether a request fits.
func (r *rule) eval(req topo.Request) truth.Value {
	switch r.op {
	case "!":
		return r.left.eval(req).Not()
	case "&&":
		return min(r.left.eval(req), r.right.eval(req))
	case "||":
		return max(r.left.eval(req), r.right.eval(req))
	}
	switch r.matcher {
	case "Header", "HeaderRegexp", "Headers", "HeadersRegexp":
		// Of the headers that goodgate's own request has the values are not judged;
		// others it does not have.
		if slices.ContainsFunc([]string{"user-agent", "accept", "referer", "x-request-id", "host", "connection"}, func(h string) bool { return strings.EqualFold(h, r.values[0]) }) {
			return truth.Unknown
		}
		return truth.No
	case "ClientIP":
		return truth.Unknown
	case "Query", "QueryRegexp":
		return truth.Of(r.query(req))
	}
	return truth.Of(slices.ContainsFunc(r.values, func(v string) bool { return r.fits(v, req) }))
}

// fits tries one value of a matcher (pkg/muxer/http/matcher.go).
func (r *rule) fits(v string, req topo.Request) bool {
	switch r.matcher {
	case "Host", "HostHeader":
		return hostFits(strings.ToLower(v), strings.ToLower(req.Host))
	case "HostRegexp":
		return matches(v, req.Host)
	case "Path":
		return req.Path == v
	case "PathPrefix":
		return strings.HasPrefix(req.Path, v)
	case "PathRegexp":
		return matches(v, req.Path)
	case "Method":
		return strings.EqualFold(v, req.Method)
	}
	return false
}

func hostFits(pattern, host string) bool {
	if host == "" {
		return false
	}
	host = strings.TrimSuffix(host, ".")
	pattern = strings.TrimSuffix(pattern, ".")
	if suffix, ok := strings.CutPrefix(pattern, "*."); ok {
		label, rest, cut := strings.Cut(host, ".")
		return cut && label != "" && rest == suffix
	}
	return pattern == "*" || pattern == host
}

func matches(pattern, text string) bool {
	re, err := regexp.Compile(pattern)
	return err == nil && re.MatchString(text)
}

func (r *rule) query(req topo.Request) bool {
	q, _ := url.ParseQuery(req.Query)
	values, ok := q[r.values[0]]
	switch {
	case !ok:
		return false
	case len(r.values) == 1:
		return r.matcher == "QueryRegexp" || slices.Contains(values, "")
	case r.matcher == "QueryRegexp":
		return slices.ContainsFunc(values, func(v string) bool { return matches(r.values[1], v) })
	}
	return slices.Contains(values, r.values[1])
}

// hosts are the names that the rule asks for, and whether it takes others as well.
func (r *rule) hosts() (names []topo.SiteName) {
	switch {
	case r == nil || r.op == "!":
		return nil
	case r.op != "":
		return append(r.left.hosts(), r.right.hosts()...)
	}
	for _, v := range r.values {
		n := topo.SiteName{Name: strings.ToLower(v), Kind: "exact"}
		switch {
		case r.matcher == "HostRegexp":
			n = topo.SiteName{Name: v, Kind: "regex"}
		case r.matcher != "Host" && r.matcher != "HostHeader" || v == "*":
			continue
		case strings.HasPrefix(v, "*."):
			n.Kind = "wildcard"
		}
		names = append(names, n)
	}
	return names
}
