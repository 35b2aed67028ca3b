package main

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/host"
	"github.com/recur-go/recur/session"
)

//go:embed page.html
var page []byte

// A page may do what this one needs: its own script, the microphone's worklet, its own server.
const policy = "default-src 'none'; script-src 'unsafe-inline' blob:; style-src 'unsafe-inline'; connect-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

func runServe(ctx context.Context, args []string, out io.Writer) error {
	f := flag.NewFlagSet("serve", flag.ContinueOnError)
	address := f.String("address", "127.0.0.1:8090", "where to listen; others reach a server that listens on more than this machine")
	most := f.Int("max", 4096, "most streams at once")
	files, err := parse(f, args, out)
	if err != nil {
		return err
	}
	if len(files) > 1 {
		return fmt.Errorf("serve takes one model, got %q", files)
	}
	if *most < 1 {
		return fmt.Errorf("--max %d: want 1 or more", *most)
	}
	d, err := openDetector(files[0])
	if err != nil {
		return err
	}
	return listen(ctx, d, *address, *most, out)
}

// listen serves a detector until ctx ends.
func listen(ctx context.Context, d session.Runner, address string, most int, out io.Writer) error {
	m := &serve.Model{
		Name:     "vad",
		Platform: "onnx_recur",
		Inputs:   []serve.Tensor{{Name: "samples", Datatype: serve.FP32, Shape: []int64{-1, frameLen}}},
		Outputs:  []serve.Tensor{{Name: "speech", Datatype: serve.FP32, Shape: []int64{-1, 1}}},

		ImplicitStart: true,
	}
	m.Sessions = session.NewTable(session.New(d, session.Options{OnBatch: m.OnBatch}), session.TableOptions{Max: most, TTL: time.Minute})
	defer m.Sessions.Close(context.WithoutCancel(ctx))
	s := serve.New(serve.Options{MaxConns: 2*most + 64, MaxInFlight: 2*most + 64})
	if err := s.Add(m); err != nil {
		return err
	}
	s.Handle("GET /{$}", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", policy)
		w.Write(page)
	}))

	l, err := host.Listen(address)
	if err != nil {
		return err
	}
	var g host.Group
	g.Serve(s.HTTP(), l, nil)
	fmt.Fprintf(out, "listening on http://%s\n", l.Addr())
	select {
	case err = <-g.Failed():
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if e := g.Shutdown(ending); err == nil {
		err = e
	}
	return err
}
