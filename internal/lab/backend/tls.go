package backend

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
)

// TLS says how a backend speaks it.
type TLS struct {
	Certificate string `json:"certificate"` // PEM file
	Key         string `json:"key"`
	Min         uint16 `json:"min,omitempty"` // tls.VersionTLS12 …
	Max         uint16 `json:"max,omitempty"`
	Name        string `json:"name,omitempty"`    // refuse clients that do not ask for this name
	Clients     string `json:"clients,omitempty"` // PEM file: demand a client certificate of this authority
}

// wrapper returns what puts TLS around a connection, or nil for plain text.
func (t *TLS) wrapper() (func(net.Conn) net.Conn, error) {
	if t == nil {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(t.Certificate, t.Key)
	if err != nil {
		return nil, fmt.Errorf("cannot load certificate: %w", err)
	}
	config := &tls.Config{MinVersion: t.Min, MaxVersion: t.Max, NextProtos: []string{"http/1.1"}}
	if t.Name == "" {
		config.Certificates = []tls.Certificate{pair}
	} else {
		// No certificate for a name makes crypto/tls send the alert
		// unrecognized_name, as nginx's ssl_reject_handshake does.
		config.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if hello.ServerName == t.Name {
				return &pair, nil
			}
			return nil, nil
		}
	}
	if t.Clients != "" {
		pem, err := os.ReadFile(t.Clients)
		if err != nil {
			return nil, fmt.Errorf("cannot load the clients' authority: %w", err)
		}
		config.ClientCAs = x509.NewCertPool()
		config.ClientCAs.AppendCertsFromPEM(pem)
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return func(c net.Conn) net.Conn { return tls.Server(c, config) }, nil
}
