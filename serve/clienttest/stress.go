package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
)

// A stress has many clients at once send sequences of which some begin or end badly, and
// checks every answer. The model is an accumulator, so that an answer that a step of another
// sequence got into, or that a step is missing from, has another value.
type stress struct {
	client     *http.Client
	url        string // of the server
	model      string
	threads    int
	iterations int    // sequences, or pairs of them, of a thread
	stepsEach  int    // if not 0, steps of a thread, in place of iterations
	seed       uint64 // the same seed asks for the same sequences
}

// A tally is what a stress has done.
type tally struct{ sequences, steps, refused atomic.Int64 }

// run ends with the first answer that is wrong.
func (s *stress) run(ctx context.Context) (*tally, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	t := new(tally)
	for i := range s.threads {
		wg.Go(func() {
			th := &thread{stress: s, tally: t, number: i, r: rand.New(rand.NewPCG(s.seed, uint64(i))), open: map[uint64]bool{}}
			if err := th.run(ctx); err != nil {
				cancel(fmt.Errorf("thread %d: %w", i, err))
			}
		})
	}
	wg.Wait()
	return t, context.Cause(ctx)
}

// A thread is one client, whose ids nobody else uses.
type thread struct {
	*stress
	*tally
	number int
	r      *rand.Rand
	open   map[uint64]bool // ids whose last sequence was left open
	done   int             // steps
}

// Ids: two that a thread uses most of the time and eight that it seldom comes back to.
const common, rare = 2, 8

func (t *thread) run(ctx context.Context) error {
	for i := 0; t.stepsEach == 0 && i < t.iterations || t.done < t.stepsEach; i++ {
		if err := t.iteration(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (t *thread) iteration(ctx context.Context) error {
	n := t.r.IntN(common)
	if t.r.Float64() < 0.1 {
		n = common + t.r.IntN(rare)
	}
	id := t.seed%(1<<20)<<20 | uint64(t.number)<<8 | uint64(n) + 1
	switch p := t.r.Float64(); {
	case p < 0.85:
		return t.sequence(ctx, id, true)
	case p < 0.90: // one after another
		if err := t.sequence(ctx, id, true); err != nil {
			return err
		}
		return t.sequence(ctx, id, true)
	case p < 0.95: // a good one, then one that begins and is left
		if err := t.sequence(ctx, id, true); err != nil {
			return err
		}
		return t.sequence(ctx, id, false)
	case p < 0.99:
		return t.sequence(ctx, id, false)
	}
	if t.open[id] { // it would go on
		return t.sequence(ctx, id, true)
	}
	return t.noStart(ctx, id)
}

// sequence sends one from its START on, with or without END.
func (t *thread) sequence(ctx context.Context, id uint64, end bool) error {
	length := max(1, int(16+8*t.r.NormFloat64()))
	sum := 0
	for i := range length {
		v := t.r.IntN(1000)
		got, err := t.step(ctx, id, v, i == 0, end && i == length-1)
		if err != nil {
			return err
		}
		if sum += v; got != sum {
			return fmt.Errorf("step %d of sequence %d: got %d, want %d", i, id, got, sum)
		}
	}
	t.open[id] = !end
	t.sequences.Add(1)
	return nil
}

// noStart sends a step of a sequence that there is not.
func (t *thread) noStart(ctx context.Context, id uint64) error {
	got, err := t.step(ctx, id, 1, false, false)
	var refusal *refusal
	switch {
	case err == nil:
		return fmt.Errorf("sequence %d has no START, but was answered %d", id, got)
	case !errors.As(err, &refusal) || refusal.status != http.StatusBadRequest || !strings.Contains(refusal.text, "START"):
		return fmt.Errorf("sequence %d has no START: %w", id, err)
	}
	t.refused.Add(1)
	return nil
}

// A refusal is an answer that is an error.
type refusal struct {
	status int
	text   string
}

func (r *refusal) Error() string { return fmt.Sprintf("status %d: %s", r.status, r.text) }

func (t *thread) step(ctx context.Context, id uint64, v int, start, end bool) (int, error) {
	t.done++
	t.steps.Add(1)
	kind := "INT32"
	if strings.HasSuffix(t.model, "fp32") {
		kind = "FP32"
	}
	body := fmt.Sprintf(`{"parameters":{"sequence_id":%d,"sequence_start":%t,"sequence_end":%t},"inputs":[{"name":"INPUT","shape":[1,1],"datatype":"%s","data":[%d]}]}`, id, start, end, kind, v)
	req, err := http.NewRequestWithContext(ctx, "POST", t.url+"/v2/models/"+t.model+"/infer", bytes.NewReader([]byte(body)))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := t.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	var answer struct {
		Error   string
		Outputs []struct{ Data []float64 }
	}
	if err := json.Unmarshal(b, &answer); err != nil {
		return 0, fmt.Errorf("status %d: %w", resp.StatusCode, err)
	}
	if resp.StatusCode != http.StatusOK {
		return 0, &refusal{resp.StatusCode, answer.Error}
	}
	if len(answer.Outputs) == 0 || len(answer.Outputs[0].Data) != 1 {
		return 0, fmt.Errorf("the answer %s has not one value", b)
	}
	return int(answer.Outputs[0].Data[0]), nil
}
