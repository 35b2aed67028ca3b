package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/recur-go/recur/bench/speed"
	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/sets"
	"github.com/recur-go/recur/internal/chart"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
)

// airlineFile keeps the back-tests of what recur forecast does.
const airlineFile = "airline.json"

// A backtest is that of a model, or of a baseline, whose seed is 0.
type backtest struct {
	Model   string             `json:"model"`
	Seed    uint64             `json:"seed,omitempty"`
	Weights string             `json:"weights,omitempty"`
	MASE    float64            `json:"mase"`
	SMAPE   float64            `json:"smape"`
	Covers  map[string]float64 `json:"covers"` // share of the values within a band, by its probability
}

type backtests struct {
	CPU     string     `json:"cpu"`
	Cores   int        `json:"cores"`
	Go      string     `json:"go"`
	Kernels string     `json:"kernels"`
	Seconds float64    `json:"seconds"`  // of the whole program, the fastest of three runs
	Peak    float64    `json:"peak_mib"` // memory of that run
	Origins int        `json:"origins"`
	Rows    []backtest `json:"rows"`
}

// airline makes the picture of the README, and the scores beside it: what recur forecast does.
func airline() error {
	set, err := sets.Find("airline")
	if err != nil {
		return err
	}
	table, err := set.Table()
	if err != nil {
		return err
	}
	s := table.Series[0]
	series := data.Series{Y: s.Y}
	ctx := context.Background()
	all := backtests{CPU: speed.CPU(), Cores: runtime.NumCPU(), Go: runtime.Version(), Kernels: kernel.Tier()}
	if err := all.time(ctx); err != nil {
		return err
	}
	for seed := range uint64(5) {
		for _, weights := range []rnn.Precision{rnn.Single, rnn.Half, rnn.Int8} {
			cfg := forecast.Config{Job: forecast.Job{Season: 12, Seed: seed + 1}, Weights: weights}
			report, err := forecast.Backtest(ctx, cfg, task.Options{}, forecast.Plan{}, series)
			if err != nil {
				return err
			}
			report.Choose(forecast.Blend, series)
			all.add(report, cfg)
		}
	}
	if err := drawAirline(ctx, table, set); err != nil {
		return err
	}
	return writeJSON(airlineFile, all)
}

// time runs the program as a user does.
func (b *backtests) time(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "airline")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "recur")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/recur").CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	for i := range 3 {
		cmd := exec.CommandContext(ctx, program, "forecast", "--out", filepath.Join(dir, strconv.Itoa(i)))
		start := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
		seconds := time.Since(start).Seconds()
		if b.Seconds > 0 && seconds >= b.Seconds {
			continue
		}
		used := reflect.Indirect(reflect.ValueOf(cmd.ProcessState.SysUsage())) // a *syscall.Rusage where there is one
		peak := used.FieldByName("Maxrss")
		if !peak.IsValid() {
			return fmt.Errorf("%s does not report the memory of a process", runtime.GOOS)
		}
		b.Seconds, b.Peak = seconds, float64(peak.Int())/1024 // Linux counts kilobytes
	}
	return nil
}

// add adds the scores of a report; those of the baselines, which are always the same, once.
func (b *backtests) add(r *forecast.Report, cfg forecast.Config) {
	b.Origins = r.Origins
	for i, s := range r.Scores {
		row := backtest{Model: s.Model, MASE: s.MASE, SMAPE: s.SMAPE, Covers: map[string]float64{}}
		for k, level := range r.Levels {
			row.Covers[fmt.Sprintf("%g", 100*level)] = s.Coverage[k]
		}
		if i < 2 { // the blend and the net in it
			row.Seed, row.Weights = cfg.Seed, cfg.Weights.String()
		} else if slices.ContainsFunc(b.Rows, func(o backtest) bool { return o.Model == s.Model }) {
			continue
		}
		b.Rows = append(b.Rows, row)
	}
}

func drawAirline(ctx context.Context, table *data.Table, set sets.Set) error {
	settings, err := forecast.Preset("")
	if err != nil {
		return err
	}
	m, err := forecast.FitTable(ctx, settings, table, task.Options{})
	if err != nil {
		return err
	}
	s := table.Series[0]
	f, err := m.Predict(ctx, s)
	if err != nil {
		return err
	}
	fan := &chart.Fan{History: s.Y, Point: f[0].Point, Label: func(i int) string { return s.Time(i).At.Format("2006") }}
	for _, b := range f[0].Bands {
		fan.Bands = append(fan.Bands, chart.Band{Level: b.Level, Lo: b.Lo, Hi: b.Hi})
	}
	return save("airline.png", fan.Chart(set.Title, set.Unit, 12))
}

// seeds is the range of the MASE over the seeds of the default.
func (b *backtests) seeds() (lo, hi float64) {
	lo = math.Inf(1)
	for _, r := range b.Rows {
		if r.Model == forecast.Blend.String() && r.Weights == rnn.Single.String() {
			lo, hi = min(lo, r.MASE), max(hi, r.MASE)
		}
	}
	return lo, hi
}

// addAirline adds the tables of the back-tests.
func addAirline(dir string, tables map[string]table) error {
	var all backtests
	if err := readJSON(dir, airlineFile, &all); err != nil {
		return err
	}
	of := func(weights string) (blends []backtest) { // one for each seed
		for _, r := range all.Rows {
			if r.Weights == weights && r.Model == forecast.Blend.String() {
				blends = append(blends, r)
			}
		}
		return blends
	}
	tables["airline"] = whole(func() string {
		var rows []backtest
		for _, r := range all.Rows {
			if r.Seed == 0 || r.Seed == 1 && r.Weights == rnn.Single.String() {
				rows = append(rows, r)
			}
		}
		slices.SortStableFunc(rows, func(a, b backtest) int { return int(1e6 * (a.MASE - b.MASE)) })
		g := newGrid("model", "MASE", "sMAPE", "covers 80 %", "covers 95 %")
		for _, r := range rows[:min(len(rows), 5)] {
			g.row(r.Model, fmt.Sprintf("%.2f", r.MASE), fmt.Sprintf("%.1f", r.SMAPE), fmt.Sprintf("%.0f %%", 100*r.Covers["80"]), fmt.Sprintf("%.0f %%", 100*r.Covers["95"]))
		}
		return g.String()
	})
	tables["airline-weights"] = whole(func() string {
		single := of(rnn.Single.String())
		head := []string{"MASE of `recur forecast`"}
		for _, r := range single {
			head = append(head, fmt.Sprintf("seed %d", r.Seed))
		}
		g := newGrid(head...)
		for _, weights := range []rnn.Precision{rnn.Single, rnn.Half, rnn.Int8} {
			row := []string{strings.ReplaceAll(weights.String(), "single", "float32")}
			for _, r := range of(weights.String()) {
				row = append(row, fmt.Sprintf("%.3f", r.MASE))
			}
			g.row(row...)
		}
		return g.String()
	})
	return nil
}
