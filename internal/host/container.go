package host

import "strings"

// ContainerID returns the id of the container in the text of /proc/PID/cgroup,
// or "". Docker, containerd, CRI-O and Podman name the cgroup after the 64
// hexadecimal digits of the id: "docker-<id>.scope", "/docker/<id>",
// "cri-containerd-<id>.scope", "/kubepods/…/<id>", "libpod-<id>.scope".
func ContainerID(cgroup string) string {
	parts := strings.FieldsFunc(cgroup, func(r rune) bool {
		return r == '/' || r == '\n' || r == ':' || r == '-' || r == '.'
	})
	for i := len(parts) - 1; i >= 0; i-- {
		if isContainerID(parts[i]) {
			return parts[i]
		}
	}
	return ""
}

func isContainerID(s string) bool {
	if len(s) != 64 {
		return false
	}
	for i := range len(s) {
		if !(s[i] >= '0' && s[i] <= '9' || s[i] >= 'a' && s[i] <= 'f') {
			return false
		}
	}
	return true
}
