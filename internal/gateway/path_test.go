package gateway

import (
	"net/url"
	"path"
	"strings"
	"testing"
)

// pathSite has a route for each of some paths.
func pathSite(paths ...string) *site {
	s := &site{}
	for _, p := range paths {
		r := route{name: p}
		r.prefix, r.exact = strings.CutPrefix(p, "=")
		r.prefix = usual.of(r.prefix)
		s.routes = append(s.routes, r)
	}
	return s
}

func (s *site) goes(path string) string {
	r, clear := s.route(&Request{Method: "GET"}, path)
	switch {
	case !clear:
		return "unclear"
	case r == nil:
		return "none"
	}
	return r.name
}

func TestPathReadings(t *testing.T) {
	all := pathSite("=/exact", "/admin", "/@user", "/ü", "/")
	some := pathSite("/public")
	for _, c := range []struct {
		s          *site
		path, want string
	}{
		{all, "/admin", "/admin"}, {all, "/admin/x", "/admin"}, {all, "/administrator", "/"}, {all, "//admin", "/admin"}, {all, "/%61dmin/x", "/admin"}, {all, "/%2561dmin", "/"},
		{all, "/./admin", "unclear"}, {all, "/x/../admin", "unclear"}, {all, "/admin/../x", "unclear"}, {all, "/x/%2e%2e/admin", "unclear"}, {all, "/x%2f..%2fadmin", "unclear"}, {all, "/admin%2fx", "unclear"},
		{all, "/\\admin", "unclear"}, {all, "/x\\..\\admin", "unclear"}, {all, "/x%5c..%5cadmin", "unclear"}, {all, "/x/..;/admin", "unclear"}, {all, "/admin;a=b/x", "unclear"}, {all, "/;a/admin", "unclear"}, {all, "/admin/..;x/y", "unclear"},
		{all, "/exact", "=/exact"}, {all, "/exact/", "/"}, {all, "/ex%61ct", "=/exact"}, {all, "/exact;x", "unclear"},
		{all, "/%40user/x", "/@user"}, {all, "/%C3%BC", "/ü"}, {all, "/a%2Fb", "/"}, {all, "/a/b/../c", "/"}, {all, "/a;b=c/d", "/"}, {all, "/a//b/%2e%2E", "/"}, {all, "/.well-known/x", "/"}, {all, "/%zz", "/"}, {all, "/%", "/"},
		{some, "/public/x", "/public"}, {some, "/public/../admin", "unclear"}, {some, "/public//../admin", "unclear"}, {some, "/admin/../public", "unclear"}, {some, "/public/a%2f..%2fb", "/public"}, {some, "/public/..%2f..%2fadmin", "unclear"}, {some, "/x", "none"}, {some, "/public/../../public/x", "/public"},
	} {
		if got := c.s.goes(c.path); got != c.want {
			t.Errorf("%s: %s, want %s", c.path, got, c.want)
		}
	}
}

func TestStripped(t *testing.T) {
	for _, c := range [][3]string{
		{"/api/x?q", "/api", "/x?q"}, {"/api", "/api/", "/"}, {"/api?q=/api", "/api", "/?q=/api"}, {"/apis", "/api", "/apis"}, {"/x", "/api", "/x"}, {"//api//x", "/api", "//x"}, {"/%61pi/%61", "/api", "/%61"}, {"/a%2fpi", "/a/pi", "/a%2fpi"}, {"/a?pi", "/api", "/a?pi"}, {"/api", "/", "/api"}, {"/%", "/api", "/%"},
	} {
		if got := stripped(c[0], c[1]); got != c[2] {
			t.Errorf("%s without %s: %s, want %s", c[0], c[1], got, c[2])
		}
	}
}

// FuzzPath holds the choice of a route against what other programs make of a path.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{"/admin", "//admin", "/x/../admin", "/x%2f..%2fadmin", "/x\\..\\admin", "/..;/admin", "/%2e%2e/admin/./", "/public/%2E%2e/admin", "/admin/..//public", "/%5cadmin", "/a;/../admin"} {
		f.Add(seed)
	}
	s := pathSite("/admin", "/public/admin", "=/x", "/public")
	s2 := pathSite("/admin", "/")
	backslash := strings.NewReplacer("\\", "/")
	f.Fuzz(func(t *testing.T, p string) {
		if !strings.HasPrefix(p, "/") || strings.Contains(p, "?") || len(p) > 1000 {
			return
		}
		decoded, err := url.PathUnescape(p)
		if err != nil {
			return // no front lets it through
		}
		tomcat := strings.Split(p, "/")
		for i := range tomcat {
			tomcat[i], _, _ = strings.Cut(tomcat[i], ";")
		}
		segments, _ := url.PathUnescape(strings.Join(tomcat, "/"))
		for _, s := range []*site{s, s2} {
			want := s.goes(p)
			if want == "unclear" {
				continue
			}
			for who, read := range map[string]string{
				"decodes and cleans": path.Clean(decoded), "decodes": decoded, "cleans": path.Clean(p), "Windows": path.Clean(backslash.Replace(decoded)), "Tomcat": path.Clean(segments),
				"Go's URL": path.Clean((&url.URL{Path: decoded}).JoinPath().Path),
			} {
				read = "/" + strings.Join(strings.FieldsFunc(read, func(r rune) bool { return r == '/' }), "/") + map[bool]string{true: "/"}[strings.HasSuffix(read, "/") && read != "/"]
				got := "none"
				if r := s.pick(&Request{Method: "GET"}, read); r != nil {
					got = r.name
				}
				// A final slash or dot is lost in cleaning; only an exact route tells it.
				if got != want && got != "=/x" && want != "=/x" {
					t.Fatalf("%q: routed to %s, but who %s reads %q, which is %s", p, want, who, read, got)
				}
			}
		}
	})
}
