// The command clients steps a session of the airline forecaster that recur serve has without a
// model, value by value, and prints the next month's forecast after each. Beside it are clients
// that do the same in other languages.
//
//	recur serve --sessions states
//	go run ./examples/clients 112 118 132
//
// Without values it reads them from standard input. Kill the server between two of them and
// start it again: the session goes on.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/recur-go/recur/serve/client"
)

func main() {
	server := flag.String("server", "127.0.0.1:8000", "address of recur serve")
	name := flag.String("session", "", "name of the session; without one the server makes one")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: clients [-server address] [-session name] [VALUE …]\nWithout values they are read from standard input.")
		flag.PrintDefaults()
	}
	flag.Parse()
	var in io.Reader = os.Stdin
	if flag.NArg() > 0 {
		in = strings.NewReader(strings.Join(flag.Args(), " "))
	}
	if err := run(context.Background(), *server, *name, in, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "clients:", err)
		os.Exit(1)
	}
}

// run steps a session by each value of in.
func run(ctx context.Context, server, name string, in io.Reader, out io.Writer) error {
	c, err := client.Dial(ctx, server, client.Options{})
	if err != nil {
		return err
	}
	defer c.Close()
	s, err := c.Session(ctx, "airline", name)
	if err != nil {
		return err
	}
	var y []float32 // 12 months, each a mean and three intervals
	words := bufio.NewScanner(in)
	words.Split(bufio.ScanWords)
	for words.Scan() {
		v, err := strconv.ParseFloat(words.Text(), 32)
		if err != nil {
			return err
		}
		if y, err = s.Step(ctx, y, []float32{float32(v)}); err != nil {
			return err
		}
		fmt.Fprintf(out, "%v\t%.1f\n", v, y[0])
	}
	return words.Err()
}
