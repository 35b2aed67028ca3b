package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/bench/speed"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/internal/setting"
)

// benchOptions are the flags of recur bench.
type benchOptions struct {
	threads       []int
	cells, modes  []string
	shapes        []string
	ragged, quick bool
	seconds       float64
	dtype         string
	asJSON        bool
}

// A benchRow is a point as measured. Its first fields are those of
// bench/results/peers.json.
type benchRow struct {
	System string `json:"system"`
	speed.Point
	Threads   int     `json:"threads"`
	Ms        float64 `json:"ms"`
	Gflops    float64 `json:"gflops"`
	PeakShare float64 `json:"peak_share"`
	PeakBytes int     `json:"peak_bytes"` // memory of values and gradients
	StepsPerS float64 `json:"steps_per_second"`
}

type benchMachine struct {
	CPU        string             `json:"cpu"`
	Cores      int                `json:"cores"`
	System     string             `json:"system"`
	Go         string             `json:"go"`
	Kernels    string             `json:"kernels"`
	PeakGflops map[string]float64 `json:"peak_gflops"` // peak of the machine by threads
}

func init() { commands = append(commands, newBench) }

func newBench() *cobra.Command {
	o := benchOptions{}
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure the speed of recurrent layers on this machine",
		Long: `Measure the speed of recurrent layers: rnn (tanh), gru and lstm, forward and in training
(forward, then the gradients of all weights and of the input), for nine shapes, on one
thread and on all cores. This takes less than a minute.

Each figure is the median of several runs. GFLOP/s counts the multiplications and
additions of the matrix products; the share is relative to the peak of this machine,
which is measured first. A single step of a stream is limited by reading its weights,
not by that peak. Memory counts values and gradients.

docs/benchmarks.md in the repository compares recur with other systems.`,
		Example: "  recur bench\n  recur bench --cells lstm --modes train --threads 1\n  recur bench --shape 32,64,64,128 --ragged --json",
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.IntSliceVar(&o.threads, "threads", nil, "`counts` of threads (default 1 and the number of cores)")
	f.StringSliceVar(&o.cells, "cells", speed.Grid.Cells, "`cells` to measure")
	f.StringSliceVar(&o.modes, "modes", speed.Grid.Modes, "`modes` to measure: forward, train")
	f.StringArrayVar(&o.shapes, "shape", nil, "`shape` to measure instead of the nine, batch,steps,input,hidden; may be repeated")
	f.BoolVar(&o.ragged, "ragged", false, "sequences of different lengths, from 1 to all steps")
	f.StringVar(&o.dtype, "dtype", "float32", "`type` of the weights: float32, or float16 or int8 for forward only")
	f.BoolVar(&o.quick, "quick", false, "measure only shapes that take less than a second")
	f.Float64Var(&o.seconds, "seconds", 0.15, "`seconds` to measure each point for")
	f.BoolVar(&o.asJSON, "json", false, "print JSON instead of text")
	cmd.AddCommand(newBenchAccuracy())
	return cmd
}

func (o *benchOptions) run(ctx context.Context, out, log io.Writer) error {
	points, err := o.points()
	if err != nil {
		return err
	}
	threads := o.threads
	if len(threads) == 0 {
		threads = slices.Compact([]int{1, runtime.GOMAXPROCS(0)})
	}
	for _, n := range threads {
		if n < 1 || n > 1024 {
			return usage("--threads is %d, want 1 to 1024", n)
		}
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	m := benchMachine{CPU: speed.CPU(), Cores: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH,
		Go: runtime.Version(), Kernels: kernel.Tier(), PeakGflops: map[string]float64{}}
	if !o.asJSON {
		fmt.Fprintf(out, "%s, %d cores, %s, kernels %s\n", m.CPU, m.Cores, m.System, m.Kernels)
	}
	rows := []benchRow{}
	for _, n := range threads {
		runtime.GOMAXPROCS(n)
		peak := speed.Peak()
		m.PeakGflops[fmt.Sprint(n)] = peak
		if !o.asJSON {
			fmt.Fprintf(out, "\n%s: at most %.0f GFLOP/s\n%-5s %-8s %-20s %10s %9s %6s %12s %9s\n", setting.Plural(n, "thread"), peak,
				"cell", "mode", "batch,steps,in,hidden", "ms", "GFLOP/s", "share", "steps/s", "memory")
		}
		for _, p := range points {
			row, err := o.measure(ctx, p, n, peak)
			if err != nil {
				return err
			}
			rows = append(rows, row)
			if !o.asJSON {
				row.print(out)
			} else {
				fmt.Fprintln(log, p)
			}
		}
	}
	if o.asJSON {
		e := newEncoder(out)
		e.SetIndent("", " ")
		return e.Encode(struct {
			Machine benchMachine `json:"machine"`
			Rows    []benchRow   `json:"rows"`
		}{m, rows})
	}
	return nil
}

// points are what the flags ask for.
func (o *benchOptions) points() (points []speed.Point, err error) {
	shapes := speed.Grid.Shapes
	if len(o.shapes) > 0 {
		shapes = nil
	}
	for _, s := range o.shapes {
		var v speed.Shape
		var rest string
		n, _ := fmt.Sscanf(s, "%d,%d,%d,%d%s", &v.Batch, &v.Steps, &v.Input, &v.Hidden, &rest)
		if n != 4 || min(v.Batch, v.Steps, v.Input, v.Hidden) < 1 || max(v.Batch, v.Steps, v.Input, v.Hidden) > 1<<20 {
			return nil, usage("--shape %s: want batch,steps,input,hidden such as 32,64,64,128", s)
		}
		shapes = append(shapes, v)
	}
	if !slices.Contains([]string{"float32", "float16", "int8"}, o.dtype) {
		return nil, usage("--dtype %s: want float32, float16 or int8", o.dtype)
	}
	for name, values := range map[string]struct{ given, known []string }{
		"cells": {o.cells, speed.Grid.Cells}, "modes": {o.modes, speed.Grid.Modes},
	} {
		for _, v := range values.given {
			if !slices.Contains(values.known, v) {
				return nil, usage("--%s %s: want some of %s", name, v, strings.Join(values.known, ", "))
			}
		}
	}
	const second, large = 100e9, 1 << 32 // about the operations that take one; values
	for _, s := range shapes {
		for _, cell := range o.cells {
			for _, mode := range o.modes {
				if mode == "train" && o.dtype != "float32" {
					continue
				}
				p := speed.Point{Dtype: o.dtype, Cell: cell, Mode: mode, Batch: s.Batch, Steps: s.Steps, Input: s.Input, Hidden: s.Hidden, Ragged: o.ragged && s.Batch > 1}
				if float64(s.Batch)*float64(s.Steps)*float64(4*s.Hidden+s.Input) > large || float64(s.Hidden)*float64(s.Hidden+s.Input) > large {
					return nil, usage("%v needs tens of gigabytes: choose a smaller --shape", p)
				}
				if !o.quick || p.Flops() < second {
					points = append(points, p)
				}
			}
		}
	}
	if len(points) == 0 {
		return nil, usage("these flags leave nothing to time")
	}
	return points, nil
}

func (o *benchOptions) measure(ctx context.Context, p speed.Point, threads int, peak float64) (benchRow, error) {
	run, bytes, err := p.Runner()
	if err != nil {
		return benchRow{}, err
	}
	times, err := speed.Clock(ctx, run, time.Duration(o.seconds*float64(time.Second)), 1)
	if err != nil {
		return benchRow{}, err
	}
	rate := p.Flops() / times.Median / 1e6
	row := benchRow{System: "recur", Point: p, Threads: threads, Ms: times.Median, Gflops: rate, PeakShare: rate / peak,
		StepsPerS: float64(p.ValidSteps()) / times.Median * 1e3}
	if bytes != nil {
		row.PeakBytes = bytes()
	}
	return row, nil
}

func (r benchRow) print(w io.Writer) {
	shape := fmt.Sprintf("%d,%d,%d,%d", r.Batch, r.Steps, r.Input, r.Hidden)
	memory := ""
	if r.PeakBytes > 0 {
		memory = fmt.Sprintf("%.4g MB", float64(r.PeakBytes)/1e6)
	}
	mode := r.Mode
	if r.Ragged {
		mode += "*"
	}
	fmt.Fprintf(w, "%-5s %-8s %-21s %10.4g %9.0f %5.0f%% %12.4g %9s\n", r.Cell, mode, shape, r.Ms, r.Gflops, 100*r.PeakShare, r.StepsPerS, memory)
}
