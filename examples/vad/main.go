// Vad finds speech in streams of sound: a server has a detector for each of hundreds of
// connections, and clients send it what their microphones hear.
//
//	sh examples/vad/get.sh silero_vad.onnx
//	go run ./examples/vad serve silero_vad.onnx
//	go run ./examples/vad stream speech.wav
//
// The page of the server, http://127.0.0.1:8090, listens to the microphone of a browser.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const usage = `usage:
  vad stream [--server host:port] [--fast] speech.wav...
  vad stream [--server host:port] --connections N [--for 30s] speech.wav...
  vad serve [--address host:port] [--max N] silero_vad.onnx`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "vad:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 {
		switch args[0] {
		case "serve":
			return runServe(ctx, args[1:], out)
		case "stream":
			return runStream(ctx, args[1:], out)
		}
	}
	return errors.New(usage)
}

// parse reads the flags of a command, and returns the rest, of which there must be some.
func parse(f *flag.FlagSet, args []string, out io.Writer) ([]string, error) {
	f.SetOutput(out)
	f.Usage = func() { fmt.Fprintln(out, usage); f.PrintDefaults() }
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() == 0 {
		return nil, fmt.Errorf("%s needs a file\n%s", f.Name(), usage)
	}
	return f.Args(), nil
}
