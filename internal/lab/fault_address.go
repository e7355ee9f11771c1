package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

func addressFaults() []Fault {
	f := func(name, doc string, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: vocab.WrongAddress, Symptom: vocab.ConnectionRefused, Status: 502, Needs: []string{"nginx"}, Start: start}
	}
	return []Fault{
		otherPort(nginx(), "the application listens on another port than proxy_pass says").onNginx(),
		f("address-node-port", "the Node application took its port from the environment, proxy_pass has the documented one", func(b *Bench) (Scene, error) {
			name := b.Name()
			wrong := b.Port()
			b.Node(name, fmt.Sprintf("127.0.0.1:%d", b.PortNear(wrong)), "res.end('ok\\n');")
			return b.Gateway(b.Site(name).Via(b, "http", fmt.Sprintf("127.0.0.1:%d", wrong))).Run().Scene()
		}).needs("node"),
		localhostV6(nginx(), "proxy_pass leads to [::1], the application listens on 127.0.0.1 only").onNginx(),
		f("address-other-local", "the application listens on 127.0.0.2, proxy_pass leads to 127.0.0.1", func(b *Bench) (Scene, error) {
			name := b.Name()
			p := b.Port()
			b.Backend(name, good(fmt.Sprintf("127.0.0.2:%d", p)))
			return b.Gateway(b.Site(name).Via(b, "http", fmt.Sprintf("127.0.0.1:%d", p))).Run().Scene()
		}),
		otherSocket(nginx(), ".socket").onNginx(),
		f("address-php-socket", "php-fpm listens on a unix socket, fastcgi_pass leads to a port", func(b *Bench) (Scene, error) {
			name := b.Name()
			b.PHP(name, b.socket(name), "", map[string]string{"index.php": "echo 'ok';"})
			return b.Gateway(b.phpSite(name, b.local(), "index.php")).Run().Scene()
		}).needs("php-fpm"),
	}
}

func permissionFaults() []Fault {
	f := func(name, doc string, needs []string, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: vocab.SocketPermission, Symptom: vocab.ProxyInternalError, Status: 502, Needs: append([]string{"nginx", "root"}, needs...), Start: start}
	}
	return []Fault{
		closedSocket(nginx()).onNginx(),
		f("permission-folder", "the unix socket is open to everybody, its folder to root only", nil, func(b *Bench) (Scene, error) {
			name := b.Name()
			dir := filepath.Join(b.home(name), "run")
			if err := os.Mkdir(dir, 0o700); err != nil {
				b.fail("cannot make %s: %w", dir, err)
			}
			address := "unix:" + filepath.Join(dir, "app.sock")
			b.backendAs(command{name: name, dir: filepath.Join("srv", name)}, good(address))
			return b.Gateway(b.Site(name).Via(b, "http", address)).Run().Scene()
		}),
		f("permission-php-pool", "php-fpm's pool gives its socket to root", []string{"php-fpm"}, func(b *Bench) (Scene, error) {
			name := b.Name()
			address := b.socket(name)
			b.PHP(name, address, "listen.owner = root\nlisten.group = root\nlisten.mode = 0660\n", map[string]string{"index.php": "echo 'ok';"})
			return b.Gateway(b.phpSite(name, address, "index.php")).Run().Scene()
		}),
	}
}

func limitFaults() []Fault {
	short := func(name, doc string, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: vocab.TimeoutTooShort, Symptom: vocab.ConnectionReadTimeout, Status: 504, Needs: []string{"nginx"}, Start: start}
	}
	big := func(name, doc, needs string, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: vocab.BufferTooSmall, Symptom: vocab.HTTPHeaderSectionSize, Status: 502, Needs: []string{"nginx", needs}, Start: start}
	}
	return []Fault{
		short("timeout-lowered", "a report takes 1.7 s, as always; proxy_read_timeout was lowered to 1 s", func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, steady(b.local()))
			s := b.Site(name).timed(b).Via(b, "http", app.Addr, "proxy_read_timeout 10s;")
			n := b.Gateway(s).from(app.Addr)
			n.Remember(40, b.asAlways).Run().Served(2)
			n.Edit(func(text string) string {
				return strings.Replace(text, "proxy_read_timeout 10s", "proxy_read_timeout 1s", 1)
			})
			n.Reload()
			return n.Scene("the limit was 10 s until a minute ago")
		}),
		short("timeout-always-close", "a report takes 1.6 to 1.8 s, as the log of the last hour shows; the limit is 1 s since this start", func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, steady(b.local()))
			s := b.Site(name).timed(b).Via(b, "http", app.Addr, "proxy_read_timeout 1s;")
			return b.Gateway(s).from(app.Addr).Remember(60, b.asAlways).Run().Scene()
		}),
		short("timeout-gunicorn", "a WSGI report takes 1.7 s, as always; the limit is 1 s", func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Gunicorn(name, b.local(), "time.sleep(1.7)\nreturn ok(start)\n", "--threads", "8", "--timeout", "60")
			s := b.Site(name).timed(b).Via(b, "http", app.Addr, "proxy_read_timeout 1s;")
			return b.Gateway(s).from(app.Addr).Remember(60, b.asAlways).Run().Scene()
		}).needs("gunicorn"),
		big("buffer-proxy", "the application sends 9 KB of cookies, proxy_buffer_size is 4k", "nginx", func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{{Path: "/", Pad: 9000}}})
			return b.Gateway(b.Site(name).Via(b, "http", app.Addr, pick(b, "", "proxy_buffer_size 4k;"))).Run().Scene()
		}),
		big("buffer-fastcgi", "the PHP script sends 9 KB of cookies, fastcgi_buffer_size is 4k", "php-fpm", func(b *Bench) (Scene, error) {
			name := b.Name()
			address := b.socket(name)
			b.PHP(name, address, "", map[string]string{"index.php": "for ($i = 0; $i < 9; $i++) { setcookie(\"s$i\", str_repeat('v', 1000)); }\necho 'ok';"})
			return b.Gateway(b.phpSite(name, address, "index.php")).Run().Scene()
		}),
	}
}

// steady is an application whose answers always take 1.7 seconds.
func steady(address string) backend.Config {
	return backend.Config{Listen: []string{address}, Idle: 30000, Routes: []backend.Route{{Path: "/", Delay: 1700}}}
}

func (b *Bench) asAlways() float64 { return 1.6 + b.Rand.Float64()/5 }
