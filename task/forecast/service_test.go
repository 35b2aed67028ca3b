package forecast

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/task"
)

// What is wrong with series in memory is told as what is wrong with files is.
func TestSeriesInMemory(t *testing.T) {
	start, err := data.ParseTime("2010-01")
	if err != nil {
		t.Fatal(err)
	}
	month := data.Freq{Unit: data.Month, N: 1}
	y := years(72, 4)
	huge := append([]float64{1e300}, y...)
	c := quick(12, 6)
	c.Preset, c.NoBacktest = Small, true
	fit := func(s Settings, tab *data.Table) (*Trained, error) {
		return FitTable(t.Context(), s, tab, task.Options{})
	}
	m, err := fit(&c, &data.Table{Series: []data.Series{{Start: start, Freq: month, Y: y}}})
	if err != nil {
		t.Fatal(err)
	}
	series := map[string]data.Series{
		"has no number of units (Freq.N): set it":      {Start: start, Freq: data.Freq{Unit: data.Month}, Y: y},
		"does not start at a date: set Start":          {Freq: month, Y: y},
		"starts at 2010-01-01, but its frequency":      {Start: start, Freq: data.Freq{N: 1}, Y: y},
		"value 0 of series is larger than 1e30; use a": {Start: start, Freq: month, Y: huge},
		"value 0 of series is infinite":                {Start: start, Freq: month, Y: append([]float64{math.Inf(1)}, y...)},
	}
	series[`series "a" has a frequency, but`] = data.Series{ID: "a", Freq: month, Y: y}
	for want, s := range series {
		_, ahead := m.Ahead(t.Context(), s)
		_, fitted := fit(&c, &data.Table{Series: []data.Series{s}})
		for at, err := range map[string]error{"ahead": ahead, "fit": fitted} {
			if err == nil || !strings.Contains(err.Error(), want) || strings.HasPrefix(err.Error(), ":") {
				t.Errorf("%s: %v, want %q", at, err, want)
			}
		}
		if !errors.Is(fitted, fault.Data) {
			t.Errorf("%v is no error of data", fitted)
		}
	}
	two := &data.Table{Series: []data.Series{{ID: "a", Start: start, Freq: month, Y: y}, {ID: "a", Start: start, Freq: month, Y: y}}}
	_, again := m.Update(t.Context(), task.Options{}, two)
	_, twice := fit(&c, two)
	for _, err := range []error{again, twice} {
		if err == nil || !strings.Contains(err.Error(), `series 0 and 1 have the same ID, "a"`) {
			t.Error(err)
		}
	}
	if _, err := fit(&c, nil); err == nil || !strings.Contains(err.Error(), "there is no table") {
		t.Error(err)
	}
	if _, err := fit(nil, two); err == nil || !strings.Contains(err.Error(), "there are no settings") {
		t.Error(err)
	}
}
