package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	health "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
)

// A certificate that has changed is used for new connections from SIGHUP on, by gRPC and at the
// address of administration too, and one that is broken leaves the one before. A socket does
// without.
func TestServeTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := writeCertificate(t, dir, "first")
	p := startServer(t, dir, "--tls-cert", cert, "--tls-key", key, "--listen", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	web, _, _ := strings.Cut(p.at("address"), " ")
	name := func(address string) string {
		t.Helper()
		c, err := tls.Dial("tcp", strings.TrimPrefix(address, "https://"), &tls.Config{RootCAs: trusting(t, cert), NextProtos: []string{"h2"}})
		if err != nil {
			t.Fatal(address, err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	reload := func() {
		p.cmd.Process.Signal(syscall.SIGHUP)
		p.told("RELOADING=1")
		p.told("READY=1")
	}
	all := func(want string) {
		t.Helper()
		for _, at := range []string{web, p.at("grpc"), p.at("admin")} {
			if got := name(at); got != want {
				t.Errorf("the certificate at %s is %s, want %s", at, got, want)
			}
		}
	}
	all("first")
	open := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusting(t, cert)}}}
	defer open.CloseIdleConnections()
	live := func() {
		t.Helper()
		if s, text := askBy(t, &open, "GET", web+"/v2/health/live", ""); s != 200 {
			t.Error(s, text)
		}
	}
	live()
	writeCertificate(t, dir, "second")
	reload()
	all("second")
	live() // on the connection that there was
	if s, text := askBy(t, http.DefaultClient, "GET", "http"+strings.TrimPrefix(web, "https")+"/v2", ""); s != 400 || !strings.Contains(text, "HTTP request to an HTTPS server") {
		t.Errorf("without TLS: %d %s", s, text)
	}
	old := &tls.Config{RootCAs: trusting(t, cert), MaxVersion: tls.VersionTLS11}
	if c, err := tls.Dial("tcp", strings.TrimPrefix(web, "https://"), old); err == nil {
		c.Close()
		t.Error("TLS 1.1 is spoken")
	}
	p.wants(200, "airline", "GET", "/v2/models", "")
	for server, want := range map[string]string{strings.TrimPrefix(web, "https://"): "put https:// before the address", web: "give --tls-ca"} {
		if out, err := exec.Command("recur", "ps", server).CombinedOutput(); err == nil || !strings.Contains(string(out), want) {
			t.Errorf("recur ps %s: %s", server, out)
		}
	}
	if out, err := exec.Command("recur", "ps", web, "--tls-ca", cert).CombinedOutput(); err != nil || !strings.Contains(string(out), "airline") {
		t.Errorf("recur ps: %s", out)
	}
	good, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "cert.pem", "broken")
	reload()
	put(t, dir, "cert.pem", string(good))
	all("second")
}

// overSocket is a transport by a socket.
func overSocket(path string, config *tls.Config) *http.Transport {
	return &http.Transport{TLSClientConfig: config, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}
}

// What only administrators may do is for the address of --admin, and for those who have a token.
func TestServeAdmin(t *testing.T) {
	dir := t.TempDir()
	admin := filepath.Join(dir, "a")
	tokens := put(t, dir, "tokens", "secret\n")
	p := startServer(t, dir, "--admin", "unix:"+admin, "--token", "@"+tokens)
	const session = "/v2/models/airline/sessions/a"
	token := []string{"Authorization", "Bearer secret"}
	state := append([]string{"Accept", "application/octet-stream"}, token...)
	p.wants(401, "token", "POST", session+"/steps", `{"x":[112]}`)
	p.wants(401, "token", "POST", session+"/steps", `{"x":[112]}`, "Authorization", "Bearer wrong")
	p.wants(200, `"steps":1`, "POST", session+"/steps", `{"x":[112]}`, token...)
	p.wants(503, "not allowed here", "POST", "/v2/repository/models/airline/unload", "", token...)
	p.wants(404, "nothing at this address", "GET", "/debug/pprof/cmdline", "", token...)
	p.wants(403, "administration", "GET", session, "", state...)
	p.wants(403, "administration", "PUT", session, "x", token...)
	p.wants(200, `"steps":1`, "GET", session, "", token...)

	p.client = &http.Client{Transport: overSocket(admin, nil)}
	p.wants(401, "token", "GET", "/debug/pprof/cmdline", "")
	p.wants(401, "token", "POST", "/v2/repository/models/airline/unload", "")
	p.wants(200, "serve", "GET", "/debug/pprof/cmdline", "", token...)
	p.wants(200, "airline", "GET", "/v2/models", "", token...)
	if s, blob := p.ask("GET", session, "", state...); s != 200 {
		t.Errorf("%d %s", s, blob)
	} else {
		p.wants(200, `"steps":1`, "PUT", "/v2/models/airline/sessions/b", blob, token...)
	}
	p.wants(200, "", "POST", "/v2/repository/models/airline/unload", "", token...)
	p.wants(404, "unknown model", "GET", "/v2/models/airline", "", token...)
	p.wants(200, "", "POST", "/v2/repository/models/airline/load", "", token...)
	p.wants(200, "airline", "GET", "/v2/models/airline", "", token...)
	p.wants(400, "no model 'other'", "POST", "/v2/repository/models/other/load", "", token...)
}

// Without --admin states are given out, unless other machines reach the server.
func TestServeStates(t *testing.T) {
	for _, c := range []struct {
		args   []string
		status int
	}{{nil, 200}, {[]string{"--listen", "0.0.0.0:0", "--insecure-public"}, 403}} {
		p := startServer(t, t.TempDir(), c.args...)
		p.wants(200, "", "POST", "/v2/models/airline/sessions/a/steps", `{"x":[112]}`)
		p.wants(c.status, "", "GET", "/v2/models/airline/sessions/a", "", "Accept", "application/octet-stream")
	}
}

// plainBytes is a codec of gRPC for messages that are encoded already.
type plainBytes struct{ encoding.Codec }

func (plainBytes) Name() string                    { return "proto" }
func (plainBytes) Marshal(v any) ([]byte, error)   { return v.([]byte), nil }
func (plainBytes) Unmarshal(b []byte, v any) error { *v.(*[]byte) = append([]byte{}, b...); return nil }

// inferRequest is a ModelInferRequest: a step of a sequence.
func inferRequest(model, id string, x float32, start bool) []byte {
	field := func(b []byte, n protowire.Number, v []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), v)
	}
	parameter := func(b []byte, name string, v []byte) []byte {
		return field(b, 4, field(field(nil, 1, []byte(name)), 2, v))
	}
	b := field(nil, 1, []byte(model))
	b = parameter(b, "sequence_id", field(nil, 3, []byte(id)))
	b = parameter(b, "sequence_start", protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), protowire.EncodeBool(start)))
	values := protowire.AppendFixed32(protowire.AppendTag(nil, 6, protowire.Fixed32Type), math.Float32bits(x))
	in := field(field(nil, 1, []byte("value")), 2, []byte("FP32"))
	in = field(in, 3, []byte{1, 1}) // the shape
	return field(b, 5, field(in, 5, values))
}

// A client of gRPC steps sessions that HTTP steps too, and needs the same token.
func TestServeGRPC(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "g")
	tokens := put(t, dir, "tokens", "secret\n")
	p := startServer(t, dir, "--grpc", "unix:"+socket, "--token", "@"+tokens)
	dial := func(with credentials.TransportCredentials) *grpc.ClientConn {
		c, err := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(with))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	c := dial(insecure.NewCredentials())
	r, err := health.NewHealthClient(c).Check(t.Context(), &health.HealthCheckRequest{})
	if err != nil || r.Status != health.HealthCheckResponse_SERVING {
		t.Error(r, err)
	}
	infer := func(ctx context.Context, model string, start bool) (answer []byte, err error) {
		err = c.Invoke(ctx, "/inference.GRPCInferenceService/ModelInfer", inferRequest(model, "a", 112, start), &answer, grpc.ForceCodec(plainBytes{}))
		return answer, err
	}
	if _, err := infer(t.Context(), "airline", true); status.Code(err) != codes.Unauthenticated {
		t.Error(err)
	}
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer secret")
	for _, start := range []bool{true, false} {
		if b, err := infer(ctx, "airline", start); err != nil || !strings.Contains(string(b), "airline") {
			t.Errorf("%q, %v", b, err)
		}
	}
	if _, err := infer(ctx, "other", true); status.Code(err) != codes.NotFound {
		t.Error(err)
	}
	p.wants(200, `"steps":3`, "POST", "/v2/models/airline/sessions/a/steps", `{"x":[112]}`, "Authorization", "Bearer secret")
	p.cmd.Process.Signal(syscall.SIGTERM)
	p.told("STOPPING=1")
	if err := p.cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// A socket of systemd that other machines reach needs a token, as one of --listen does.
func TestServeInheritsNoOpenDoor(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Skip(err)
	}
	defer file.Close()
	cmd := exec.Command(sh, "-c", `LISTEN_PID=$$ exec recur serve`)
	cmd.ExtraFiles = []*os.File{file}
	cmd.Env = append(os.Environ(), "LISTEN_FDS=1")
	if out, err := cmd.CombinedOutput(); err == nil || cmd.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), "can be reached from other machines") {
		t.Errorf("%s, %v", out, err)
	}
}

// Sockets that systemd has opened are served, and --listen is not.
func TestServeInherits(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	notify := filepath.Join(dir, "n")
	notes, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: notify, Net: "unixgram"})
	if err != nil {
		t.Skip(err)
	}
	defer notes.Close()
	p := &serverProcess{t: t, notes: notes}
	p.cmd = exec.Command(sh, "-c", `LISTEN_PID=$$ exec recur serve --listen unix:`+filepath.Join(dir, "none")+` --log json`)
	var addresses []string
	for _, network := range []string{"tcp", "unix"} {
		address := map[string]string{"tcp": "127.0.0.1:0", "unix": filepath.Join(dir, "s")}[network]
		l, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		file, err := l.(interface{ File() (*os.File, error) }).File()
		if err != nil {
			t.Fatal(err)
		}
		addresses = append(addresses, l.Addr().String())
		if u, ok := l.(*net.UnixListener); ok {
			u.SetUnlinkOnClose(false)
		}
		l.Close()
		defer file.Close()
		p.cmd.ExtraFiles = append(p.cmd.ExtraFiles, file)
	}
	p.cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+notify, fmt.Sprint("LISTEN_FDS=", len(addresses)))
	p.cmd.Stderr = t.Output()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer p.cmd.Process.Kill()
	p.told("READY=1")
	if s, text := askBy(t, http.DefaultClient, "GET", "http://"+addresses[0]+"/v2/health/live", ""); s != 200 {
		t.Error(s, text)
	}
	p.client = &http.Client{Transport: overSocket(addresses[1], nil)}
	p.wants(200, "airline", "GET", "/v2/models", "")
	if _, err := os.Lstat(filepath.Join(dir, "none")); err == nil {
		t.Error("--listen is served too")
	}
	p.client.CloseIdleConnections()
	p.cmd.Process.Signal(syscall.SIGTERM)
	p.told("STOPPING=1")
	if err := p.cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// A server that is watched tells systemd that it lives.
func TestServeIsWatched(t *testing.T) {
	t.Setenv("WATCHDOG_USEC", "20000")
	p := startServer(t, t.TempDir())
	p.told("WATCHDOG=1")
	p.told("WATCHDOG=1")
}
