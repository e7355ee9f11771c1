package probe

import (
	"slices"
	"testing"
)

// TestSized holds the sizes against those that were counted (nginx 1.22.1 and
// 1.27.3, an ALB, HAProxy 2.6.12, Traefik), and against the pages themselves.
func TestSized(t *testing.T) {
	for _, c := range []struct {
		status int
		size   int64
		want   string
	}{
		{500, 170, "nginx"}, {502, 150, "nginx"}, {503, 190, "nginx"}, {504, 160, "nginx"}, {502, 157, "nginx"}, {504, 167, "nginx"},
		{502, 122, "aws-alb"}, {503, 162, "aws-alb"},
		{502, 107, "haproxy"}, {503, 107, "haproxy"}, {504, 92, "haproxy"},
		{502, 11, "traefik"}, {504, 15, "traefik"}, {500, 21, "traefik"}, {503, 19, "traefik"},
		{502, 4096, ""}, {502, 0, ""}, {200, 150, ""},
	} {
		got := Sized(c.status, c.size)
		if c.want == "" && len(got) > 0 || c.want != "" && !slices.Contains(got, c.want) {
			t.Errorf("%d of %d bytes: %v, want %q", c.status, c.size, got, c.want)
		}
	}
	for status, body := range map[int]string{
		500: "<html><body><h1>500 Internal Server Error</h1>\nAn internal server error occurred.\n</body></html>\n",
		502: "<html><body><h1>502 Bad Gateway</h1>\nThe server returned an invalid or incomplete response.\n</body></html>\n",
		503: "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n",
		504: "<html><body><h1>504 Gateway Time-out</h1>\nThe server didn't respond in time.\n</body></html>\n",
	} {
		if !slices.Contains(Sized(status, int64(len(body))), "haproxy") {
			t.Errorf("%d: HAProxy's page has %d bytes: %v", status, len(body), Sized(status, int64(len(body))))
		}
		if m := Maker(status, nil, []byte(body)); m.Product != "haproxy" || m.Grade != GradeBody {
			t.Errorf("%d: %+v", status, m)
		}
	}
}
