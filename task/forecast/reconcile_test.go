package forecast

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/task"
)

// fitShops trains on a file of shops with a season of 12, a horizon of 4 and 6 origins.
func fitShops(t *testing.T, text string, how Reconcile, choose Choose) *Trained {
	t.Helper()
	file := filepath.Join(t.TempDir(), "shops.csv")
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	by, err := task.Find(Name)
	if err != nil {
		t.Fatal(err)
	}
	c := quick(12, 4)
	c.Preset, c.Reconcile, c.Hierarchy, c.Origins, c.Stride, c.Choose = Small, how, []string{"region", "store"}, 6, 2, choose
	m, err := by.Fit(t.Context(), &c, task.Data{Train: []string{file}}, task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m.(*Trained)
}

// The forecasts of a back-test add up at each origin, as by hand from those that do not, by what
// had come by then; and the scores are theirs.
func TestBacktestOfHierarchyAddsUp(t *testing.T) {
	for _, how := range []Reconcile{MinT, BottomUp} {
		for _, choose := range []Choose{Blend, NetOnly} {
			m := fitShops(t, shops(), how, choose)
			r, name := m.Backtest, "blend"
			if choose == NetOnly {
				name = r.Model
			}
			h, at, err := tree(2, m.Series)
			if h == nil || err != nil {
				t.Fatal(err)
			}
			folds := func(model string, origin int) (fs []Fold) {
				for _, k := range at {
					for _, f := range r.Folds {
						if f.Model == model && f.Series == k && f.Origin == r.origin(m.Series[k], origin) {
							fs = append(fs, f)
						}
					}
				}
				if len(fs) != len(at) {
					t.Fatalf("%d folds of %s, want %d", len(fs), model, len(at))
				}
				return fs
			}
			errs := make([][]float64, len(at)) // of what is known, oldest first
			for origin := range r.Origins {
				got, was := folds(name, origin), folds(Unreconciled, origin)
				if origin >= 1 { // the first two steps of the origin before are new, and the last two of that before it
					for i := range errs {
						for back := min(origin, 2); back >= 1; back-- {
							f := folds(Unreconciled, origin-back)[i]
							for k := range 2 {
								errs[i] = append(errs[i], f.Actual[2*(back-1)+k]-f.Forecast.Point[2*(back-1)+k])
							}
						}
					}
				}
				points := make([][]float64, len(at))
				for i, f := range was {
					points[i] = f.Forecast.Point
				}
				if how == MinT {
					known := errs
					if origin == 0 || choose == NetOnly {
						known = nil
					}
					p, err := h.MinT(known)
					if err != nil {
						t.Fatal(err)
					}
					points = p.Apply(points)
				} else {
					points = h.BottomUp(points)
				}
				for i, f := range got {
					for k, v := range f.Forecast.Point {
						if math.Abs(v-points[i][k]) > 1e-9*math.Abs(v) {
							t.Errorf("%v, %v, origin %d, series %s, step %d: %g, by hand %g", how, choose, origin, h.Names[i], k, v, points[i][k])
						}
						if b := f.Forecast.Bands[2]; !(b.Lo[k] <= v && v <= b.Hi[k]) {
							t.Errorf("%v: origin %d: %g is not in %g … %g", how, origin, v, b.Lo[k], b.Hi[k])
						}
					}
				}
			}
			names := []string{"total", "region", "store"}
			levels := r.ByLevel(m.Asked().Hierarchy, m.Series)
			for _, model := range []string{name, Unreconciled} {
				var all, n float64
				level, count := make([]float64, 3), make([]float64, 3)
				for _, f := range r.Folds {
					if f.Model == model {
						s := m.Series[f.Series]
						e := MASE(s.Y[:f.Origin], f.Actual, f.Forecast.Point, 12)
						l := h.Level(slices.Index(h.Names, s.ID))
						all, n, level[l], count[l] = all+e, n+1, level[l]+e, count[l]+1
					}
				}
				i := slices.IndexFunc(r.Scores, func(s Score) bool { return s.Model == model })
				if got := r.Scores[i].MASE; math.Abs(got-all/n) > 1e-12 {
					t.Errorf("%v: MASE of %s is %g, by hand %g", how, model, got, all/n)
				}
				for l, want := range level {
					if got := levels[l]; got.Name != names[l] || got.Series != []int{1, 2, 5}[l] || math.Abs(got.Scores[i].MASE-want/count[l]) > 1e-12 {
						t.Errorf("%v: level %+v, want %s with %g", how, got, names[l], want/count[l])
					}
				}
			}
			if strings.Contains(r.Verdict(), Unreconciled) {
				t.Error(r.Verdict())
			}
		}
	}
}

// A shop that opens after the first origin takes no part in the scores, but in the sums.
func TestBacktestOfHierarchyWithALateShop(t *testing.T) {
	var b strings.Builder
	b.WriteString(shops())
	for i := range 7 {
		fmt.Fprintf(&b, "south,2019-%02d,4,%d\n", 6+i, 30+i%2)
	}
	m := fitShops(t, b.String(), MinT, Blend)
	if !slices.Contains(m.Backtest.Skipped, "south/4") {
		t.Fatal("the late shop takes part")
	}
	south := map[int]float64{} // by origin, less that of the shops which take part
	for _, f := range m.Backtest.Folds {
		origin := len(m.Series[f.Series].Y) - f.Origin
		switch id := m.Series[f.Series].ID; {
		case f.Model != "blend":
		case id == "south":
			south[origin] += f.Forecast.Point[0]
		case strings.HasPrefix(id, "south/"):
			south[origin] -= f.Forecast.Point[0]
		}
	}
	if len(south) != 6 || math.Abs(south[14]) > 1e-9 || !(south[4] > 5) {
		t.Errorf("what the late shop is to have: %v", south)
	}
}

// What is chosen has a row in the scores as it was before it was made to add up.
func TestUnreconciledIsAModelOfTheReport(t *testing.T) {
	m := fitShops(t, shops(), BottomUp, Blend)
	last := m.Backtest.Scores[len(m.Backtest.Scores)-1]
	if last.Model != Unreconciled || m.Backtest.Scores[0].Model != "blend" || last.MASE == m.Backtest.Scores[0].MASE {
		t.Errorf("scores %+v", m.Backtest.Scores)
	}
	if h, _, _ := tree(2, m.Series[1:]); h != nil {
		t.Error("a hierarchy without its total")
	}
}
