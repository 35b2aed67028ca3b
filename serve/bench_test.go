package serve_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recur-go/recur/internal/race"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/session"
)

// lstm serves an LSTM 64→128 of random weights.
func lstm(t testing.TB) *serve.Server {
	runner, err := rnn.NewRunner(rnn.NewLSTM(rand.New(rand.NewPCG(1, 2)), 64, 128), rnn.Single)
	if err != nil {
		t.Fatal(err)
	}
	m := &serve.Model{Name: "lstm", ImplicitStart: true}
	m.Sessions = session.NewTable(session.New(runner, session.Options{OnBatch: m.OnBatch}), session.TableOptions{})
	t.Cleanup(func() { m.Sessions.Close(context.Background()) })
	return server(t, serve.Options{}, m)
}

// The heads and bodies of one step of it, by binary tensors and by JSON.
func lstmStep(binary bool) (head, body string) {
	x := make([]float32, 64)
	for i := range x {
		x[i] = float32(i)/64 - 0.37
	}
	if !binary {
		return "", fmt.Sprintf(`{"parameters":{"sequence_id":1},"inputs":[{"name":"x","datatype":"FP32","shape":[1,64],"data":%s}]}`, strings.ReplaceAll(fmt.Sprint(x), " ", ","))
	}
	j := `{"parameters":{"sequence_id":1,"binary_data_output":true},"inputs":[{"name":"x","datatype":"FP32","shape":[1,64],"parameters":{"binary_data_size":256}}]}`
	return fmt.Sprint(len(j)), j + floats(x...)
}

// BenchmarkStep is one step of one session: what the handler costs alone, and over a
// connection with a client that prepares its bytes and reads the answers' lengths only.
func BenchmarkStep(b *testing.B) {
	for _, kind := range []string{"binary", "json"} {
		head, body := lstmStep(kind == "binary")
		b.Run("handler/"+kind, func(b *testing.B) {
			s := lstm(b)
			do := stepper(s, head, body)
			do()
			b.ReportAllocs()
			for b.Loop() {
				do()
			}
		})
		b.Run("http/"+kind, func(b *testing.B) {
			web := httptest.NewUnstartedServer(nil)
			web.Config = lstm(b).HTTP()
			web.Start()
			defer web.Close()
			c, err := net.Dial("tcp", web.Listener.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			req := fmt.Sprintf("POST /v2/models/lstm/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n", len(body))
			if head != "" {
				req += "Inference-Header-Content-Length: " + head + "\r\n"
			}
			raw, in := []byte(req+"\r\n"+body), bufio.NewReader(c)
			var took []time.Duration
			b.ReportAllocs()
			for b.Loop() {
				began := time.Now()
				if _, err := c.Write(raw); err != nil {
					b.Fatal(err)
				}
				skipAnswer(b, in)
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1e3, "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1e3, "p99-µs")
		})
	}
}

// skipAnswer reads an answer whose length is announced.
func skipAnswer(b testing.TB, in *bufio.Reader) {
	n := 0
	for first := true; ; first = false {
		line, err := in.ReadSlice('\n')
		if err != nil || first && string(line) != "HTTP/1.1 200 OK\r\n" {
			b.Fatalf("%s %v", line, err)
		}
		if len(line) == 2 {
			break
		}
		if len(line) > 16 && string(line[:16]) == "Content-Length: " {
			for _, d := range line[16 : len(line)-2] {
				n = 10*n + int(d-'0')
			}
		}
	}
	in.Discard(n)
}

// stepper returns what sends the same step to a handler again and again.
func stepper(s http.Handler, head, body string) func() {
	src := strings.NewReader(body)
	r := httptest.NewRequest("POST", "http://localhost/v2/models/lstm/infer", src)
	if head != "" {
		r.Header.Set("Inference-Header-Content-Length", head)
	}
	w := &discard{head: http.Header{}}
	body2 := io.NopCloser(src)
	return func() {
		src.Reset(body)
		r.Body = body2
		clear(w.head)
		s.ServeHTTP(w, r)
	}
}

// A step allocates no more than the head of its answer and the name of its session.
func TestStepAllocates(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	for kind, most := range map[string]float64{"binary": 8, "json": 6} {
		head, body := lstmStep(kind == "binary")
		do := stepper(lstm(t), head, body)
		for range 10 {
			do()
		}
		if n := testing.AllocsPerRun(200, do); n > most {
			t.Errorf("%s: %.1f allocations a step, want at most %v", kind, n, most)
		}
	}
}
