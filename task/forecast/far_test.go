package forecast

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/task"
)

// A horizon far beyond the history is refused before anything is trained.
func TestHorizonFarBeyondTheHistory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s.csv")
	if err := os.WriteFile(file, []byte("ds,y\n"+rows(120)), 0o666); err != nil {
		t.Fatal(err)
	}
	by, err := task.Find(Name)
	if err != nil {
		t.Fatal(err)
	}
	c := quick(12, 100_000)
	c.Preset, c.Window = Small, 0
	_, err = by.Fit(t.Context(), &c, task.Data{Train: []string{file}}, task.Options{})
	if err == nil || !errors.Is(err, fault.Usage) || !strings.Contains(err.Error(), "the horizon is 100000 steps, but the longest series has 120 values") || !strings.Contains(err.Error(), "--horizon 600") {
		t.Errorf("%v", err)
	}
	for n, horizon := range map[int]int{120: 600, 5: 100} {
		table := &data.Table{Series: []data.Series{{Y: make([]float64, n)}, {Y: make([]float64, 3)}}}
		for _, far := range []int{0, 1} {
			j := Job{Horizon: horizon + far}
			if err := j.far(table); (err != nil) != (far == 1) {
				t.Errorf("%d values, horizon %d: %v", n, j.Horizon, err)
			}
		}
	}
}

func rows(n int) string {
	var b strings.Builder
	for t := range n {
		b.WriteString(data.Time{Index: int64(t), IsIndex: true}.String() + ",1." + string(rune('0'+t%7)) + "\n")
	}
	return b.String()
}

// What a long horizon takes in memory is bounded: the simulated series, and a step of training.
func TestLongHorizonsTakeBoundedMemory(t *testing.T) {
	c := Config{Job: Job{Season: 7, Horizon: 50_000}}.withDefaults()
	values, seen := 0, map[*prepared]bool{}
	for _, w := range c.simulated() {
		if !seen[w.p] {
			seen[w.p] = true
			values += len(w.p.x)
		}
	}
	if values > 8_000_000 || len(seen) < 20 {
		t.Errorf("%d simulated series of %d values in all", len(seen), values)
	}
	if c.Batch*(c.Window+c.Horizon) > 300_000 {
		t.Errorf("batches of %d", c.Batch)
	}
	if usual := (Config{Job: Job{Season: 12, Horizon: 18}}).withDefaults(); usual.Batch != 32 || len(usual.simulated()) != 400*24 {
		t.Errorf("the usual horizon has batches of %d, %d windows", usual.Batch, len(usual.simulated()))
	}
}
