package accuracy

import (
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task/forecast"
)

// A contest is a set of series whose last values are to be forecast from those before.
type contest struct {
	past   []data.Series
	future [][]float64
}

// cut adds a series, whose last h values are the future.
func (c *contest) cut(id string, y []float64, h int) error {
	if len(y) <= h {
		return fmt.Errorf("series %q has %d values, and %d are to be forecast", id, len(y), h)
	}
	n := len(y) - h
	c.past = append(c.past, data.Series{ID: id, Y: y[:n:n]})
	c.future = append(c.future, y[n:])
	return nil
}

// m4 is a set of the M4 competition (Makridakis et al. 2020), such as Hourly.
func m4(dir, set string) (*contest, error) {
	var parts [2]*data.Table
	for i, part := range []string{"train", "test"} {
		t, err := data.ReadFile(filepath.Join(dir, "ts", "m4", set+"-"+part+".csv.gz"), data.Options{Layout: data.Wide})
		if err != nil {
			return nil, err
		}
		parts[i] = t
	}
	c := &contest{}
	for i, s := range parts[0].Series {
		if i >= len(parts[1].Series) || parts[1].Series[i].ID != s.ID {
			return nil, fmt.Errorf("%s: the series are not those of %s", parts[1].Name, parts[0].Name)
		}
		c.past = append(c.past, data.Series{ID: s.ID, Y: s.Y})
		c.future = append(c.future, parts[1].Series[i].Y)
	}
	return c, nil
}

// competition is the part of a period, such as MONTHLY, of the M3 (m3_data) or the
// tourism competition (tcomp_data).
func competition(dir, name, period string) (*contest, error) {
	path := filepath.Join(dir, "ts", "m3", name+".json.gz")
	var all map[string]struct {
		Period []string
		X, XX  []float64
	}
	f, err := data.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := json.NewDecoder(f).Decode(&all); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var ids []string
	for id, s := range all {
		if slices.Equal(s.Period, []string{period}) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	c := &contest{}
	for _, id := range ids {
		c.past = append(c.past, data.Series{ID: id, Y: all[id].X})
		c.future = append(c.future, all[id].XX)
	}
	return c, nil
}

// cif is the CIF 2016 competition (Štěpnička & Burda 2017), monthly series of which some
// have a horizon of 12 and some of 6.
func cif(dir string) (*contest, error) {
	path := filepath.Join(dir, "ts", "monash", "cif_2016_dataset.tsf.gz")
	t, err := data.ReadFile(path, data.Options{})
	if err != nil {
		return nil, err
	}
	horizons, err := cifHorizons(path)
	if err != nil {
		return nil, err
	}
	c := &contest{}
	for _, s := range t.Series {
		if err := c.cut(s.ID, s.Y, horizons[s.ID]); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return c, nil
}

// cifHorizons reads the attribute between name and values of each series.
func cifHorizons(path string) (of map[string]int, err error) {
	of = map[string]int{}
	f, err := data.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all, err := f.All()
	for line := range strings.Lines(string(all)) {
		var h int
		if f := strings.Split(line, ":"); len(f) == 3 {
			if _, err := fmt.Sscan(f[1], &h); err == nil {
				of[f[0]] = h
			}
		}
	}
	return of, err
}

// nn5 is the NN5 competition (Crone 2008): withdrawals from cash machines, daily, of
// which some are missing.
func nn5(dir string) (*contest, error) {
	t, err := data.ReadFile(filepath.Join(dir, "ts", "monash", "nn5.csv.gz"), data.Options{ID: "series", Time: "t", Y: "value"})
	if err != nil {
		return nil, err
	}
	c := &contest{}
	for _, s := range t.Series {
		if err := c.cut(s.ID, s.Y, 56); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// score is the mean over the series of each metric, with MASE and the score of the last
// band by a season. Series whose metric is not a number, as that of a constant one, do not
// count for it.
func (c *contest) score(fs []forecast.Forecast, season int) map[string]float64 {
	sum, n := map[string]float64{}, map[string]float64{}
	add := func(name string, v float64) {
		if !math.IsNaN(v) {
			sum[name] += v
			n[name]++
		}
	}
	for i, f := range fs {
		y, past := c.future[i], c.past[i].Y
		p := f.Point[:len(y)]
		add("smape", forecast.SMAPE(y, p))
		add("mape", forecast.MAPE(y, p))
		add("mase", forecast.MASE(past, y, p, season))
		if k := len(f.Bands); k > 0 {
			add("msis", forecast.MSIS(past, y, f.Bands[k-1], season))
			add("coverage", forecast.Coverage(y, f.Bands[k-1]))
		}
	}
	for name := range sum {
		sum[name] /= n[name]
	}
	return sum
}
