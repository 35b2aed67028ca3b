package rnn_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/par"
	"github.com/recur-go/recur/internal/race"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/tf1"
	"github.com/recur-go/recur/session"
	"github.com/recur-go/recur/tensor"
)

var _ session.Starter = (*rnn.Runner)(nil)

// served are cells of every registered kind and wrapper, with inputs of 5.
func served() map[string]rnn.Cell {
	r := rng()
	all := cells()
	for name, c := range map[string]rnn.Cell{
		"MinGRU":       rnn.MinGRUOptions{}.New(r, 5, 17),
		"MinLSTM":      rnn.MinLSTMOptions{}.New(r, 5, 16),
		"IndRNN":       rnn.IndRNNOptions{}.New(r, 5, 16),
		"SRU":          rnn.SRUOptions{}.New(r, 5, 16),
		"SRUPeepholes": rnn.SRUOptions{Peepholes: true}.New(r, 5, 9),
		"ConvLSTM":     rnn.NewConvLSTM(r, []int{5}, []int{3}, 1, 4),
		"UGRNN":        tf1.UGRNNOptions{ForgetBias: 1}.New(r, 5, 4),
		"Intersection": tf1.IntersectionOptions{ForgetBias: 1}.New(r, 5, 4),
		"NAS":          tf1.NASOptions{}.New(r, 5, 4),
		"Minimal":      tf1.MinimalOptions{}.New(r, 5, 4),
		"CFN":          tf1.CFNOptions{}.New(r, 5, 4),
		"IndyGRU":      tf1.IndyGRUOptions{}.New(r, 5, 4),
		"IndyLSTM":     tf1.IndyLSTMOptions{ForgetBias: 1}.New(r, 5, 4),
		"GLSTM":        tf1.GLSTMOptions{Groups: 1, ForgetBias: 1}.New(r, 5, 4),
		"Phased":       tf1.PhasedOptions{Leak: 0.001}.New(r, 5, 4),
		"Attention":    tf1.NewAttention(r, rnn.NewLSTM(r, 5, 4), 5, 4, 3),
		"WeightNorm":   tf1.NewWeightNorm(rnn.LSTMOptions{Peepholes: true, Projection: 3}.New(r, 5, 4)),
		"LSTMWide":     rnn.NewLSTM(r, 5, 80),
		"GRUWide":      rnn.NewGRU(r, 5, 64),
	} {
		all[name] = noisy(c)
	}
	delete(all, "User") // its widths are not known
	delete(all, "StackOfUserCells")
	for name, inner := range map[string]func(in, H int) rnn.Cell{
		"LSTM":   func(in, H int) rnn.Cell { return noisy(rnn.NewLSTM(r, in, H)) },
		"GRU":    func(in, H int) rnn.Cell { return noisy(rnn.NewGRU(r, in, H)) },
		"MinGRU": func(in, H int) rnn.Cell { return noisy(rnn.MinGRUOptions{}.New(r, in, H)) },
	} {
		learned := rnn.NewLearned(inner(5, 6))
		for _, v := range learned.Initial {
			v.Value.Data[1] = 0.75
		}
		all["Learned "+name] = learned
		all["Dropout "+name] = &rnn.Dropout{Cell: inner(5, 6), In: 0.5, Out: 0.5, State: 0.2}
		all["DropoutSequence "+name] = &rnn.Dropout{Cell: rnn.Stack{inner(5, 6), inner(6, 5)}, In: 0.5, State: 0.2, PerSequence: true}
		all["Zoneout "+name] = &rnn.Zoneout{Cell: inner(5, 6), H: 0.1, C: 0.2}
		all["Residual "+name] = &rnn.Residual{Cell: inner(5, 5)}
		all["Highway "+name] = rnn.NewHighway(r, inner(5, 5), 5)
		all["Dilated "+name] = &rnn.Dilated{Cell: inner(5, 6), K: 3}
		all["DilatedFar "+name] = &rnn.Dilated{Cell: inner(5, 6), K: 12}
		all["Projections "+name] = &rnn.InputProjection{In: nn.NewLinear(r, 5, 3), Cell: &rnn.OutputProjection{Cell: inner(3, 6), Out: nn.NewLinear(r, 6, 4)}}
		all["Stack "+name] = rnn.Stack{learned, &rnn.Residual{Cell: rnn.Stack{inner(6, 6), inner(6, 6)}}, rnn.NewBasic(r, 6, 3)}
	}
	all["Turned"] = turned{noisy(rnn.NewLSTM(r, 5, 6))}
	return all
}

// turned hands entries of the state on to one another.
type turned struct{ *rnn.LSTM }

func (c turned) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	y, next := c.LSTM.Step(g, x, s[:2])
	return y, rnn.State{next[0], s[3], s[2], s[1]}
}

func (c turned) StateSize() []int                       { return []int{6, 6, 6, 6} }
func (c turned) Unroll()                                {} // not an Unroller
func (c turned) Freeze(rnn.Precision) (rnn.Cell, error) { return c, nil }

// Every registered cell has a form for inference alone, but the rare ones of TensorFlow 1.
func TestFrozenKinds(t *testing.T) {
	for name, c := range served() {
		_, err := rnn.Freeze(c, rnn.Single)
		rare := strings.HasPrefix(fmt.Sprintf("%T", c), "*tf1.")
		if _, wraps := c.(rnn.Wrapper); (err != nil) != (rare && !wraps) {
			t.Errorf("%s: the error of Freeze is %v", name, err)
		}
	}
}

func TestServedKindsAreAll(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range served() {
		seen[rnn.RegisteredName(c)] = true
	}
	for _, name := range rnn.Registered() {
		if !seen[name] && name != "bare" && name != "gated" { // cells of tests
			t.Errorf("no runner of %s is tested", name)
		}
	}
}

// A session of a Runner as a test keeps it.
type row struct {
	stream *rnn.Stream
	states [][]tensor.Float
}

func sameBits(a, b []tensor.Float) bool {
	return slices.EqualFunc(a, b, func(a, b tensor.Float) bool {
		return math.Float64bits(float64(a)) == math.Float64bits(float64(b)) || a != a && b != b
	})
}

// Steps of a Runner, in batches of any sessions, are those of a Stream for each session.
func TestRunnerEqualsStream(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 4
	}
	for name, c := range served() {
		for p := rnn.Single; p <= rnn.Int8; p++ {
			t.Run(fmt.Sprint(name, "/", p), func(t *testing.T) { compareRunner(t, c, p, rounds) })
		}
	}
}

func compareRunner(t *testing.T, c rnn.Cell, p rnn.Precision, rounds int) {
	run, err := rnn.NewRunner(c, p)
	if err != nil {
		t.Fatal(err)
	}
	frozen, err := rnn.Freeze(c, p)
	if (err == nil) != (run.Frozen() == nil) {
		t.Errorf("Frozen is %v, the error of Freeze %v", run.Frozen(), err)
	}
	sizes, sessions := run.StateSizes(), make([]*row, 33)
	for i := range sessions {
		s := &row{stream: rnn.NewStream(frozen)}
		for _, n := range sizes {
			s.states = append(s.states, make([]tensor.Float, n))
		}
		run.First(s.states)
		sessions[i] = s
	}
	r := rand.New(rand.NewPCG(11, 12))
	for round := range rounds {
		rows := 1 + r.IntN(len(sessions))
		if round == 0 {
			rows = len(sessions)
		}
		x, y := make([]tensor.Float, rows*run.In()), make([]tensor.Float, rows*run.Out())
		for i := range x {
			x[i] = tensor.Float(r.NormFloat64())
		}
		if round == 1 {
			x[0] = tensor.Float(math.NaN())
		}
		who, states := r.Perm(len(sessions))[:rows], make([][]tensor.Float, len(sizes))
		for i := range sizes {
			for _, w := range who {
				states[i] = append(states[i], sessions[w].states[i]...)
			}
		}
		if err := run.Step(t.Context(), rows, x, y, states); err != nil {
			t.Fatal(err)
		}
		for k, w := range who {
			s := sessions[w]
			want := s.stream.Push(x[k*run.In() : (k+1)*run.In()])
			if got := y[k*run.Out() : (k+1)*run.Out()]; !sameBits(got, want) {
				t.Fatalf("round %d, row %d of %d: the output is %v, want %v", round, k, rows, got, want)
			}
			for i, n := range sizes {
				copy(s.states[i], states[i][k*n:])
				if !sameBits(s.states[i], s.stream.State()[i].Value.Data) {
					t.Fatalf("round %d, row %d of %d: entry %d of the state has other bits", round, k, rows, i)
				}
			}
		}
	}
}

// What a Runner and a Stream save is the same, whatever the precision and the wrapper.
func TestRunnerID(t *testing.T) {
	c := rnn.NewLSTM(rng(), 3, 4)
	single, err := rnn.NewRunner(c, rnn.Single)
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []rnn.Cell{c, rnn.NewLSTM(rng(), 3, 4), &rnn.Dropout{Cell: c, In: 0.5}, counted{c, new(int)}} {
		if run, err := rnn.NewRunner(other, rnn.Int8); err != nil || run.ID() != single.ID() || run.ID() != rnn.SessionID(c) {
			t.Errorf("%T: another ID, %v", other, err)
		}
	}
	for _, other := range []rnn.Cell{rnn.NewLSTM(rng(), 4, 4), rnn.NewGRU(rng(), 3, 4)} {
		if run, err := rnn.NewRunner(other, rnn.Single); err != nil || run.ID() == single.ID() {
			t.Errorf("%T: the same ID, %v", other, err)
		}
	}
}

// drawing begins every sequence with a value of its own on a tape that trains.
type drawing struct {
	*rnn.LSTM
	rows int
}

func (c drawing) BeginSequence(g *grad.Tape, batch int) rnn.Cell {
	if g.Train {
		panic("a runner trains")
	}
	return drawing{c.LSTM, batch}
}

func (c drawing) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	if x.Dim(0) != c.rows {
		panic(&tensor.ShapeError{Op: "drawing", Detail: fmt.Sprintf("%d rows, want %d", x.Dim(0), c.rows)})
	}
	return c.LSTM.Step(g, x, s)
}

func (c drawing) Unroll() {}
func (c drawing) Freeze() {}

// A cell that begins each batch is begun for as many rows as there are.
func TestRunnerBeginsBatches(t *testing.T) {
	c := rnn.Stack{&rnn.Residual{Cell: drawing{LSTM: rnn.NewLSTM(rng(), 3, 3)}}}
	run, err := rnn.NewRunner(c, rnn.Single)
	if err != nil {
		t.Fatal(err)
	}
	for _, rows := range []int{1, 3, 2} {
		states := [][]tensor.Float{make([]tensor.Float, 3*rows), make([]tensor.Float, 3*rows)}
		if err := run.Step(t.Context(), rows, make([]tensor.Float, 3*rows), make([]tensor.Float, 3*rows), states); err != nil {
			t.Error(err)
		}
	}
}

// holding keeps a value for each row of its batch.
type holding struct{ *rnn.LSTM }

func (c holding) SelectRows(g *grad.Tape, rows []int) rnn.Cell { return c }

// lying has another width than it tells.
type lying struct{ *rnn.LSTM }

func (c lying) Widths() (in, out int) { return 3, 9 }

type lyingState struct{ *rnn.LSTM }

func (c lyingState) StateSize() []int { return []int{4, 4, 4} }

func TestRunnerRefuses(t *testing.T) {
	r := rng()
	l := rnn.NewLSTM(r, 3, 4)
	for name, c := range map[string]struct {
		cell rnn.Cell
		want string
	}{
		"no widths": {gated{nn.NewLinear(r, 5, 7), nn.NewLinear(r, 5, 7)}, "input -1 and output -1"},
		"rows":      {rnn.Stack{l, &rnn.Residual{Cell: holding{rnn.NewLSTM(r, 4, 4)}}}, "rnn_test.holding holds data for each row"},
		"widths":    {lying{l}, "want [2 9] by its Widths"},
		"state":     {lyingState{l}, "state"},
		"dilated":   {&rnn.Dilated{Cell: l}, "K is 0"},
	} {
		if _, err := rnn.NewRunner(c.cell, rnn.Single); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want %s", name, err, c.want)
		}
	}
	run, err := rnn.NewRunner(rnn.Stack{l, tf1.UGRNNOptions{}.New(r, 4, 4)}, rnn.Int8)
	if err != nil || !errors.Is(run.Frozen(), rnn.ErrNotFrozen) {
		t.Errorf("the errors are %v and %v, want one that wraps ErrNotFrozen", err, run.Frozen())
	}
}

func TestRunnerChecks(t *testing.T) {
	run, err := rnn.NewRunner(rnn.NewLSTM(rng(), 3, 4), rnn.Single)
	if err != nil {
		t.Fatal(err)
	}
	f := func(n int) []tensor.Float { return make([]tensor.Float, n) }
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx    context.Context
		rows   int
		x, y   []tensor.Float
		states [][]tensor.Float
		want   string
	}{
		"x":       {t.Context(), 2, f(5), f(8), [][]tensor.Float{f(8), f(8)}, "5 values of input"},
		"y":       {t.Context(), 2, f(6), f(7), [][]tensor.Float{f(8), f(8)}, "7 of output"},
		"rows":    {t.Context(), -1, f(6), f(8), [][]tensor.Float{f(8), f(8)}, "-1 rows"},
		"entries": {t.Context(), 2, f(6), f(8), [][]tensor.Float{f(8)}, "1 entries"},
		"state":   {t.Context(), 2, f(6), f(8), [][]tensor.Float{f(8), f(6)}, "entry 1 of the state has 6 values, want 8"},
		"ended":   {ended, 2, f(6), f(8), [][]tensor.Float{f(8), f(8)}, "context canceled"},
	} {
		for i := range c.x {
			c.x[i] = 1
		}
		if err := run.Step(c.ctx, c.rows, c.x, c.y, c.states); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want %s", name, err, c.want)
		}
		if !slices.Equal(c.states[0], f(8)) {
			t.Errorf("%s: the state has changed", name)
		}
	}
	if err := run.Step(t.Context(), 0, nil, nil, make([][]tensor.Float, 2)); err != nil {
		t.Errorf("no rows: %v", err)
	}
}

// Many goroutines share a Runner.
func TestRunnerIsShared(t *testing.T) {
	c := rnn.Stack{rnn.NewLSTM(rng(), 3, 24), rnn.NewGRU(rng(), 24, 4)}
	run, err := rnn.NewRunner(c, rnn.Int8)
	if err != nil {
		t.Fatal(err)
	}
	sum := func() (sum tensor.Float) {
		x, y := []tensor.Float{1, 2, 3}, make([]tensor.Float, 4)
		states := [][]tensor.Float{make([]tensor.Float, 24), make([]tensor.Float, 24), make([]tensor.Float, 4)}
		for range 20 {
			if err := run.Step(context.Background(), 1, x, y, states); err != nil {
				t.Error(err)
			}
			sum += y[0]
		}
		return sum
	}
	want := sum()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if got := sum(); got != want {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
	wg.Wait()
}

// A large batch stays on its goroutine where Alone asks for it, and allocates nothing.
func TestRunnerAlone(t *testing.T) {
	const in, H, rows = 128, 256, 32
	for p := rnn.Single; p <= rnn.Int8; p++ {
		run, err := rnn.NewRunner(rnn.Stack{rnn.NewLSTM(rng(), in, H), rnn.NewLSTM(rng(), H, 16)}, p)
		if err != nil {
			t.Fatal(err)
		}
		x, y := make([]tensor.Float, rows*in), make([]tensor.Float, rows*16)
		var states [][]tensor.Float
		for _, n := range run.StateSizes() {
			states = append(states, make([]tensor.Float, rows*n))
		}
		ctx := t.Context()
		step := func() {
			if err := run.Step(ctx, rows, x, y, states); err != nil {
				t.Fatal(err)
			}
		}
		end := par.Alone()
		before := par.Calls()
		step()
		n := testing.AllocsPerRun(4, step)
		if calls := par.Calls() - before; calls != 0 {
			t.Errorf("%v: helpers were called %d times", p, calls)
		}
		end()
		if n != 0 && !race.Enabled {
			t.Errorf("%v: %v allocations a step", p, n)
		}
	}
}

func BenchmarkRunner(b *testing.B) {
	for _, p := range []rnn.Precision{rnn.Single, rnn.Int8} {
		run, err := rnn.NewRunner(rnn.NewLSTM(rng(), 64, 128), p)
		if err != nil {
			b.Fatal(err)
		}
		for _, rows := range []int{1, 8, 32} {
			b.Run(fmt.Sprint(p, "/", rows), func(b *testing.B) {
				defer par.Alone()()
				x, y := make([]tensor.Float, rows*64), make([]tensor.Float, rows*128)
				states := [][]tensor.Float{make([]tensor.Float, rows*128), make([]tensor.Float, rows*128)}
				b.ReportAllocs()
				for b.Loop() {
					if err := run.Step(context.Background(), rows, x, y, states); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
			})
		}
	}
}
