package grpc

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/internal/oip"
)

// Answers come in the order of the requests, whichever model is slow, and the steps of a
// sequence are done in theirs.
func TestStreamKeepsOrder(t *testing.T) {
	inTime(t, serve.Options{}, func(t *testing.T, f *fixture) {
		st, err := f.ModelStreamInfer(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		const n = 300
		model := func(i int) (string, int) {
			if i%40 == 0 {
				return "slow", 1
			}
			return "sum", i % 7
		}
		go func() {
			started := map[string]bool{}
			for i := range n {
				m, id := model(i)
				key := m + strconv.Itoa(id)
				q := step(m, 1, "sequence_id", id+1, "sequence_start", !started[key])
				started[key] = true
				q.Id = strconv.Itoa(i)
				if err := st.Send(q); err != nil {
					t.Error(err)
				}
			}
			st.CloseSend()
		}()
		want := map[string]float32{}
		began := time.Now()
		for i := range n {
			r, err := st.Recv()
			if err != nil || r.ErrorMessage != "" {
				t.Fatalf("answer %d: %v, %v", i, r, err)
			}
			m, id := model(i)
			key := m + strconv.Itoa(id)
			want[key]++
			if got := sums(t, r.InferResponse)[0]; got != want[key] || r.InferResponse.Id != strconv.Itoa(i) || !r.InferResponse.Parameters["triton_final_response"].GetBoolParam() {
				t.Fatalf("answer %d is %v of %s, want %v of %s", i, got, r.InferResponse.Id, want[key], key)
			}
		}
		if _, err := st.Recv(); !errors.Is(err, io.EOF) {
			t.Errorf("the stream ended with %v", err)
		}
		if took := time.Since(began); took != 8*time.Second { // of the slow ones
			t.Errorf("it took %v", took)
		}
	})
}

// Sequences of one stream are stepped side by side.
func TestStreamSideBySide(t *testing.T) {
	inTime(t, serve.Options{}, func(t *testing.T, f *fixture) {
		st, _ := f.ModelStreamInfer(t.Context())
		began := time.Now()
		for i := range window {
			st.Send(step("slow", 1, "sequence_id", i+1, "sequence_start", true))
		}
		for range window {
			if r, err := st.Recv(); err != nil || r.ErrorMessage != "" {
				t.Fatal(r, err)
			}
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("%d steps of a second each took %v", window, took)
		}
		st.CloseSend()
		st.Recv()
	})
}

func TestStreamOfPieces(t *testing.T) {
	inTime(t, serve.Options{}, func(t *testing.T, f *fixture) {
		st, _ := f.ModelStreamInfer(t.Context())
		q := text("writer", "text_input", "a b")
		q.Parameters = map[string]*oip.InferParameter{"triton_enable_empty_final_response": parameterOf(true)}
		st.Send(q)
		st.Send(text("writer", "text_input", "c fail d"))
		st.Send(text("writer", "text_input", "e"))
		st.CloseSend()
		var got []string
		for {
			r, err := st.Recv()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					t.Error(err)
				}
				break
			}
			s := "final"
			if !r.InferResponse.GetParameters()["triton_final_response"].GetBoolParam() {
				s = r.ErrorMessage
			}
			if len(r.InferResponse.RawOutputContents) > 0 {
				s = string(r.InferResponse.RawOutputContents[0][4:])
			}
			got = append(got, s)
		}
		if s := strings.Join(got, ","); s != "a,b,final,c,no more words,e" {
			t.Errorf("got %s", s)
		}
	})
}

// With triton_grpc_error an error is one of the stream.
func TestStrictStream(t *testing.T) {
	inTime(t, serve.Options{}, func(t *testing.T, f *fixture) {
		st, _ := f.ModelStreamInfer(metadata.AppendToOutgoingContext(t.Context(), "triton_grpc_error", "true"))
		st.Send(step("sum", 1, "sequence_id", 1, "sequence_start", true))
		st.Send(step("sum", 1, "sequence_id", 2))
		st.Send(step("sum", 1, "sequence_id", 1))
		if r, err := st.Recv(); err != nil || sums(t, r.InferResponse)[0] != 1 {
			t.Errorf("%v, %v", r, err)
		}
		_, err := st.Recv()
		fails(t, "a sequence without START", err, codes.InvalidArgument, "START")
	})
}

// A stream that is cancelled does what it had begun and nothing more.
func TestCancelledStream(t *testing.T) {
	inTime(t, serve.Options{}, func(t *testing.T, f *fixture) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		st, _ := f.ModelStreamInfer(ctx)
		for i := range 10 {
			st.Send(step("slow", 1, "sequence_id", 1, "sequence_start", i == 0))
		}
		time.Sleep(1500 * time.Millisecond)
		cancel()
		time.Sleep(10 * time.Second)
		r, err := f.ModelInfer(t.Context(), step("slow", 1, "sequence_id", 1))
		if err != nil || sums(t, r)[0] != 3 { // the first, the one that was under way, this
			t.Errorf("%v, %v", r, err)
		}
	})
}

// A server that is about to end answers what it has taken and ends the stream, which is no
// failure of it.
func TestDrainedStream(t *testing.T) {
	var ended []serve.Result
	o := serve.Options{OnCall: func(ctx context.Context, c *serve.Call) (context.Context, func(serve.Result)) {
		return ctx, func(r serve.Result) { ended = append(ended, r) }
	}}
	inTime(t, o, func(t *testing.T, f *fixture) {
		st, _ := f.ModelStreamInfer(t.Context())
		st.Send(step("slow", 1, "sequence_id", 1, "sequence_start", true))
		st.Send(step("slow", 1, "sequence_id", 1))
		time.Sleep(100 * time.Millisecond)
		f.s.Drain()
		for i := range 2 {
			if r, err := st.Recv(); err != nil || sums(t, r.InferResponse)[0] != float32(i+1) {
				t.Errorf("%v, %v", r, err)
			}
		}
		_, err := st.Recv()
		fails(t, "the end", err, codes.Unavailable, "about to end")
		synctest.Wait()
		if len(ended) != 1 || ended[0].Status != http.StatusOK || ended[0].Err != nil {
			t.Errorf("%+v is told of the stream", ended)
		}
	})
}

// A client that does not read its answers is let go of.
func TestStuckStream(t *testing.T) {
	var ended time.Time
	o := serve.Options{Timeout: 5 * time.Second, OnCall: func(ctx context.Context, c *serve.Call) (context.Context, func(serve.Result)) {
		return ctx, func(serve.Result) { ended = time.Now() }
	}}
	inTime(t, o, func(t *testing.T, f *fixture) {
		st, _ := f.ModelStreamInfer(t.Context())
		began := time.Now()
		long := text("echo", "text", strings.Repeat("a", 10_000))
		go func() {
			for st.Send(long) == nil {
			}
		}()
		time.Sleep(time.Minute)
		synctest.Wait()
		if took := ended.Sub(began); ended.IsZero() || took > 6*time.Second {
			t.Errorf("it was let go of after %v", took)
		}
		// What was sent before is there to read, then the end is.
		for {
			if _, err := st.Recv(); err != nil {
				fails(t, "the end", err, codes.Unavailable, "not read in time")
				break
			}
		}
	})
}
