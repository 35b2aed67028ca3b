// Command clienttest proves servers of sequences by real clients. See README.md.
//
//	go run ./serve/clienttest serve [--http ADDR] [--grpc ADDR]
//	go run ./serve/clienttest stress --http ADDR [--threads 8] [--iterations 200] [--seed N]
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"google.golang.org/grpc"

	"github.com/recur-go/recur/serve"
	servegrpc "github.com/recur-go/recur/serve/grpc"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	command := ""
	if len(os.Args) > 1 {
		command = os.Args[1]
	}
	var err error
	switch command {
	case "serve":
		err = serveCommand(ctx, os.Args[2:])
	case "stress":
		err = stressCommand(ctx, os.Args[2:])
	default:
		err = fmt.Errorf("usage: clienttest serve|stress [flags]")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "clienttest:", err)
		os.Exit(1)
	}
}

// serveCommand serves accumulators until it is told to stop.
func serveCommand(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("serve", flag.ExitOnError)
	httpAddr := f.String("http", "127.0.0.1:8000", "address of HTTP")
	grpcAddr := f.String("grpc", "127.0.0.1:8001", "address of gRPC")
	f.Parse(args)
	s, stop, err := accumulators(serve.Options{})
	if err != nil {
		return err
	}
	g := grpc.NewServer(servegrpc.Options(s)...)
	servegrpc.Register(g, s)
	l, err := net.Listen("tcp", *grpcAddr)
	if err != nil {
		return err
	}
	h := s.HTTP()
	h.Addr = *httpAddr
	failed := make(chan error, 2)
	go func() { failed <- g.Serve(l) }()
	go func() { failed <- h.ListenAndServe() }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.Drain()
	patience, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	hard := context.AfterFunc(patience, g.Stop)
	g.GracefulStop()
	hard()
	if err := h.Shutdown(patience); err != nil {
		return err
	}
	return stop()
}

// stressCommand has clients send sequences and checks the answers.
func stressCommand(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("stress", flag.ExitOnError)
	addr := f.String("http", "127.0.0.1:8000", "address of the server")
	s := stress{}
	f.StringVar(&s.model, "model", "accumulate_int32", "an accumulator of the server")
	f.IntVar(&s.threads, "threads", 8, "clients at once")
	f.IntVar(&s.iterations, "iterations", 200, "sequences of each, of some 16 steps")
	f.IntVar(&s.stepsEach, "steps", 0, "steps of each, in place of iterations")
	f.Uint64Var(&s.seed, "seed", uint64(time.Now().UnixNano()), "of what is sent")
	f.Parse(args)
	s.url = "http://" + *addr
	s.client = &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: s.threads}}
	fmt.Printf("seed %d\n", s.seed)
	began := time.Now()
	t, err := s.run(ctx)
	fmt.Printf("%d sequences and %d steps in %.1f s, %d of them refused as they had to be\n", t.sequences.Load(), t.steps.Load(), time.Since(began).Seconds(), t.refused.Load())
	return err
}
