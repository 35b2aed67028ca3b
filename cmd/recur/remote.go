package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/internal/fault"
)

// defaultServer is where recur serve listens if it is not told otherwise.
const defaultServer = "127.0.0.1:8000"

// remoteFlags are how a running server is reached.
type remoteFlags struct {
	server string
	token  string
	ca     string
}

func (f *remoteFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.server, "server", "", "`address` of the server: host:port, https://host or unix:PATH (default that of the one that runs here)")
	cmd.Flags().StringVar(&f.token, "token", "", "`@FILE` with the secret that the server asks for")
	cmd.Flags().StringVar(&f.ca, "tls-ca", "", "`file` of certificates in PEM that vouch for the server, beside those of the system")
}

// A remote is a running server.
type remote struct {
	address string // for people
	base    string
	token   string
	client  *http.Client
}

// open finds the server: that of the flags, else the one that has left its address, else that of
// the default address.
func (f *remoteFlags) open(cmd *cobra.Command) (*remote, error) {
	r := &remote{address: f.server}
	if file := addressFile(); r.address == "" && file != "" {
		b, _ := os.ReadFile(file)
		r.address = strings.TrimSpace(string(b))
	}
	r.address = cmp.Or(r.address, defaultServer)
	if f.token != "" {
		if !strings.HasPrefix(f.token, "@") && len(cmd.Flag("token").Annotations[ofVariable]) == 0 {
			return nil, usage("--token takes @FILE, since others can read a command line; or set RECUR_TOKEN to the secret")
		}
		all, err := readTokens([]string{f.token})
		if err != nil {
			return nil, err
		}
		r.token = all[0].Secret
	}
	t := &http.Transport{}
	dial := net.Dialer{Timeout: 5 * time.Second}
	if path, ok := strings.CutPrefix(r.address, "unix:"); ok {
		r.base = "http://localhost"
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return dial.DialContext(ctx, "unix", path) }
	} else {
		t.DialContext = dial.DialContext
		r.base = r.address
		if !strings.Contains(r.base, "://") {
			r.base = "http://" + r.base
		}
		u, err := url.Parse(r.base)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
			return nil, usage("%q is no address of a server: it has the form host:port, http://host, https://host or unix:/path", r.address)
		}
		r.base = u.Scheme + "://" + u.Host
	}
	if f.ca != "" {
		b, err := os.ReadFile(f.ca)
		if err != nil {
			return nil, err
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(b) {
			return nil, usage("--tls-ca: %s holds no certificate in PEM", f.ca)
		}
		t.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	r.client = &http.Client{Transport: t}
	return r, nil
}

// A query is a request to a server.
type query struct {
	method string
	path   string
	accept string
	kind   string // Content-Type
	body   []byte
}

// A remoteError is an answer that is an error.
type remoteError struct {
	status int
	text   string
	body   []byte
}

func (e *remoteError) Error() string { return e.text }

// Is gives the error its class.
func (e *remoteError) Is(target error) bool {
	switch e.status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusConflict, http.StatusNotImplemented:
		return target == fault.Usage
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return target == fault.Data
	}
	return target == fault.Peer
}

// do sends a request and returns the body of the answer.
func (r *remote) do(ctx context.Context, q query) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, q.method, r.base+q.path, bytes.NewReader(q.body))
	if err != nil {
		return nil, err
	}
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	if q.accept != "" {
		req.Header.Set("Accept", q.accept)
	}
	if q.body != nil {
		req.Header.Set("Content-Type", cmp.Or(q.kind, "application/json"))
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, r.unreached(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, r.unreached(err)
	}
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return b, nil
	}
	var told struct{ Error string }
	if strings.Contains(string(b), "HTTP request to an HTTPS server") {
		return nil, usage("%s speaks HTTPS: put https:// before the address", strings.TrimPrefix(r.address, "http://"))
	}
	if json.Unmarshal(b, &told) != nil || told.Error == "" {
		told.Error = fmt.Sprintf("%s answered with status %d; is it a server of recur?", r.address, resp.StatusCode)
	}
	if resp.StatusCode == http.StatusUnauthorized {
		told.Error += "; set RECUR_TOKEN, or give --token @FILE"
	}
	return nil, &remoteError{resp.StatusCode, told.Error, b}
}

// get reads an answer of JSON.
func (r *remote) get(ctx context.Context, path string, v any) error {
	b, err := r.do(ctx, query{method: http.MethodGet, path: path})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fault.Errorf(fault.Peer, "%s does not answer as a server of recur does", r.address)
	}
	return nil
}

// unreached tells why there is no answer.
func (r *remote) unreached(err error) error {
	var op *net.OpError
	var unknown x509.UnknownAuthorityError
	var name *net.DNSError
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return fault.Errorf(fault.IO, "%s does not answer in time", r.address)
	case errors.As(err, &name):
		return fault.Errorf(fault.IO, "there is no host %s, as far as this machine can find out", name.Name)
	case errors.Is(err, fs.ErrPermission):
		return fault.Errorf(fault.IO, "this user may not reach %s", r.address)
	case errors.As(err, &op) && op.Op == "dial" && !op.Timeout():
		return fault.Errorf(fault.IO, "nobody listens at %s: start a server by recur serve, or name another by --server", r.address)
	case errors.As(err, &unknown):
		return fault.Errorf(fault.IO, "the certificate of %s is of nobody whom this system knows; give --tls-ca", r.address)
	case strings.Contains(err.Error(), "malformed HTTP response"), strings.Contains(err.Error(), "server gave HTTP response"):
		return fault.Errorf(fault.IO, "%s speaks another protocol; http:// or https:// before the address chooses one", r.address)
	}
	var of *url.Error
	if errors.As(err, &of) {
		err = of.Err
	}
	return fault.Errorf(fault.IO, "%s does not answer: %w", r.address, err)
}

// modelPath is where a model is, or something of it.
func modelPath(model string, parts ...string) string {
	path := "/v2/models/" + url.PathEscape(model)
	for _, p := range parts {
		path += "/" + url.PathEscape(p)
	}
	return path
}
