package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/recur-go/recur/serve"
)

// RECUR_STRESS is the sequences of each of eight threads, 5 by default.
func TestStress(t *testing.T) {
	iterations := 5
	if s := os.Getenv("RECUR_STRESS"); s != "" {
		var err error
		if iterations, err = strconv.Atoi(s); err != nil {
			t.Fatalf("RECUR_STRESS: %v", err)
		}
	}
	s, stop, err := accumulators(serve.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	srv := httptest.NewServer(s)
	defer srv.Close()
	for _, model := range []string{"accumulate_int32", "accumulate_fp32"} {
		st := &stress{client: srv.Client(), url: srv.URL, model: model, threads: 8, iterations: iterations, seed: 1}
		st.client.Transport.(*http.Transport).MaxIdleConnsPerHost = 8
		got, err := st.run(t.Context())
		if err != nil {
			t.Errorf("%s, seed 1: %v", model, err)
		}
		if n := got.sequences.Load() + got.refused.Load(); n < int64(8*iterations) {
			t.Errorf("%d sequences of at least %d were sent", n, 8*iterations)
		}
	}
}

// A server that answers wrongly is found out.
func TestStressFindsMistakes(t *testing.T) {
	for what, answer := range map[string]http.HandlerFunc{
		"a sum that stays": func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, `{"outputs":[{"data":[1]}]}`)
		},
		"no outputs": func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, `{}`) },
		"an error": func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, `{"error":"busy"}`, http.StatusServiceUnavailable)
		},
	} {
		srv := httptest.NewServer(answer)
		st := &stress{client: srv.Client(), url: srv.URL, model: "m", threads: 2, iterations: 3, seed: 1}
		if _, err := st.run(t.Context()); err == nil || !strings.Contains(err.Error(), "thread ") {
			t.Errorf("%s: %v", what, err)
		}
		srv.Close()
	}
}
