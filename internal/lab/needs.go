package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// MissingError says that a fault cannot be started here, and what is missing.
type MissingError struct {
	Fault string
	Needs []string
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("cannot start fault %s here: it needs %s (scripts/install-peers installs programs; the rest needs root)", e.Fault, strings.Join(e.Needs, ", "))
}

// Missing returns those of f's needs that are not met here.
func Missing(f Fault) []string {
	var missing []string
	for _, need := range f.Needs {
		if !have(need) {
			missing = append(missing, need)
		}
	}
	return missing
}

func have(need string) bool {
	switch need {
	case "root":
		return os.Geteuid() == 0
	case "netns":
		return os.Geteuid() == 0 && program("ip") != "" && program("nsenter") != ""
	case "tun":
		return os.Geteuid() == 0 && exists("/dev/net/tun")
	case "cgroup:pressure":
		return os.Geteuid() == 0 && pressureRoot() != ""
	case "conntrack":
		return os.Geteuid() == 0 && tracked() > 0 && tracked() <= trackedMost
	case "fuse":
		return os.Geteuid() == 0 && haveFuse()
	case "cgroup:memory", "cgroup:pids", "cgroup:cpu", "cgroup:blkio":
		root, _ := groupRoot(strings.TrimPrefix(need, "cgroup:"))
		return os.Geteuid() == 0 && root != ""
	case "tomcat":
		return exists(tomcatHome + "/bin/bootstrap.jar")
	default:
		return program(need) != ""
	}
}

// CaddyVersion is the newer Caddy that scenes run beside Debian's. No archive has
// it: scripts/install-peers builds it with the Go tool.
const CaddyVersion = "v2.11.9"

// NewerSuite is the suite of Debian whose HAProxy and nginx scenes run beside those
// of this Debian: scripts/install-peers fetches them.
const NewerSuite = "trixie"

// built returns the path of a program that a script of this repository built, or "".
func built(name string) string {
	dirs := []string{"/usr/local/lib"} // root's, where other users may run it
	if cache, err := os.UserCacheDir(); err == nil {
		dirs = append(dirs, cache)
	}
	for _, dir := range dirs {
		path := filepath.Join(dir, "goodgate", name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path
		}
	}
	return ""
}

// program returns the path of a program, or "". Debian keeps servers in
// /usr/sbin, which is not in everybody's PATH, and puts PHP's version into the
// name of php-fpm.
func program(name string) string {
	names := []string{name}
	switch name {
	case "caddy-new":
		return built("caddy-" + CaddyVersion + "/caddy")
	case "haproxy-new", "nginx-new":
		name = strings.TrimSuffix(name, "-new")
		return built(name + "-" + NewerSuite + "/" + name)
	case "php-fpm":
		names = []string{"php-fpm", "php-fpm8.4", "php-fpm8.3", "php-fpm8.2", "php-fpm8.1"}
	case "uwsgi":
		names = []string{"uwsgi", "uwsgi_python3"}
	}
	for _, n := range names {
		if path, err := exec.LookPath(n); err == nil {
			return path
		}
		for _, dir := range []string{"/usr/sbin/", "/sbin/", "/usr/local/sbin/"} {
			if info, err := os.Stat(dir + n); err == nil && info.Mode()&0o111 != 0 {
				return dir + n
			}
		}
		if path := built(n); path != "" {
			return path
		}
	}
	return ""
}
