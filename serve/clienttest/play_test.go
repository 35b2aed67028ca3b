package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
)

// This file plays the scenarios as play.py does, in Go.

// A scenario is one of testdata/scenarios.json.
type scenario struct {
	Name       string     `json:"name"`
	Kind       string     `json:"kind"`
	Models     []string   `json:"models"`
	Protocols  []string   `json:"protocols"`
	Sequences  []sequence `json:"sequences"`
	Outputs    []string   `json:"outputs"`
	Timeout    int64      `json:"timeout"` // microseconds
	Late       int        `json:"late"`    // milliseconds
	OneStream  string     `json:"one_stream"`
	Cancel     []int      `json:"cancel"`
	ID         int        `json:"id"`
	Value      int        `json:"value"`
	Requests   int        `json:"requests"`
	NotOnRecur string     `json:"not_on_recur"`
}

type sequence struct {
	ID    any    `json:"id"` // number or text
	Steps string `json:"steps"`
	After int    `json:"after"` // milliseconds
	Rows  int    `json:"rows"`
	Width int    `json:"width"`
}

// A step is one as a scenario writes it.
type step struct {
	id         any // uint64 or string
	pause      time.Duration
	start, end bool
	value      int
	shape      []int64
}

var stepText = regexp.MustCompile(`^(?:(\d+):)?(S?)(E?)(-?\d+)$`)

// A run is a scenario with one model by one protocol.
type run struct {
	*scenario
	model, protocol, datatype string
	base                      uint64 // of ids, so that no run finds what another left
	web                       *http.Client
	conn                      *grpc.ClientConn
}

func (r *run) id(v any) any {
	if n, ok := v.(float64); ok {
		if n == 0 {
			return uint64(0)
		}
		return r.base + uint64(n)
	}
	return v
}

func (r *run) step(text string, s sequence) step {
	m := stepText.FindStringSubmatch(text)
	pause, _ := strconv.Atoi(m[1])
	v, _ := strconv.Atoi(m[4])
	return step{r.id(s.ID), time.Duration(pause) * time.Millisecond, m[2] != "", m[3] != "", v, []int64{int64(max(1, s.Rows)), int64(max(1, s.Width))}}
}

func (r *run) steps(s sequence) []step {
	var all []step
	for _, f := range strings.Fields(s.Steps) {
		all = append(all, r.step(f, s))
	}
	return all
}

// sideBySide does all sequences at once and collects their answers.
func (r *run) sideBySide(do func(s sequence, steps []step) []any) [][]any {
	all := make([][]any, len(r.Sequences))
	var wg sync.WaitGroup
	for i, s := range r.Sequences {
		wg.Go(func() {
			time.Sleep(time.Duration(s.After) * time.Millisecond)
			all[i] = do(s, r.steps(s))
		})
	}
	wg.Wait()
	return all
}

// play plays the scenario, and returns what play.py prints.
func (r *run) play() map[string]any {
	switch {
	case r.OneStream != "":
		return r.oneStream()
	case r.Kind == "many":
		return r.many()
	case r.Kind == "generate":
		return r.generate()
	case r.Kind == "cancel":
		return r.cancelled()
	case r.Kind == "cancel_stream":
		return r.cancelledStream()
	}
	var mu sync.Mutex
	late := false
	got := map[string]any{"answers": r.sideBySide(func(_ sequence, steps []step) []any {
		if r.protocol == "stream" {
			return r.pipelined(steps)
		}
		ask := r.overHTTP
		if r.protocol == "grpc" {
			ask = r.overGRPC
		}
		var all []any
		for _, s := range steps {
			time.Sleep(s.pause)
			began := time.Now()
			all = append(all, ask(context.Background(), s))
			mu.Lock()
			late = late || time.Since(began) > time.Duration(r.Late)*time.Millisecond
			mu.Unlock()
		}
		return all
	})}
	if r.Late > 0 && r.protocol != "stream" {
		got["late"] = late
	}
	if r.Kind == "state" {
		got["state"] = r.state()
	}
	return got
}

// pipelined sends all steps on a stream of their own without waiting for answers.
func (r *run) pipelined(steps []step) []any {
	c := r.stream()
	defer c.cancel()
	for i, s := range steps {
		time.Sleep(s.pause)
		c.Send(r.request(s, strconv.Itoa(i)))
	}
	var all []any
	for _, s := range steps {
		a, _ := r.receive(c, s.id)
		all = append(all, a)
	}
	return all
}

func (r *run) oneStream() map[string]any {
	c := r.stream()
	defer c.cancel()
	var mu sync.Mutex
	var sent []int // sequence of each request
	r.sideBySide(func(s sequence, steps []step) []any {
		for _, st := range steps {
			time.Sleep(st.pause)
			mu.Lock()
			c.Send(r.request(st, strconv.Itoa(len(sent))))
			sent = append(sent, slices.IndexFunc(r.Sequences, func(o sequence) bool { return o.ID == s.ID }))
			mu.Unlock()
		}
		return nil
	})
	answers := make([][]any, len(r.Sequences))
	ordered := true
	for i := range sent {
		a, id := r.receive(c, 0)
		n, err := strconv.Atoi(id)
		ordered = ordered && err == nil && n == i
		answers[sent[n]] = append(answers[sent[n]], a)
	}
	return map[string]any{"answers": answers, "ordered": ordered || r.OneStream != "ordered"}
}

// state asks for the state of the first session.
func (r *run) state() map[string]string {
	req, _ := http.NewRequest("GET", fmt.Sprintf("http://localhost/v2/models/%s/sessions/%v", r.model, r.id(r.Sequences[0].ID)), nil)
	req.Header.Set("Accept", "application/octet-stream")
	resp, err := r.web.Do(req)
	if err != nil {
		return map[string]string{"text": err.Error()}
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return map[string]string{"code": strconv.Itoa(resp.StatusCode), "magic": string(b[:min(4, len(b))])}
}

func (r *run) generate() map[string]any {
	resp, err := r.web.Post("http://localhost/v2/models/"+r.model+"/generate_stream", "application/json", strings.NewReader(fmt.Sprintf(`{"text_input": "%d"}`, r.Value)))
	if err != nil {
		return map[string]any{"text": err.Error()}
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	var events []any
	for line := range strings.Lines(string(b)) {
		if data, ok := strings.CutPrefix(line, "data:"); ok {
			var e struct {
				Text int `json:"text_output,string"`
			}
			json.Unmarshal([]byte(data), &e)
			events = append(events, e.Text)
		}
	}
	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	return map[string]any{"type": kind, "answers": [][]any{events}}
}

// many sends requests that are answered more than once, and waits until nothing comes.
func (r *run) many() map[string]any {
	c := r.stream()
	for range r.Requests {
		s := step{id: uint64(0), value: r.Value}
		if r.ID != 0 {
			s.id, s.start = r.id(float64(r.ID)), true
		}
		c.Send(r.request(s, ""))
	}
	time.AfterFunc(3*time.Second, c.cancel)
	var all []any
	for {
		a, _ := r.receive(c, 0)
		if f, ok := a.(failure); ok && f.Code == "CANCELLED" {
			break
		}
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return map[string]any{"answers": [][]any{all}}
}

func (r *run) cancelled() map[string]any {
	type call struct {
		answer chan any
		cancel context.CancelFunc
	}
	var calls [][]call
	for _, s := range r.Sequences {
		var mine []call
		for _, st := range r.steps(s) {
			ctx, cancel := context.WithCancel(context.Background())
			c := call{make(chan any, 1), cancel}
			go func() { c.answer <- r.overGRPC(ctx, st) }()
			mine = append(mine, c)
			time.Sleep(150 * time.Millisecond)
		}
		calls = append(calls, mine)
	}
	calls[r.Cancel[0]][r.Cancel[1]].cancel()
	var answers [][]any
	for _, mine := range calls {
		var all []any
		for _, c := range mine {
			all = append(all, <-c.answer)
			c.cancel()
		}
		answers = append(answers, all)
	}
	time.Sleep(2500 * time.Millisecond)
	return map[string]any{"answers": answers, "then": r.overGRPC(context.Background(), r.step("1", r.Sequences[r.Cancel[0]]))}
}

func (r *run) cancelledStream() map[string]any {
	first, second := r.steps(r.Sequences[0]), r.steps(r.Sequences[1])
	c := r.stream()
	for _, s := range first {
		c.Send(r.request(s, ""))
	}
	time.AfterFunc(1500*time.Millisecond, c.cancel)
	var got []any
	for {
		a, _ := r.receive(c, first[0].id)
		got = append(got, a)
		if _, failed := a.(failure); failed {
			break
		}
	}
	time.Sleep(2500 * time.Millisecond)
	then := r.overGRPC(context.Background(), r.step("1", r.Sequences[0]))
	var after []any
	for _, s := range second {
		after = append(after, r.overGRPC(context.Background(), s))
	}
	return map[string]any{"answers": [][]any{got, after}, "then": then}
}
