//go:build linux

package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// What the client sends is a request of the protocol, and what it reads is the whole answer:
// the next one on the connection would be wrong otherwise.
func TestLean(t *testing.T) {
	var mu sync.Mutex
	started, steps := map[float64]bool{}, 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		n, err := strconv.Atoi(r.Header.Get("Inference-Header-Content-Length"))
		if err != nil || len(body) != n+4*3 {
			t.Errorf("a header of %d bytes (%v) in a body of %d", n, err, len(body))
			return
		}
		var head struct {
			Parameters map[string]any
			Inputs     []struct {
				Name  string
				Shape []int
			}
		}
		if err := json.Unmarshal(body[:n], &head); err != nil || head.Inputs[0].Name != "x" || head.Inputs[0].Shape[1] != 3 {
			t.Errorf("%s: %v", body[:n], err)
		}
		mu.Lock()
		defer mu.Unlock()
		id := head.Parameters["sequence_id"].(float64)
		if head.Parameters["sequence_start"] == true {
			started[id] = true
		} else if !started[id] {
			t.Errorf("session %v was not started", id)
		}
		steps++
		w.Header().Set("Content-Length", "5000")
		io.WriteString(w, strings.Repeat("y", 5000))
	}))
	defer srv.Close()
	got, err := lean(server{"test", strings.TrimPrefix(srv.URL, "http://"), "m", os.Getpid()}, "x", 3, 4, 50*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if len(started) != 4 || steps < 8 || got.Steps <= 0 || got.P50 <= 0 || got.P99 < got.P50 {
		t.Errorf("%d sessions, %d steps: %+v", len(started), steps, got)
	}
}

func TestLeanReportsErrors(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, `{"error":"no such model"}`, http.StatusNotFound)
	}))
	defer srv.Close()
	_, err := lean(server{"test", strings.TrimPrefix(srv.URL, "http://"), "m", os.Getpid()}, "x", 3, 1, time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "404") || !strings.Contains(err.Error(), "no such model") {
		t.Errorf("got %v", err)
	}
}

// The time of a process has that of those that it started.
func TestProcessors(t *testing.T) {
	if _, err := processors(os.Getpid()); err != nil {
		t.Error(err)
	}
	if _, err := processors(1 << 30); err == nil {
		t.Error("a process that there is not has had time")
	}
}

func TestMedians(t *testing.T) {
	r := row{Rounds: []turn{{Steps: 3}, {Steps: 1}, {Steps: 2}}}
	if r.medians(); r.Steps != 2 {
		t.Errorf("the median is %v", r.Steps)
	}
}
