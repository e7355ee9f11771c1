package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// tomcatHome is where Debian keeps Tomcat (packages tomcat10-common, tomcat10-user).
const tomcatHome = "/usr/share/tomcat10"

// tomcat is a Tomcat that runs.
type tomcat struct {
	*Proc
	HTTP, AJP string // where it listens
}

// Tomcat starts a Tomcat with an HTTP and an AJP connector. pages are JSPs by name;
// threads is how many requests each connector works on at a time.
func (b *Bench) Tomcat(name, http, ajp string, threads int, pages map[string]string) *tomcat {
	dir := b.home(name)
	if b.err != nil {
		return &tomcat{Proc: &Proc{b: b, name: name}}
	}
	for _, sub := range []string{"logs", "temp", "work", "webapps/ROOT"} {
		b.webFolder(filepath.Join(dir, sub))
	}
	for _, file := range []string{"web.xml", "catalina.properties", "context.xml"} {
		text, err := os.ReadFile(filepath.Join(tomcatHome, "skel/conf", file))
		if err != nil {
			b.fail("cannot lay out Tomcat: %w", err)
			return &tomcat{Proc: &Proc{b: b, name: name}}
		}
		b.Write(filepath.Join(dir, "conf", file), string(text))
	}
	b.Write(filepath.Join(dir, "conf/logging.properties"), "handlers = java.util.logging.ConsoleHandler\n.handlers = java.util.logging.ConsoleHandler\n.level = INFO\njava.util.logging.ConsoleHandler.level = FINE\njava.util.logging.ConsoleHandler.formatter = org.apache.juli.OneLineFormatter\n")
	b.Write(filepath.Join(dir, "conf/server.xml"), fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<Server port="-1">
  <Service name="Catalina">
    <Connector port="%d" address="127.0.0.1" protocol="HTTP/1.1" maxThreads="%d" minSpareThreads="1" acceptCount="20" connectionTimeout="20000"/>
    <Connector port="%d" address="127.0.0.1" protocol="AJP/1.3" maxThreads="%d" minSpareThreads="1" secretRequired="false"/>
    <Engine name="Catalina" defaultHost="localhost">
      <Host name="localhost" appBase="webapps" unpackWARs="false" autoDeploy="false"/>
    </Engine>
  </Service>
</Server>
`, port(http), threads, port(ajp), threads))
	for file, text := range pages {
		b.Write(filepath.Join(dir, "webapps/ROOT", file), text)
	}
	args := []string{
		"-Xmx96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
		"-Djava.util.logging.config.file=" + filepath.Join(dir, "conf/logging.properties"), "-Djava.util.logging.manager=org.apache.juli.ClassLoaderLogManager",
		"-Dcatalina.home=" + tomcatHome, "-Dcatalina.base=" + dir, "-Djava.io.tmpdir=" + filepath.Join(dir, "temp"),
		"-classpath", tomcatHome + "/bin/bootstrap.jar:" + tomcatHome + "/bin/tomcat-juli.jar", "org.apache.catalina.startup.Bootstrap", "start",
	}
	p := b.Start(command{name: name, dir: dir, path: program("java"), args: args, user: true, log: filepath.Join(dir, "logs/catalina.out")})
	p.Addr = http
	p.listening()
	p.Addr = ajp
	p.listening()
	// The connectors take connections before the first page has been compiled.
	b.until("Tomcat answers", func() bool { return b.ask(b.ctx, nil, "GET", "http://"+http+"/ok.jsp", 0).Status == 200 })
	return &tomcat{Proc: p, HTTP: http, AJP: ajp}
}

// webFolder makes a folder that the web user may write.
func (b *Bench) webFolder(dir string) {
	err := os.MkdirAll(dir, 0o755)
	if err == nil && os.Geteuid() == 0 {
		err = os.Chown(dir, webUser, webUser)
	}
	if err != nil {
		b.fail("cannot make %s: %w", dir, err)
	}
}

// tomcatPages are an application: one page that answers, one that fails, one that
// takes for ever.
var tomcatPages = map[string]string{
	"ok.jsp":   "ok\n",
	"fail.jsp": "<% if (true) throw new IllegalStateException(\"order 4711 has no customer\"); %>\n",
	"long.jsp": "<% Thread.sleep(600000); %>\n",
}

// tomcatFaults are Tomcat behind Apache's mod_proxy_ajp and behind nginx.
func tomcatFaults() []Fault {
	behindApache := func(page string, params string, end func(b *Bench, p *tomcat, a *Gateway)) start {
		return func(b *Bench) (Scene, error) {
			name := b.Name()
			http, ajp := b.local(), b.local()
			p := b.Tomcat(name, http, ajp, 2, tomcatPages)
			a := b.ajpSite(name, ajp, params)
			// The prefix of the route is not Tomcat's.
			a.target.path = strings.TrimSuffix(a.target.Route, "/") + "/" + page
			a.Run()
			if end != nil {
				end(b, p, a.Gateway)
			}
			return a.Scene()
		}
	}
	behindNginx := func(page string, end func(b *Bench, p *tomcat, n *Gateway), extra ...string) start {
		return func(b *Bench) (Scene, error) {
			name := b.Name()
			http, ajp := b.local(), b.local()
			p := b.Tomcat(name, http, ajp, 2, tomcatPages)
			s := b.Site(name)
			s.Route, s.path = "/", "/"+page
			// Tomcat refuses a Host with an underscore, as the name of an upstream block
			// often has one: 400.
			s.Pass = "proxy_pass http://" + http + ";\nproxy_set_header Host $host;\n" + strings.Join(extra, "\n")
			n := b.Gateway(s).Run()
			if end != nil {
				end(b, p, n)
			}
			return n.Scene()
		}
	}
	needs := []string{"java", "tomcat"}
	all := []Fault{
		{Name: "tomcat-down", Doc: "Tomcat served requests and was then stopped", Cause: vocab.UpstreamDown, Symptom: vocab.ConnectionRefused, Status: 503, Gateway: "apache",
			Start: behindApache("ok.jsp", "retry=0", func(_ *Bench, p *tomcat, a *Gateway) { a.Served(2); p.End() })},
		{Name: "tomcat-fails", Doc: "a JSP throws an exception; Tomcat answers 500", Cause: vocab.AppError, Status: 500, Gateway: "apache", Start: behindApache("fail.jsp", "", nil)},
		{Name: "healthy-tomcat", Doc: "Tomcat answers in AJP", Status: 200, Healthy: true, Gateway: "apache",
			Start: behindApache("ok.jsp", "", func(_ *Bench, _ *tomcat, a *Gateway) { a.Served(2) })},
		{Name: "tomcat-threads", Doc: "both of Tomcat's threads are busy and further requests wait until nginx gives up", Cause: vocab.WorkersExhausted, Symptom: vocab.ConnectionReadTimeout, Status: 504,
			Start: behindNginx("ok.jsp", func(b *Bench, p *tomcat, n *Gateway) {
				n.Served(2)
				for range 2 {
					b.occupy(nil, "http://"+p.HTTP+"/long.jsp")
				}
				b.until("both threads are busy", func() bool { return n.Get(1).Status == 504 })
			}, "proxy_read_timeout 1s;")},
		{Name: "tomcat-500", Doc: "a JSP throws an exception; Tomcat answers 500", Cause: vocab.AppError, Status: 500, Start: behindNginx("fail.jsp", nil)},
		{Name: "healthy-tomcat-http", Doc: "Tomcat answers in HTTP", Status: 200, Healthy: true, Start: behindNginx("ok.jsp", nil)},
	}
	for i := range all {
		if all[i].Gateway == "apache" {
			all[i].asApache()
			all[i].Needs = append(all[i].Needs, needs...)
			continue
		}
		all[i].Needs = append([]string{"nginx"}, needs...)
	}
	return all
}
