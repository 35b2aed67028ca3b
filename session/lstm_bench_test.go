//go:build unix

package session_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/recur-go/recur/internal/par"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/session"
)

// lstm is the Runner of an LSTM of 64 inputs and 128 units.
func lstm(t testing.TB) *rnn.Runner {
	r, err := rnn.NewRunner(rnn.NewLSTM(rand.New(rand.NewPCG(1, 2)), 64, 128), rnn.Single)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A batch of sessions is stepped by one goroutine: no helper of package par is called.
func TestNoHelperIsCalled(t *testing.T) {
	m := session.New(lstm(t), session.Options{MaxBatch: 128})
	steps := make([]session.Step, 128)
	for i := range steps {
		steps[i] = session.Step{Session: m.New(), X: make([]session.Float, 64)}
	}
	before := par.Calls()
	for range 20 {
		if err := m.StepAll(t.Context(), steps); err != nil {
			t.Fatal(err)
		}
	}
	if n := par.Calls() - before; n != 0 {
		t.Errorf("%d helpers were called", n)
	}
}

// processor is the processors' time of the process until now.
func processor(b *testing.B) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// BenchmarkLSTM steps an LSTM for so many callers. cpu-ns/op is what a step takes of the
// processors, over-ns/op what it takes beyond that of the Runner in batches of 32.
func BenchmarkLSTM(b *testing.B) {
	r := lstm(b)
	for _, callers := range []int{1, 16, 128} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			m := session.New(r, session.Options{Workers: 1}) // two threads of a core slow each other
			const rows = 32
			x, y := make([]session.Float, rows*64), make([]session.Float, rows*128)
			states := [][]session.Float{make([]session.Float, rows*128), make([]session.Float, rows*128)}
			end := par.Alone()
			before := processor(b)
			for i := 0; i < b.N; i += rows {
				if err := r.Step(b.Context(), min(rows, callers), x, y, states); err != nil {
					b.Fatal(err)
				}
			}
			cell := processor(b) - before
			end()
			if callers < rows {
				cell = cell * rows / time.Duration(callers)
			}
			b.ResetTimer()
			before = processor(b)
			var wg sync.WaitGroup
			for i := range callers {
				n := b.N / callers
				if i < b.N%callers {
					n++
				}
				wg.Go(func() {
					s, x := m.New(), make([]session.Float, 64)
					var y []session.Float
					for range n {
						var err error
						if y, err = m.Step(b.Context(), s, y, x); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			cpu := processor(b) - before
			b.ReportMetric(float64(cpu)/float64(b.N), "cpu-ns/op")
			b.ReportMetric(float64(cpu-cell)/float64(b.N), "over-ns/op")
		})
	}
}

// BenchmarkIdle reports the bytes of live heap that a session takes, alone and in a table.
func BenchmarkIdle(b *testing.B) {
	m := session.New(lstm(b), session.Options{})
	const n = 100_000
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	for range b.N {
		before := heap()
		all := make([]*session.Session, n)
		for i := range all {
			all[i] = m.New()
		}
		b.ReportMetric(float64(heap()-before)/n, "B/session")
		runtime.KeepAlive(all)
		all = nil
		before = heap()
		table := session.NewTable(m, session.TableOptions{})
		x := make([]session.Float, 64)
		var y []session.Float
		for i := range n {
			var err error
			if y, err = table.Step(b.Context(), fmt.Sprintf("session-%08d", i), 0, y, x); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(heap()-before)/n, "B/named")
		runtime.KeepAlive(table)
	}
}
