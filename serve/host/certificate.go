package host

import (
	"crypto/tls"
	"crypto/x509"
	"sync/atomic"
	"time"

	"github.com/recur-go/recur/internal/fault"
)

// A Certificate is that of a server, of two files in PEM that may change.
type Certificate struct {
	cert, key string
	now       atomic.Pointer[tls.Certificate]
}

// OpenCertificate reads a certificate, with those that sign it behind it, and its key.
func OpenCertificate(cert, key string) (*Certificate, error) {
	c := &Certificate{cert: cert, key: key}
	if err := c.Reload(); err != nil {
		return nil, err
	}
	return c, nil
}

// Reload reads the files again. After an error the certificate is the one that it was.
func (c *Certificate) Reload() error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fault.Errorf(fault.IO, "the certificate %s with the key %s cannot be used: %w", c.cert, c.key, err)
	}
	if leaf, err := x509.ParseCertificate(pair.Certificate[0]); err == nil && time.Now().After(leaf.NotAfter) {
		return fault.Errorf(fault.IO, "the certificate %s has ended on %s: renew it", c.cert, leaf.NotAfter.Format(time.DateOnly))
	}
	c.now.Store(&pair)
	return nil
}

// Config is that of a server with the certificate, from TLS 1.2 on.
func (c *Certificate) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.now.Load(), nil },
	}
}
