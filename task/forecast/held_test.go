package forecast

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/task"
)

// months writes a file of n months, or of the given times.
func months(t *testing.T, name string, n int, layout string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("ds,y\n")
	for i := range n {
		fmt.Fprintf(&b, layout+",%.2f\n", 2015+i/12, i%12+1, 100+float64(i)+10*math.Sin(float64(i)/2))
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// Files that the model is to be scored on are read before it is trained.
func TestHeldFilesAreReadFirst(t *testing.T) {
	const monthly = "%d-%02d"
	train := months(t, "train.csv", 60, monthly)
	nowhere := filepath.Join(t.TempDir(), "nowhere.csv")
	c := &Config{Job: Job{Preset: Small, Horizon: 3}, Nets: 1, Steps: 2}
	for name, held := range map[string]struct {
		file, want string
		class      fault.Class
	}{
		"not there": {nowhere, "nowhere.csv", fault.IO},
		"days":      {months(t, "days.csv", 12, "%d-01-%02d"), "its times are daily", fault.Data},
		"short":     {months(t, "short.csv", 8, monthly), "needs 25 values, but the longest series has 8; give longer series to validate or test on", fault.Data},
		"no table":  {months(t, "words.csv", 8, "%dx%d"), "words.csv", fault.Data},
	} {
		for part, d := range map[string]task.Data{"test": {Train: []string{train}, Test: []string{held.file}}, "valid": {Train: []string{train}, Valid: []string{held.file}}} {
			_, err := forecasting{}.Fit(context.Background(), c, d, task.Options{Begin: func() error {
				t.Errorf("%s, %s: training began", name, part)
				return nil
			}})
			if err == nil || !strings.Contains(err.Error(), held.want) || fault.Of(err) != held.class {
				t.Errorf("%s, %s: %v, want %q of class %d", name, part, err, held.want, held.class)
			}
			if held.class == fault.IO && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// A model is reported by the files to validate on, as a draft too, which a search asks for.
func TestReportOnValidation(t *testing.T) {
	d := task.Data{Train: []string{months(t, "train.csv", 60, "%d-%02d")}, Valid: []string{months(t, "valid.csv", 72, "%d-%02d")}}
	c := &Config{Job: Job{Preset: Small, Horizon: 3}, Nets: 1, Steps: 2}
	for _, draft := range []bool{false, true} {
		m, err := forecasting{}.Fit(context.Background(), c, d, task.Options{Draft: draft})
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.(task.Reporter).Report(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		want, err := m.Evaluate(context.Background(), d.Valid...)
		if err != nil || got.Scores["mase"] == 0 || got.Scores["mase"] != want.Scores["mase"] {
			t.Errorf("draft %v: %v, want %v, %v", draft, got.Scores, want, err)
		}
	}
}

// Of series that are left out the first are named, and the others counted.
func TestLeftOut(t *testing.T) {
	tab := &data.Table{Name: "f.csv", Series: []data.Series{{ID: "good", Y: []float64{1, 2, 3, 4, 5, 6, 7, 8, 9}}}}
	for i := range 12 {
		tab.Series = append(tab.Series, data.Series{ID: fmt.Sprintf("s%d", i), Y: []float64{1, 2}})
	}
	series, left, err := Usable(tab)
	if err != nil || len(series) != 1 || len(left) != 12 || len(tab.Notes) != 1 || !strings.HasPrefix(tab.Notes[0], "left out, with fewer than 3 values: s0,") || !strings.HasSuffix(tab.Notes[0], "s9 and 2 more") {
		t.Errorf("%d, %q, %q, %v", len(series), left, tab.Notes, err)
	}
}

// A single net learns from the series too, with a prior and without.
func TestOneNet(t *testing.T) {
	s := data.Series{Y: years(60, 5)}
	c := quick(12, 3)
	c.Nets = 1
	var first []float64
	for _, prior := range []int{-1, 300} {
		c.Prior = prior
		m, err := Fit(t.Context(), c, task.Options{}, s)
		if err != nil {
			t.Fatal(err)
		}
		if m.Widen[1] == 1 {
			t.Errorf("prior %d: the bands are not calibrated", prior)
		}
		own := c.withDefaults()
		if learnt := own.without(own.windows(s.Y), 0); len(learnt) < 20 {
			t.Errorf("it learns from %d windows", len(learnt))
		}
		f, err := m.Predict(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		first = append(first, f[0].Point[0])
	}
	if first[0] == first[1] {
		t.Error("the prior plays no part")
	}
}

// Without a prior, a net whose horizon leaves nothing to hold out learns from all.
func TestShortWithoutPrior(t *testing.T) {
	c := quick(1, 12)
	c.Prior, c.Nets = -1, 5
	if _, err := Fit(t.Context(), c, task.Options{}, data.Series{Y: years(9, 1)}); err != nil {
		t.Error(err)
	}
}
