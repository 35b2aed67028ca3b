package speed

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestFlops(t *testing.T) {
	for _, c := range []struct {
		p    Point
		want float64
	}{
		{Point{Cell: "lstm", Mode: "forward", Batch: 1, Steps: 1, Input: 64, Hidden: 128}, 2 * 4 * 128 * 192},
		{Point{Cell: "rnn", Mode: "train", Batch: 2, Steps: 3, Input: 5, Hidden: 7}, 3 * 2 * 6 * 7 * 12},
		{Point{Cell: "gru", Mode: "forward", Batch: 4, Steps: 8, Input: 1, Hidden: 1, Ragged: true}, 2 * (1 + 3 + 5 + 7) * 3 * 2},
	} {
		if got := c.p.Flops(); got != c.want {
			t.Errorf("%v: %v, want %v", c.p, got, c.want)
		}
	}
}

func TestRunners(t *testing.T) {
	for _, cell := range Grid.Cells {
		for _, mode := range Grid.Modes {
			for _, p := range []Point{
				{cell, mode, 1, 1, 3, 4, false, "float32"}, {cell, mode, 2, 5, 3, 4, false, "float32"}, {cell, mode, 3, 5, 3, 4, true, "float32"},
				{cell, "forward", 1, 1, 3, 4, false, "int8"}, {cell, "forward", 3, 5, 3, 4, true, "float16"},
			} {
				run, bytes, err := p.Runner()
				if err != nil {
					t.Fatal(err)
				}
				run()
				run()
				if bytes == nil {
					continue
				}
				if n := bytes(); n < 4*p.ValidSteps()*p.Hidden {
					t.Errorf("%v holds %d bytes, less than its outputs", p, n)
				}
			}
		}
	}
	for _, p := range []Point{{Cell: "elman", Mode: "train", Batch: 1, Steps: 1, Input: 1, Hidden: 1, Dtype: "float32"},
		{Cell: "rnn", Mode: "sideways", Batch: 1, Steps: 1, Input: 1, Hidden: 1, Dtype: "float32"}, {Cell: "rnn", Mode: "train", Dtype: "float32"},
		{Cell: "rnn", Mode: "train", Batch: 1, Steps: 1, Input: 1, Hidden: 1, Dtype: "int8"}, {Cell: "rnn", Mode: "forward", Batch: 1, Steps: 1, Input: 1, Hidden: 1}} {
		if _, _, err := p.Runner(); err == nil {
			t.Errorf("%v is taken", p)
		}
	}
}

func TestGridIsWhole(t *testing.T) {
	if len(Grid.Cells) != 3 || len(Grid.Modes) != 2 || len(Grid.Shapes) != 9 || Grid.Shapes[7] != (Shape{128, 50, 512, 1024}) {
		t.Errorf("%+v", Grid)
	}
}

func TestClock(t *testing.T) {
	n := 0
	times, err := Clock(context.Background(), func() { n++; time.Sleep(time.Millisecond) }, 0, 3)
	if err != nil || n != 4 || times.Runs != 3 || times.Best < 1 || times.Median < times.Best {
		t.Errorf("%d runs: %+v, %v", n, times, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := Clock(ctx, func() {}, time.Hour, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

func TestPeak(t *testing.T) {
	if p := Peak(); p < 0.01 || p > 1e6 {
		t.Errorf("%v GFLOP/s", p)
	}
}
