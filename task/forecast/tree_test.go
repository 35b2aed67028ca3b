package forecast

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/task"
)

// shops are months of sales of five shops in two regions, one of which opens late; shops of
// different regions have the same name.
func shops() string {
	r := rand.New(rand.NewPCG(4, 4))
	var b strings.Builder
	b.WriteString("region,ds,store,y\n")
	for _, shop := range []string{"north 1", "north 2", "south 1", "south 2", "south 3"} {
		region, store, _ := strings.Cut(shop, " ")
		for t := range 60 {
			if shop == "south 3" && t < 20 {
				continue
			}
			y := 40 + 10*math.Sin(2*math.Pi*float64(t)/12) + 4*r.NormFloat64()
			fmt.Fprintf(&b, "%s,%d-%02d,%s,%.2f\n", region, 2015+t/12, t%12+1, store, y)
		}
	}
	return b.String()
}

// Forecasts of a hierarchy add up, by either way, and so do those of the model that is kept.
func TestHierarchyAddsUp(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "shops.csv")
	if err := os.WriteFile(file, []byte(shops()), 0o666); err != nil {
		t.Fatal(err)
	}
	by, err := task.Find(Name)
	if err != nil {
		t.Fatal(err)
	}
	last := map[Reconcile]float64{}
	for _, how := range []Reconcile{MinT, BottomUp} {
		c := quick(12, 4)
		floor, ceiling := 33.0, 47.0
		c.Preset, c.Reconcile, c.Hierarchy, c.Origins, c.Floor, c.Cap = Small, how, []string{"region", "store"}, 4, &floor, &ceiling
		m, err := by.Fit(t.Context(), &c, task.Data{Train: []string{file}}, task.Options{})
		if err != nil {
			t.Fatal(err)
		}
		trained := m.(*Trained)
		var ids []string
		for _, s := range trained.Series {
			ids = append(ids, s.ID)
		}
		if got := strings.Join(ids, " "); got != "total north south north/1 north/2 south/1 south/2 south/3" {
			t.Fatalf("series %s", got)
		}
		if y := trained.Series; len(y[0].Y) != 60 || len(y[7].Y) != 40 || math.Abs(y[2].Y[5]-y[5].Y[5]-y[6].Y[5]) > 1e-9 || math.Abs(y[0].Y[59]-y[1].Y[59]-y[2].Y[59]) > 1e-9 {
			t.Error("the sums are not those of the series")
		}
		fs, err := trained.Predict(t.Context(), trained.Series...)
		if err != nil {
			t.Fatal(err)
		}
		for k := range 4 {
			p := func(i int) float64 { return fs[i].Point[k] }
			if p(1) != p(3)+p(4) || p(2) != p(5)+p(6)+p(7) || math.Abs(p(0)-p(1)-p(2)) > 1e-9 {
				t.Errorf("%v: step %d does not add up", how, k)
			}
			for i, f := range fs {
				if b := f.Bands[2]; !(b.Lo[k] <= p(i) && p(i) <= b.Hi[k]) {
					t.Errorf("%v: series %d, step %d: %g is not in %g … %g", how, i, k, p(i), b.Lo[k], b.Hi[k])
				} else if i > 2 && !(floor <= b.Lo[k] && b.Hi[k] <= ceiling) {
					t.Errorf("%v: series %d, step %d: %g … %g is beyond the limits", how, i, k, b.Lo[k], b.Hi[k])
				}
			}
		}
		last[how] = fs[0].Point[3]
		path := filepath.Join(dir, "m.safetensors")
		if err := trained.Save(path, model.Training{}); err != nil {
			t.Fatal(err)
		}
		again, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		table, err := ReadFor(again, again.Asked().Source, 0, file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := again.Predict(t.Context(), table.Series...)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(fs) {
			t.Errorf("%v: the kept model forecasts otherwise, %v", how, err)
		}
		if one, err := again.Predict(t.Context(), table.Series[3]); err != nil || len(one) != 1 {
			t.Errorf("one of the series: %v", err)
		}
	}
	if last[MinT] == last[BottomUp] {
		t.Error("both ways come to the same")
	}
}

// What is wrong with a hierarchy is told with what cures it.
func TestBadHierarchies(t *testing.T) {
	known := Source{Hierarchy: []string{"region", "store"}}
	for _, c := range []struct{ name, text, want, hint string }{
		{"bad.csv", "region,ds,store,y\nnorth,2020-01,a,1\nnorth,2020-02,a,1\nnorth,2020-03,a,1\n", `there is only the series "north/a", and nothing to add it to`, "leave out --hierarchy"},
		{"bad.csv", "region,ds,y\nnorth,2020-01,1\n", "store: is missing", "name columns of the file (--hierarchy)"},
		{"bad.csv", "region,ds,store,y\nnorth,2020-01,a/b,1\n", "has a slash", "write another mark"},
		{"bad.csv", "region,ds,store,y\nnorth,2020-01,,1\n", "is empty", "the name of its series"},
		{"bad.csv", "region,ds,store,y\nn,2020-01,a,1\nn,2020-02,a,1\nn,2020-03,a,1\nn,2020-01,b,1\nn,2020-02,b,1\n", "too few to add", "give it more history, or leave its rows out"},
		{"bad.csv", "region,ds,store,y\ntotal,2020-01,a,1\ntotal,2020-02,a,1\ntotal,2020-03,a,2\nn,2020-01,b,1\nn,2020-02,b,1\nn,2020-03,b,1\n", `column region has a "total"`, "give it another name"},
		{"bad.csv", "region,ds,store,y\nn,2024-01-01,a,1\nn,2024-01-08,a,1\nn,2024-01-15,a,2\nn,2024-01-03,b,1\nn,2024-01-10,b,1\nn,2024-01-17,b,1\n", "begins at 2024-01-03, which is not on the times of the others, weekly from 2024-01-01", "bring its times to those of the others"},
		{"bad.tsf", "@attribute series_name string\n@frequency monthly\n@data\na:1,2,3,4\nb:1,2,3,4\n", `series "a" has no columns "region", "store", which are to name it`, "a column for each level"},
	} {
		table, err := known.Read(strings.NewReader(c.text), c.name)
		if err == nil {
			err = known.addSums(table)
		}
		if err == nil || !errors.Is(err, fault.Data) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.hint) {
			t.Errorf("%q: %v, want %s; %s", c.text, err, c.want, c.hint)
		}
	}
	for _, s := range []Source{{Hierarchy: []string{"region"}, ID: "store"}} {
		if err := s.Check(); !errors.Is(err, fault.Usage) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}
