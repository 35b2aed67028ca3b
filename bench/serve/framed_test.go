//go:build linux

package main

import (
	"context"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/session"
)

// Each answer that is counted is a step that the server has done.
func TestFramed(t *testing.T) {
	run, err := rnn.NewRunner(rnn.NewLSTM(rand.New(rand.NewPCG(1, 1)), 3, 5), rnn.Single)
	if err != nil {
		t.Fatal(err)
	}
	steps := make(chan int, 1)
	steps <- 0
	count := func(b session.Batch) { steps <- <-steps + b.Rows }
	table := session.NewTable(session.New(run, session.Options{OnBatch: count}), session.TableOptions{})
	defer table.Close(context.Background())
	s := serve.New(serve.Options{})
	if err := s.Add(&serve.Model{Name: "m", Sessions: table}); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s)
	defer srv.Close()
	where := server{"test", strings.TrimPrefix(srv.URL, "http://"), "m", os.Getpid()}
	const length = 50 * time.Millisecond
	got, err := framed(where, 3, 4, 8, length)
	if err != nil {
		t.Fatal(err)
	}
	// Those before it counts are beside.
	if done := <-steps; got.Steps <= 0 || got.Steps*length.Seconds() > float64(done) || got.P50 <= 0 || got.P99 < got.P50 {
		t.Errorf("%d steps: %+v", done, got)
	}
	if _, err := framed(server{"test", where.addr, "none", os.Getpid()}, 3, 1, 1, length); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("of a model that is not there: %v", err)
	}
}
