package nginx

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/fcgi"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// TestParamsAgreeWithNginx lets nginx send requests to a FastCGI server and
// compares what it gets with what the decision says.
func TestParamsAgreeWithNginx(t *testing.T) {
	nginx := here(t)
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	documents(t, dir)
	l, err := net.Listen("unix", filepath.Join(dir, "php.sock"))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = fcgi.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// What net/http makes something of itself is not among these: the
			// test's own names begin with P_.
			_ = json.NewEncoder(w).Encode(fcgi.ProcessEnv(r))
		}))
	}()
	t.Cleanup(func() { l.Close(); <-served })
	address := freeAddresses(t, 1)[0]
	launch := write(t, nginx, dir, `pid nginx.pid; error_log error.log; user root; events {}
http { access_log off; server { listen `+address+`; server_name www.site.test; root html; index index.html x.php;
    set $early one;
    location / { try_files $uri $uri/ /d/x.php?q=$uri&$args; }
    location ~ ^(?<script>.+\.php)(?<rest>/.*)?$ {
        fastcgi_split_path_info ^(.+?\.php)(/.*)$;
        fastcgi_pass unix:`+dir+`/php.sock; fastcgi_index x.php;
        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
        fastcgi_param REQUEST_METHOD $request_method; fastcgi_param SERVER_PROTOCOL $server_protocol;
        fastcgi_param REQUEST_URI $request_uri; fastcgi_param QUERY_STRING $query_string;
        fastcgi_param P_RURI $request_uri; fastcgi_param P_QUERY $query_string; fastcgi_param P_METHOD $request_method; fastcgi_param P_FILE $document_root$fastcgi_script_name; fastcgi_param P_RFILE $request_filename;
        fastcgi_param P_INFO $fastcgi_path_info; fastcgi_param P_SCRIPT $script; fastcgi_param P_REST "r:$rest";
        fastcgi_param P_NAME $server_name; fastcgi_param P_HOST $host; fastcgi_param P_PORT $server_port;
        fastcgi_param P_HTTPS $https if_not_empty; fastcgi_param P_SCHEME ${scheme}x; fastcgi_param P_EARLY $early;
        fastcgi_param P_ARG $arg_a; fastcgi_param P_URI $uri; fastcgi_param P_ISARGS [$is_args]; fastcgi_param P_HHOST $http_host;
    }
} }`)
	serve(t, nginx, dir, address)
	conf := Config(disk{}, launch)
	for _, target := range []string{"/d/x.php", "/d/x.php/more/path?a=b", "/none?a=1", "/d/x.php?A=2&a=3", "/a", "/deep/er/"} {
		status, body := ask(t, address, "GET", target, "WWW.site.test")
		path, query, _ := strings.Cut(target, "?")
		d := conf.Resolve(topo.Request{Listener: address, Host: "www.site.test", Method: "GET", Path: path, Query: query, Port: atoiPort(address[strings.LastIndexByte(address, ':')+1:])})
		if d.Outcome != topo.Forwards {
			if strings.HasPrefix(body, "{") || status != d.Status {
				t.Errorf("%s: %s %d, nginx answers %d %s", target, d.Outcome, d.Status, status, body)
			}
			continue
		}
		got := map[string]string{}
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Errorf("%s: %d %s: %v", target, status, body, err)
			continue
		}
		for _, p := range d.Upstream.Params {
			want := got[p.Name]
			if p.Name == "P_HHOST" { // the client wrote another case and no port
				want = strings.ToLower(want) + address[strings.LastIndexByte(address, ':'):]
			}
			if strings.HasPrefix(p.Name, "P_") && p.Value != want {
				t.Errorf("%s: %s is %q, nginx sends %q", target, p.Name, p.Value, want)
			}
		}
		for name := range got {
			if strings.HasPrefix(name, "P_") && !has(d.Upstream.Params, name) {
				t.Errorf("%s: nginx sends %s as well", target, name)
			}
		}
	}
}

func has(list []topo.Header, name string) bool {
	for _, h := range list {
		if h.Name == name {
			return true
		}
	}
	return false
}
