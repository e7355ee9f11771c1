// Package auth has the names of go-http-auth that Traefik compiles against. It
// lets nobody in: the laboratory has no password.
package auth

import (
	"net/http"
)

// BasicAuth asks for a password and takes none.
type BasicAuth struct {
	Realm   string
	Secrets func(user, realm string) string
}

// RequireAuth refuses the request.
func (*BasicAuth) RequireAuth(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusUnauthorized)
}

// CheckSecret reports whether password matches secret: never.
func CheckSecret(string, string) bool { return false }

// DigestAuth asks for a password and takes none.
type DigestAuth struct{}

// NewDigestAuthenticator returns a DigestAuth.
func NewDigestAuthenticator(string, func(user, realm string) string) *DigestAuth {
	return &DigestAuth{}
}

// CheckAuth returns the name of the user: none.
func (*DigestAuth) CheckAuth(*http.Request) (string, *string) { return "", nil }

// RequireAuth refuses the request.
func (*DigestAuth) RequireAuth(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusUnauthorized)
}

// RequireAuthStale refuses the request.
func (d *DigestAuth) RequireAuthStale(w http.ResponseWriter, r *http.Request) { d.RequireAuth(w, r) }

// DigestAuthParams returns the parameters of the header: none.
func DigestAuthParams(string) map[string]string { return nil }
