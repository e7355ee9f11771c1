package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Load reads the configuration at path and looks at the files that it names:
// certificates, authorities, lists of servers, the folder of the log. What is wrong
// is an *Error with its place; a file that cannot be read at all is none.
func Load(path string) (*Config, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the configuration: %w", err)
	}
	c, err := Parse(b, path)
	if err != nil {
		return nil, err
	}
	if p := c.checkFiles(); p != nil {
		return nil, placed(b, path, p)
	}
	return c, nil
}

// checkFiles finds files that the gateway could not use.
func (c *Config) checkFiles() *Problem {
	for i, l := range c.Listen {
		path := fmt.Sprintf("$.listen[%d]", i)
		if p := pair(path, l.Cert, l.Key); p != nil {
			return p
		}
		if dir, ok := strings.CutPrefix(l.Address, "unix:"); ok && !strings.HasPrefix(dir, "@") {
			if p := folder(path+".address", dir); p != nil {
				return p
			}
		}
	}
	if f := c.AccessLog.File; f != "" && f != "-" {
		if p := folder("$.access_log.file", f); p != nil {
			return p
		}
	}
	for name, u := range c.Upstreams {
		path := upstreamPath(name)
		if u.File != "" {
			if _, err := u.ReadServers(); err != nil {
				return problem(path+".servers_file", "%s", err)
			}
		}
		if t := u.TLS; t != nil {
			if _, err := Authorities(t.CA); err != nil {
				return problem(path+".tls.ca", "%s", err)
			}
			if p := pair(path+".tls", t.Cert, t.Key); p != nil {
				return p
			}
		}
	}
	return nil
}

// pair looks at a certificate and its key.
func pair(path, cert, key string) *Problem {
	if cert == "" {
		return nil
	}
	for _, one := range []struct{ key, file string }{{"cert", cert}, {"key", key}} {
		f, err := os.Open(one.file)
		if err != nil {
			return problem(path+"."+one.key, "%s", reasonOf(err))
		}
		f.Close()
	}
	if _, err := tls.LoadX509KeyPair(cert, key); err != nil {
		return problem(path+".cert", "%s and %s are no certificate and its key: %s", cert, key, strings.TrimPrefix(err.Error(), "tls: "))
	}
	return nil
}

// folder looks whether a file can be made, or opened for writing.
func folder(path, file string) *Problem {
	dir := filepath.Dir(file)
	if fi, err := os.Stat(dir); err != nil {
		return problem(path, "%s", reasonOf(err))
	} else if !fi.IsDir() {
		return problem(path, "%s is no folder", dir)
	}
	if fi, err := os.Stat(file); err == nil && fi.IsDir() {
		return problem(path, "%s is a folder", file)
	}
	return nil
}

// reasonOf says why a file cannot be used, and what to try.
func reasonOf(err error) string {
	text := "cannot " + strings.Replace(err.Error(), "stat ", "find ", 1)
	var p *fs.PathError
	if errors.As(err, &p) && errors.Is(err, fs.ErrNotExist) && !filepath.IsAbs(p.Path) {
		text += "; a relative path begins where the gateway is started"
	}
	if errors.Is(err, fs.ErrPermission) {
		text += fmt.Sprintf("; user %d must be able to read it", os.Geteuid())
	}
	return text
}

// Authorities reads a PEM file of authorities; nil, which means the system's, where
// there is none.
func Authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, errors.New(reasonOf(err))
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return pool, nil
}

// ReadServers reads the servers of the upstream's file: one per line, what follows a
// # is a remark. A file without a server is an error: it is being written, and an
// upstream must not lose its servers meanwhile.
func (u *Upstream) ReadServers() ([]Address, error) {
	b, err := os.ReadFile(u.File)
	if err != nil {
		return nil, errors.New(reasonOf(err))
	}
	var list []Address
	n := 0
	for line := range strings.Lines(string(b)) {
		n++
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		a, err := u.Server(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", u.File, n, err)
		}
		list = append(list, a)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s holds no server", u.File)
	}
	return list, nil
}
