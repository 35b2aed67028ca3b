//go:build unix

package serve_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/frame"
	"github.com/recur-go/recur/session"
)

// cells is the model "acc" of an LSTM of 64 inputs and 128 units.
func cells(b *testing.B, p rnn.Precision) (*serve.Model, *rnn.Runner) {
	r, err := rnn.NewRunner(rnn.NewLSTM(rand.New(rand.NewPCG(1, 2)), 64, 128), p)
	if err != nil {
		b.Fatal(err)
	}
	return &serve.Model{Name: "acc", Sessions: session.NewTable(session.New(r, session.Options{}), session.TableOptions{})}, r
}

// processor is the processors' time of the process until now.
func processor(b *testing.B) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// BenchmarkFrames steps 64 sessions, each on a connection with so many steps on their way. Client and server
// are one process, whose processors' time a step is cpu-µs/op; that of the cell is cell-µs.
func BenchmarkFrames(b *testing.B) {
	for _, p := range []rnn.Precision{rnn.Single, rnn.Int8} {
		for _, flight := range []int{1, 8, 32} {
			b.Run(fmt.Sprintf("%v/flight=%d", p, flight), func(b *testing.B) {
				m, r := cells(b, p)
				addr := listen(b, server(b, serve.Options{}, m))
				const conns = 64
				var all []*wire
				for i := range conns {
					w := upgraded(b, addr)
					w.open(fmt.Sprint(i))
					all = append(all, w)
				}
				b.ResetTimer()
				before := processor(b)
				var wg sync.WaitGroup
				for i, w := range all {
					n := b.N / conns
					if i < b.N%conns {
						n++
					}
					wg.Go(func() { w.pump(n, flight) })
				}
				wg.Wait()
				b.ReportMetric(float64(processor(b)-before)/1e3/float64(b.N), "cpu-µs/op")
				b.ReportMetric(float64(cell(b, r))/1e3, "cell-µs")
			})
		}
	}
}

// cell is the processor's time of a step of the cell in batches of 32.
func cell(b *testing.B, r *rnn.Runner) time.Duration {
	const rows, n = 32, 200
	x, y := make([]session.Float, rows*64), make([]session.Float, rows*128)
	states := [][]session.Float{make([]session.Float, rows*128), make([]session.Float, rows*128)}
	before := processor(b)
	for range n {
		if err := r.Step(b.Context(), rows, x, y, states); err != nil {
			b.Fatal(err)
		}
	}
	return (processor(b) - before) / (rows * n)
}

// pump does n steps, with so many on their way.
func (w *wire) pump(n, flight int) {
	one := append(frame.Append(nil, frame.Header{Type: frame.Step, Handle: 1}, 256), make([]byte, 256)...)
	var many []byte
	for range flight {
		many = append(many, one...)
	}
	const answer = frame.Head + 512
	sent := min(flight, n)
	w.Write(many[:sent*len(one)])
	in := make([]byte, 32*answer)
	have := 0
	for done := 0; done < n; {
		k, err := io.ReadAtLeast(w, in[have:], answer-have)
		if err != nil {
			w.t.Error(err)
			return
		}
		have += k
		got := have / answer
		have -= got * answer
		copy(in, in[got*answer:got*answer+have])
		done += got
		more := min(got, n-sent)
		w.Write(many[:more*len(one)])
		sent += more
	}
}
