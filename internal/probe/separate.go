package probe

import (
	"context"
	"crypto/tls"
)

// Separation tells why a handshake fails, by trying it in other ways.
type Separation struct {
	First           TLSResult  `json:"first"`                    // as the gateway does it
	WithName        *TLSResult `json:"with_name,omitempty"`      // with a server name
	OtherVersions   *TLSResult `json:"other_versions,omitempty"` // with every version and cipher we have, and the server name
	NeedsName       bool       `json:"needs_name"`               // it works only with a server name
	NoCommonVersion bool       `json:"no_common_version"`        // it works only with other versions or ciphers
}

// Separate does the handshake as o says. Where that fails inside TLS, or on a
// certificate for another name, it tries once with o.ServerName sent, where o sends
// none, and once with all versions and ciphers: three connections at most.
func Separate(ctx context.Context, d Dialer, network, address string, o TLSOptions) Separation {
	s := Separation{First: Handshake(ctx, d, network, address, o)}
	wrongName := s.First.VerifyError == VerifyNameDiffers
	if s.First.OK && !wrongName || s.First.PlainAnswer != "" || s.First.End == EndTimeout || s.First.Phase != "handshake" && !wrongName {
		return s
	}
	if !o.SendName && o.ServerName != "" {
		o.SendName = true
		r := Handshake(ctx, d, network, address, o)
		s.WithName = &r
		if s.NeedsName = passed(r) && (!wrongName || r.Verified); s.NeedsName {
			return s
		}
	}
	if wrongName {
		return s
	}
	o.MinVersion, o.MaxVersion, o.Ciphers = tls.VersionTLS10, 0, allCiphers()
	r := Handshake(ctx, d, network, address, o)
	s.OtherVersions, s.NoCommonVersion = &r, passed(r)
	return s
}

// passed reports whether the peer had nothing against the handshake; what we have
// against its certificate is another matter.
func passed(r TLSResult) bool { return r.OK || r.Phase == "verify" }
