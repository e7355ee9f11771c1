package doctor_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/doctor"
	"github.com/goodgatehq/goodgate/internal/registry"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// TestPastedAnswers explains answers as a browser, curl -i and curl -v show them:
// who made them, and what that product means by that status.
func TestPastedAnswers(t *testing.T) {
	for _, c := range []struct {
		name, text string
		product    string
		sure       bool
		cause      vocab.Cause // the first one; empty: any
	}{
		{"nginx's page", "<html>\n<head><title>504 Gateway Time-out</title></head>\n<body>\n<center><h1>504 Gateway Time-out</h1></center>\n<hr><center>nginx/1.22.1</center>\n</body>\n</html>\n", "nginx", true, vocab.UpstreamSlow},
		{"haproxy's page", "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n", "haproxy", true, vocab.NoHealthyUpstream},
		{"curl -v of envoy", "* Connected to a\n> GET / HTTP/1.1\n> Host: a\n>\n< HTTP/1.1 503 Service Unavailable\r\n< server: envoy\r\n< content-length: 91\r\n<\r\nupstream connect error or disconnect/reset before headers. reset reason: connection termination\n", "envoy", true, vocab.KeepaliveRace},
		{"curl -i of an ALB", "HTTP/1.1 503 Service Temporarily Unavailable\nServer: awselb/2.0\nContent-Type: text/html\n\n<html>\n<head><title>503 Service Temporarily Unavailable</title></head>\n<body>\n<center><h1>503 Service Temporarily Unavailable</h1></center>\n</body>\n</html>\n", "aws-alb", true, vocab.NoHealthyUpstream},
		{"cloudflare's status", "HTTP/2 525\nserver: cloudflare\ncf-ray: 8f1c2d3e4a5b6c7d-FRA\n\n", "cloudflare", true, vocab.TLSHandshake},
		{"an application behind nginx", "HTTP/1.1 500 Internal Server Error\nServer: nginx\nContent-Type: application/json\n\n{\"error\":\"boom\"}\n", "nginx", false, vocab.AppError},
		{"a page's fragment", "<hr><center>openresty/1.25.3.1</center>\n", "openresty", true, ""},
	} {
		e := explain(t, doctor.ExplainOptions{Input: strings.NewReader(c.text)})
		if e.MadeBy == nil || e.MadeBy.Product != c.product || e.MadeBy.Sure != c.sure {
			t.Errorf("%s: made by %+v", c.name, e.MadeBy)
		}
		if c.cause != "" && (len(e.Causes) == 0 || e.Causes[0].ID != c.cause) {
			t.Errorf("%s: %v, want %s first", c.name, listed(e), c.cause)
		}
	}
}

// TestSizesOfPages explains access lines of which nothing but the size is left: a
// size supports and proves nothing.
func TestSizesOfPages(t *testing.T) {
	for size, product := range map[string]string{"157": "nginx", "150": "nginx", "107": "haproxy", "11": "traefik", "4096": ""} {
		e := explain(t, doctor.ExplainOptions{Input: strings.NewReader(`127.0.0.1 - - [20/Nov/2026:06:28:23 +0000] "GET /a HTTP/1.1" 502 ` + size + ` "-" "curl/7.88.1"` + "\n")})
		switch {
		case product == "" && e.MadeBy == nil:
		case product == "" || e.MadeBy == nil || e.MadeBy.Product != product || e.MadeBy.Sure:
			t.Errorf("%s bytes: made by %+v, want %q and not sure", size, e.MadeBy, product)
		}
	}
}

// TestNoAnswerIsSeenInLogs checks that log lines are not taken for answers.
func TestNoAnswerIsSeenInLogs(t *testing.T) {
	for _, text := range []string{
		"2026/11/20 06:28:23 [error] 564#564: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1, server: a, request: \"GET / HTTP/1.1\", upstream: \"http://127.0.0.1:3000/\", host: \"a\"\n",
		"127.0.0.1 - - [20/Nov/2026:06:28:23 +0000] \"GET /refused HTTP/1.1\" 502 4097 \"-\" \"curl/7.88.1\"\n",
		"upstream timed out\n",
	} {
		if e := explain(t, doctor.ExplainOptions{Input: strings.NewReader(text)}); e.MadeBy != nil {
			t.Errorf("made by %+v: %q", e.MadeBy, text)
		}
	}
}

// TestTermsOfEveryProduct asks for terms as people type them.
func TestTermsOfEveryProduct(t *testing.T) {
	for _, c := range []struct {
		word, product string
		cause         vocab.Cause
	}{
		{"sH", "haproxy", vocab.UpstreamSlow}, {"SH", "haproxy", vocab.UpstreamCrashed}, {"SC--", "haproxy", vocab.UpstreamDown}, {"L4CON", "haproxy", vocab.UpstreamDown}, {"l7sts", "haproxy", vocab.HealthCheckWrong},
		{"UC", "envoy", vocab.KeepaliveRace}, {"UF", "envoy", vocab.UpstreamDown}, {"NR", "envoy", vocab.NoRoute}, {"UO", "envoy", vocab.ConnectionsExhausted},
		{"AH01114", "apache", vocab.UpstreamDown}, {"AH01102", "apache", vocab.KeepaliveRace}, {"first byte timeout", "varnish", vocab.UpstreamSlow}, {"http first read error", "varnish", vocab.UpstreamCrashed},
		{"H12", "heroku", vocab.UpstreamSlow}, {"R15", "heroku", vocab.UpstreamOOMKilled}, {"521", "cloudflare", vocab.UpstreamDown}, {"1033", "cloudflare", vocab.UpstreamDown},
		{"OriginDnsError", "cloudfront", vocab.NoSuchName}, {"backend_timeout", "gcp-lb", vocab.UpstreamSlow}, {"HTTPCode_ELB_502_Count", "elb", vocab.KeepaliveRace},
		{"OriginTimeout", "azure", vocab.UpstreamSlow}, {"502.5", "iis", vocab.UpstreamCrashed}, {"0x80072ee2", "iis", vocab.UpstreamSlow}, {"CrashLoopBackOff", "kubernetes", vocab.UpstreamCrashed}, {"OOMKilled", "kubernetes", vocab.UpstreamOOMKilled},
		{"ERR_DNS_FAIL", "squid", vocab.NoSuchName}, {"ERR_NGROK_8012", "ngrok", vocab.UpstreamDown}, {"FUNCTION_INVOCATION_TIMEOUT", "vercel", vocab.UpstreamSlow},
		{"max_children", "php-fpm", vocab.WorkersExhausted}, {"WORKER TIMEOUT", "gunicorn", vocab.WorkerKilled}, {"harakiri", "uwsgi", vocab.WorkerKilled}, {"PR04", "fly", vocab.KeepaliveRace},
	} {
		e := explain(t, doctor.ExplainOptions{Words: []string{c.word}})
		if !slices.ContainsFunc(e.Words, func(w doctor.Word) bool { return w.Product == c.product && w.Meaning != "" }) {
			t.Errorf("%s: no term of %s: %+v", c.word, c.product, e.Words)
		}
		if len(e.Causes) == 0 || e.Causes[0].ID != c.cause {
			t.Errorf("%s: %v, want %s first", c.word, listed(e), c.cause)
		}
	}
}

// TestAProgramBehindAGateway checks that what an application cannot reach is not
// taken for what the gateway cannot reach.
func TestAProgramBehindAGateway(t *testing.T) {
	gateway := "2026/11/20 06:28:23 [error] 564#564: *1 upstream timed out (110: Connection timed out) while reading response header from upstream, client: 127.0.0.1, server: a, request: \"GET / HTTP/1.1\", upstream: \"http://127.0.0.1:3000/\", host: \"a\"\n"
	program := "java.net.SocketTimeoutException: connect timed out\n"
	if e := explain(t, doctor.ExplainOptions{Input: strings.NewReader(gateway + program)}); len(e.Causes) == 0 || e.Causes[0].ID != vocab.DependencyDown {
		t.Errorf("both: %v", listed(e))
	}
	if e := explain(t, doctor.ExplainOptions{Input: strings.NewReader(program)}); len(e.Causes) == 0 || e.Causes[0].ID != vocab.Filtered {
		t.Errorf("the program alone: %v", listed(e))
	}
}

func FuzzExplain(f *testing.F) {
	f.Add("HTTP/1.1 502 Bad Gateway\nServer: nginx\n\n<hr><center>nginx</center>", "networks:\n  - web")
	f.Add("< HTTP/2 503\n<\n{", "bind = \"127.0.0.1\"")
	f.Fuzz(func(t *testing.T, text, config string) {
		explain(t, doctor.ExplainOptions{Input: strings.NewReader(text), ConfigText: []byte(config)})
	})
}

func explain(t testing.TB, opts doctor.ExplainOptions) *doctor.Explanation {
	t.Helper()
	opts.Dialects = registry.Dialects()
	e, err := doctor.Explain(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, c := range e.Causes {
		sum += c.Confidence
		if c.Verdict == vocab.Confirmed {
			t.Errorf("%s is confirmed by lines alone", c.ID)
		}
	}
	if len(e.Words) == 0 && sum > 1.01 {
		t.Errorf("confidences sum to %v", sum)
	}
	return e
}

func listed(e *doctor.Explanation) []vocab.Cause {
	var list []vocab.Cause
	for _, c := range e.Causes {
		list = append(list, c.ID)
	}
	return list[:min(4, len(list))]
}
