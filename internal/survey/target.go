package survey

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// ParseTarget takes a URL apart. Without a scheme it is taken to be http, or
// https where the port is 443; without a path the path is "/".
func ParseTarget(text string) (Target, error) {
	text = strings.TrimSpace(text)
	whole := text
	if !strings.Contains(text, "://") {
		whole = "http://" + text
	}
	u, err := url.Parse(whole)
	if err != nil {
		return Target{}, fmt.Errorf("cannot read %q as a URL: %w", text, err)
	}
	t := Target{Scheme: strings.ToLower(u.Scheme), Host: hostName(u.Hostname()), Path: u.Path, Query: u.RawQuery}
	switch {
	case t.Scheme != "http" && t.Scheme != "https":
		return Target{}, fmt.Errorf("cannot examine %q: goodgate knows http and https, not %s", text, t.Scheme)
	case t.Host == "":
		return Target{}, fmt.Errorf("cannot examine %q: it names no host", text)
	}
	if t.Path == "" {
		t.Path, u.Path = "/", "/"
	}
	t.Port = 80
	if port := u.Port(); port != "" {
		if t.Port, err = strconv.Atoi(port); err != nil || t.Port < 1 || t.Port > 65535 {
			return Target{}, fmt.Errorf("cannot examine %q: %s is no port", text, port)
		}
		if whole != text && t.Port == 443 {
			t.Scheme = "https"
		}
	} else if t.Scheme == "https" {
		t.Port = 443
	}
	t.URL = t.Scheme + "://" + t.authority() + u.EscapedPath()
	if t.Query != "" {
		t.URL += "?" + t.Query
	}
	return t, nil
}

// hostName brings a host into the form that names are compared in: lower case,
// no final dot, an address in its usual spelling.
func hostName(h string) string {
	h = strings.ToLower(strings.TrimSuffix(h, "."))
	if a, err := netip.ParseAddr(h); err == nil {
		return a.WithZone("").String()
	}
	return h
}

// authority is the Host header that a client sends: with the port where it is
// not that of the scheme.
func (t Target) authority() string {
	h := t.Host
	if strings.Contains(h, ":") {
		h = "[" + h + "]"
	}
	if t.Scheme == "http" && t.Port == 80 || t.Scheme == "https" && t.Port == 443 {
		return h
	}
	return net.JoinHostPort(t.Host, strconv.Itoa(t.Port))
}

// addr returns the host where it is an address.
func (t Target) addr() (netip.Addr, bool) {
	a, err := netip.ParseAddr(t.Host)
	return a.Unmap(), err == nil
}
