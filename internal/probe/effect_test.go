package probe

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// faulty are answers with one fault each, or with none.
var faulty = []struct{ name, text string }{
	{"no status line", "ICY 200 OK\r\nContent-Length: 2\r\n\r\nok"},
	{"garbage", "\x00\x01\x02garbage\r\n\r\n"},
	{"two spaces", "HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\nok"},
	{"four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok"},
	{"sub-status", "HTTP/1.1 403.1 No\r\nContent-Length: 2\r\n\r\nok"},
	{"no space", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok"},
	{"version", "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok"},
	{"empty line first", "\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
	{"no colon", head + "Server\r\nContent-Length: 2\r\n\r\nok"},
	{"space before colon", head + "X-A : b\r\nContent-Length: 2\r\n\r\nok"},
	{"space in name", head + "X A: b\r\nContent-Length: 2\r\n\r\nok"},
	{"parenthesis in name", head + "X(A): b\r\nContent-Length: 2\r\n\r\nok"},
	{"control in name", head + "X\x01A: b\r\nContent-Length: 2\r\n\r\nok"},
	{"no name", head + ": b\r\nContent-Length: 2\r\n\r\nok"},
	{"NUL", head + "A: b\x00c\r\nContent-Length: 2\r\n\r\nok"},
	{"control", head + "A: b\x01c\r\nContent-Length: 2\r\n\r\nok"},
	{"bare CR", head + "A: b\rc\r\nContent-Length: 2\r\n\r\nok"},
	{"folded", head + "A: b\r\n c\r\nContent-Length: 2\r\n\r\nok"},
	{"leading space", head + " A: b\r\nContent-Length: 2\r\n\r\nok"},
	{"bare LF", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"},
	{"length invalid", head + "Content-Length: x\r\n\r\nok"},
	{"length twice", head + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok"},
	{"length and coding", head + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"},
	{"coding twice", head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"},
	{"coding unknown", head + "Transfer-Encoding: foo\r\n\r\nok"},
	{"coding in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"},
	{"chunk size", head + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n"},
	{"chunk end", head + "Transfer-Encoding: chunked\r\n\r\n2\r\nokxx\r\n0\r\n\r\n"},
	{"chunk cut", head + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"},
	{"short", head + "Content-Length: 9\r\n\r\nok"},
	{"head cut", head + "Server: x\r\n"},
	{"extra", head + "Content-Length: 2\r\n\r\nokmore"},
	{"length in 204", "HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\n"},
	{"good", head + "Content-Length: 2\r\n\r\nok"},
}

const head = "HTTP/1.1 200 OK\r\n"

// TestNginxEffect holds the table against the nginx that is installed.
func TestNginxEffect(t *testing.T) {
	program := need(t, "nginx", "apt-get install nginx")
	out, _ := exec.Command(program, "-v").CombinedOutput()
	_, version := versioned(strings.TrimSpace(strings.TrimPrefix(string(out), "nginx version:")))
	dir, front := t.TempDir(), port(t)
	var conf strings.Builder
	fmt.Fprintf(&conf, "server { listen %s;\n", front)
	for i, c := range faulty {
		fmt.Fprintf(&conf, "location = /%d { proxy_pass http://%s; }\n", i, says(t, c.text))
	}
	nginx(t, dir, conf.String()+"}", front)
	for i, c := range faulty {
		own := HTTP(t.Context(), direct, tcp(says(t, c.text)), get, short)
		want := Takes
		for _, f := range own.Faults {
			if e := NginxEffect(version, f); e != Takes && (want == Takes || want == Cuts) {
				want = e
			}
		}
		spoken := get
		spoken.URI, spoken.Version = fmt.Sprintf("/%d", i), "1.1" // so that a body that is cut shows
		got := effectOf(HTTP(t.Context(), direct, tcp(front), spoken, short))
		if want != Unsure && got != want {
			t.Errorf("%s: nginx %s %s, and we say %s: %v", c.name, version, got, want, own.Faults)
		}
	}
}

// effectOf reads the effect off what a client of nginx got.
func effectOf(x Exchange) Effect {
	switch {
	case x.Status == 502:
		return Refuses
	case x.Bytes == 0 || x.BodyEnd == BodyShort || x.BodyEnd == BodyChunkCut:
		return Cuts
	case !strings.HasPrefix(x.Get("Server"), "nginx"):
		return Passes // nginx made no head
	}
	return Takes
}

func TestEffectOfUnknownVersions(t *testing.T) {
	for version, want := range map[string]Effect{"": Unsure, "x.y": Unsure, "1": Unsure, "1.22.1": Takes, "1.27.3": Unsure, "2.0": Unsure} {
		if got := NginxEffect(version, http1.NewFault(http1.LengthDiffers, 0, nil)); got != want {
			t.Errorf("%q: %s, want %s", version, got, want)
		}
	}
}
