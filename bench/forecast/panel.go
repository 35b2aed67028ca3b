package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"time"

	"github.com/recur-go/recur/data"
)

// folds are the windows at the end of each series that are forecast, each from all before it.
const folds = 2

// A series is one of the panel.
type series struct {
	Name    string     `json:"name"`
	Kind    string     `json:"kind"` // yearly, quarterly, monthly, weekly, daily, hourly, other
	Freq    string     `json:"freq"`
	Season  int        `json:"season"` // season of MASE, and of the peers
	Horizon int        `json:"horizon"`
	Times   []string   `json:"times"`
	Y       []*float64 `json:"y"` // nil where missing
}

// history is what comes before a fold, and future the fold.
func (s *series) history(fold int) int { return len(s.Y) - s.Horizon*(folds-fold) }

// kinds have the spacing, the season and the horizon of their series.
var kinds = map[string]struct {
	freq            string
	season, horizon int
}{
	"yearly":    {"Y", 1, 6},
	"quarterly": {"Q", 4, 8},
	"monthly":   {"M", 12, 12},
	"weekly":    {"W", 52, 8},
	"daily":     {"D", 7, 14},
	"hourly":    {"h", 24, 24},
	"other":     {"i", 1, 8},
}

// A reader makes the panel from the folder of the data.
type reader struct {
	dir    string
	panel  []*series
	failed error
}

// add adds a series of a kind from start on, of which at most the last most values are kept.
func (r *reader) add(name, kind string, start time.Time, y []float64, most int) *series {
	k := kinds[kind]
	s := &series{Name: name, Kind: kind, Freq: k.freq, Season: k.season, Horizon: k.horizon}
	step, err := data.ParseFreq(k.freq)
	r.fail(name, err)
	cut := 0
	if most > 0 {
		cut = max(len(y)-most, 0)
	}
	first := data.Time{At: start, IsIndex: kind == "other", Index: 1}
	for i := cut; i < len(y); i++ {
		s.Times = append(s.Times, step.Add(first, i).String())
		v := &y[i]
		if y[i] != y[i] {
			v = nil
		}
		s.Y = append(s.Y, v)
	}
	r.panel = append(r.panel, s)
	return s
}

func (r *reader) fail(what string, err error) {
	if err != nil && r.failed == nil {
		r.failed = fmt.Errorf("%s: %w", what, err)
	}
}

// pick draws n of the names whose series are long enough to learn from before two folds.
func pick(n int, kind string, all map[string][]float64) (names []string) {
	k := kinds[kind]
	var long []string
	for name, y := range all {
		if len(y) >= folds*k.horizon+max(12, 2*k.season) {
			long = append(long, name)
		}
	}
	slices.Sort(long)
	draw := rand.New(rand.NewPCG(12, 2026))
	draw.Shuffle(len(long), func(i, j int) { long[i], long[j] = long[j], long[i] })
	names = long[:min(n, len(long))]
	slices.Sort(names)
	return names
}

// some adds n series of all of a kind.
func (r *reader) some(n int, set, kind string, start time.Time, all map[string][]float64, most int) {
	for _, name := range pick(n, kind, all) {
		r.add(set+"-"+name, kind, start, all[name], most)
	}
}

// competition reads the series of a period from a file of the R packages Mcomp and Tcomp.
func (r *reader) competition(file, period string) map[string][]float64 {
	var all map[string]struct {
		Period []string
		X, XX  []float64
	}
	path := filepath.Join(r.dir, "ts", "m3", file)
	f, err := data.Open(path)
	if err == nil {
		err = json.NewDecoder(f).Decode(&all)
		f.Close()
	}
	r.fail(path, err)
	some := map[string][]float64{}
	for id, s := range all {
		if slices.Equal(s.Period, []string{period}) {
			some[id] = append(s.X, s.XX...)
		}
	}
	return some
}

// table reads a file of series that are regular.
func (r *reader) table(file string, o data.Options) *data.Table {
	path := filepath.Join(r.dir, "ts", filepath.FromSlash(file))
	t, err := data.ReadFile(path, o)
	if err != nil {
		r.fail(path, err)
		return &data.Table{}
	}
	return t
}

// byName are the series of a table by their names.
func byName(t *data.Table) map[string][]float64 {
	all := map[string][]float64{}
	for _, s := range t.Series {
		all[s.ID] = s.Y
	}
	return all
}

// one adds the only series of a table.
func (r *reader) one(name, kind string, t *data.Table, most int) {
	for _, s := range t.Series[:min(len(t.Series), 1)] {
		r.add(name, kind, s.Start.At, s.Y, most)
	}
}
