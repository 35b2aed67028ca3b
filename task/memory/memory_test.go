package memory

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task"
)

func TestAdding(t *testing.T) {
	b := adding(rand.New(rand.NewPCG(1, 1)), 7, 100)
	for i := range 100 {
		sum, marks := 0.0, 0
		for step := range 7 {
			at := (step*100 + i) * 2
			if b.x.Data[at+1] == 1 {
				marks++
				sum += float64(b.x.Data[at])
			}
		}
		if marks != 2 || math.Abs(sum-float64(b.sums.Data[i])) > 1e-6 {
			t.Fatalf("row %d: %d marks, sum %v, want %v", i, marks, b.sums.Data[i], sum)
		}
	}
}

func TestCopying(t *testing.T) {
	const wait, n = 5, 3
	b := copying(rand.New(rand.NewPCG(1, 1)), wait, n)
	in := func(step, row int) int { return kernel.ArgMax(b.x.Data[(step*n+row)*letters : (step*n+row+1)*letters]) }
	for i := range n {
		for step := range wait + 2*recall {
			want := blank
			if step >= wait+recall {
				want = in(step-wait-recall, i)
			}
			if got := b.ids[step*n+i]; got != want {
				t.Errorf("row %d step %d: %d is wanted, not %d", i, step, got, want)
			}
			if got := in(step, i); (step < recall) != (got < symbols) || (step == wait+recall-1) != (got == begin) {
				t.Errorf("row %d step %d: reads %d", i, step, got)
			}
		}
	}
}

// A short problem is learnt, to the same bits for a seed. (Ten symbols take longer than a
// test may.)
func TestTrain(t *testing.T) {
	for problem, updates := range map[string]int{Adding: 400, Copying: 20} {
		c, err := Preset(problem, 4)
		if err != nil {
			t.Fatal(err)
		}
		c.Hidden, c.Steps, c.Batch, c.Rate = 32, updates, 32, 1e-2
		net, first, err := Train(context.Background(), c, task.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if f := nn.Untagged(net); f != nil {
			t.Errorf("fields without a tag: %v", f)
		}
		if problem == Adding && first.Loss > c.Baseline()/4 {
			t.Errorf("%s: %+v; without memory the loss is %v", problem, first, c.Baseline())
		}
		if _, again, err := Train(context.Background(), c, task.Options{}); err != nil || again != first {
			t.Errorf("%s: %+v, then %+v, %v", problem, first, again, err)
		}
	}
}

func TestStopsAndBad(t *testing.T) {
	c, err := Preset(Adding, 10)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if _, _, err := Train(ctx, c, task.Options{OnEpoch: func(task.Epoch) bool { cancel(); return true }}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	for _, change := range []func(*Config){
		func(c *Config) { c.Problem = "juggling" }, func(c *Config) { c.Length = 1 }, func(c *Config) { c.Cell = "lstn" },
		func(c *Config) { c.Cell, c.Chrono = rnn.KindBasic, true }, func(c *Config) { c.Rate = math.NaN() },
	} {
		bad := c
		change(&bad)
		if _, _, err := Train(context.Background(), bad, task.Options{}); fault.Of(err) != fault.Usage {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
