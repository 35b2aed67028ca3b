package forecast_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
)

// every is a series of n values at a step of time.
func every(f data.Freq, n int) data.Series {
	t, _ := data.ParseTime("2024-01-01")
	s := data.Series{ID: "a", Start: t, Freq: f, Y: make([]float64, n)}
	for i := range s.Y {
		s.Y[i] = float64(100 + i%7*i%5)
	}
	return s
}

// A model refuses series in memory of another step of time than that of its training, which the
// training notes.
func TestStepsInMemory(t *testing.T) {
	day, hour := data.Freq{Unit: data.Day, N: 1}, data.Freq{Unit: data.Second, N: 3600}
	month := data.Freq{Unit: data.Month, N: 1}
	m, err := forecast.Fit(context.Background(), forecast.Config{Job: forecast.Job{Horizon: 2, Season: 1}, Nets: 2, Steps: 2, Hidden: 2}, task.Options{}, every(day, 60))
	if err != nil {
		t.Fatal(err)
	}
	if m.Step != "D" {
		t.Errorf("the step is %q", m.Step)
	}
	for _, c := range []struct {
		series data.Series
		ok     bool
	}{{every(day, 40), true}, {every(hour, 40), false}, {every(month, 40), false}, {data.Series{Y: every(day, 40).Y}, true}} {
		_, err := m.Predict(context.Background(), every(day, 40), c.series)
		var step *forecast.StepError
		switch {
		case c.ok && err != nil:
			t.Errorf("%v: %v", c.series.Freq, err)
		case !c.ok && (!errors.As(err, &step) || !errors.Is(err, fault.Data) || step.Step != c.series.Freq || step.Trained != day || !strings.Contains(err.Error(), `series "a"`)):
			t.Errorf("%v: %v", c.series.Freq, err)
		}
	}
	var step *forecast.StepError
	if _, err := forecast.Evaluate(context.Background(), m, forecast.Plan{Origins: 1}, every(hour, 40)); !errors.As(err, &step) {
		t.Errorf("scores of hours: %v", err)
	}
	j := forecast.Job{Step: "M"}
	if err := j.Fits(every(data.Freq{Unit: data.Month, N: 1, End: true}, 9)); err != nil {
		t.Errorf("ends of months: %v", err)
	}
}

// trained trains a small model of a file by a source.
func trained(t *testing.T, s forecast.Source, files ...string) (*forecast.Trained, []string, error) {
	t.Helper()
	cfg := &forecast.Config{Job: forecast.Job{Season: 1, Source: s, Origins: 1}, Nets: 2, Steps: 2, Hidden: 2, Prior: -1}
	var notes []string
	f, err := task.Find(forecast.Name)
	if err != nil {
		t.Fatal(err)
	}
	m, err := f.Fit(context.Background(), cfg, task.Data{Train: files}, task.Options{OnNote: func(n string) { notes = append(notes, n) }})
	if err != nil {
		return nil, notes, err
	}
	return m.(*forecast.Trained), notes, nil
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// lines is a column of days with values, and then days without.
func lines(values, blank int) string {
	var b strings.Builder
	t, _ := data.ParseTime("2024-01-01")
	day := data.Freq{Unit: data.Day, N: 1}
	for i := range values + blank {
		b.WriteString(day.Add(t, i).String() + ",")
		if i < values {
			b.WriteString([]string{"5", "7", "6", "9"}[i%4] + "." + string(rune('0'+i*i%10)))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Rows without a value at the end set the horizon, unless one is asked for.
func TestRowsAheadAreTheHorizon(t *testing.T) {
	path := file(t, "a.csv", "ds,y\n"+lines(60, 20))
	m, notes, err := trained(t, forecast.Source{}, path)
	if err != nil {
		t.Fatal(err)
	}
	if h, n := m.Asked().Horizon, len(m.Series[0].Y); h != 20 || n != 60 || !slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, "the horizon is 20") }) {
		t.Errorf("horizon %d after %d values: %q", h, n, notes)
	}
	f, err := m.Predict(context.Background(), m.Series...)
	if err != nil || len(f[0].Point) != 20 {
		t.Errorf("%v, %v", f, err)
	}
	one, _, err := trained(t, forecast.Source{}, file(t, "a.csv", "ds,y\n"+lines(60, 1)))
	if err != nil || one.Asked().Horizon != 1 {
		t.Errorf("one row: %+v, %v", one, err)
	}
	// a model needs covariates for as many of its steps as the file asks for
	known := &forecast.Model{Config: forecast.Config{Job: forecast.Job{Horizon: 12, Source: forecast.Source{Known: []string{"x"}}, Covariates: []data.Covariate{{Name: "x", Role: data.Known}}}}}
	nine := file(t, "k.csv", "ds,y,x\n"+strings.ReplaceAll(lines(60, 9), "\n", ",1\n"))
	if tab, err := forecast.ReadFor(known, known.Source, -1, nine); err != nil || tab.Horizon != 9 {
		t.Errorf("%v", err)
	}
	if _, err := forecast.ReadFor(known, known.Source, 12, nine); err == nil || !strings.Contains(err.Error(), "no value of this known covariate") {
		t.Errorf("%v", err)
	}
	// a model has its own horizon
	tab, err := forecast.ReadFor(one.Forecaster, forecast.Source{}, 1, path)
	if err != nil || !strings.Contains(strings.Join(tab.Notes, "\n"), "the file asks for 20 steps, but the model forecasts 1") {
		t.Errorf("%v", err)
	}
}

// A model that was trained with a column of series reads a file of one series, without it.
func TestOneSeriesWithoutItsColumn(t *testing.T) {
	days := strings.Split(strings.TrimSpace(lines(60, 0)), "\n")
	all := "shop,ds,y\n"
	for _, shop := range []string{"north", "south"} {
		for _, d := range days {
			all += shop + "," + d + "\n"
		}
	}
	source := forecast.Source{ID: "shop"}
	m, _, err := trained(t, source, file(t, "all.csv", all))
	if err != nil {
		t.Fatal(err)
	}
	one := file(t, "one.csv", "ds,y\n"+lines(60, 0))
	tab, err := forecast.ReadFor(m.Forecaster, source, 1, one)
	if err != nil || len(tab.Series) != 1 || !strings.Contains(strings.Join(tab.Notes, "\n"), `no column "shop": one series`) {
		t.Errorf("%v, %v", tab, err)
	}
	if _, err := forecast.ReadFor(m.Forecaster, forecast.Source{ID: "store"}, 1, one); err == nil { // asked for now
		t.Error("a column that is asked for is not there")
	}
	if _, _, err := trained(t, source, one); err == nil {
		t.Error("trained without the column")
	}
}

// Files of one training share their categories.
func TestCategoriesOfAllFiles(t *testing.T) {
	with := func(kinds ...string) string {
		text := "ds,y,kind\n"
		for i, l := range strings.Split(strings.TrimSpace(lines(60, 0)), "\n") {
			text += l + "," + kinds[i%len(kinds)] + "\n"
		}
		return file(t, "k.csv", text)
	}
	read := func(files ...string) (*data.Table, error) {
		s := forecast.Source{Past: []string{"kind"}}
		m := &forecast.Model{Config: forecast.Config{Job: forecast.Job{Source: s, Covariates: []data.Covariate{{Name: "kind", Role: data.Past, Categories: []string{"x", "lo", "hi", "mid"}}}}}}
		return forecast.ReadFor(m, s, 0, files...)
	}
	tab, err := read(with("lo", "hi"), with("mid", "lo"))
	if err != nil {
		t.Fatal(err)
	}
	if a, b := tab.Series[0].Past[0], tab.Series[1].Past[0]; a[0] != 1 || a[1] != 2 || b[0] != 3 || b[1] != 1 {
		t.Errorf("%v, %v", a[:2], b[:2])
	}
	if strings.Contains(strings.Join(tab.Notes, "\n"), "not seen") {
		t.Errorf("%q", tab.Notes)
	}
	if tab, err = read(with("lo", "huge")); err != nil || !strings.Contains(strings.Join(tab.Notes, "\n"), `categories of kind not seen in training, treated as missing: "huge"`) {
		t.Errorf("%v, %v", tab, err)
	}
}

// Files of one training have one step of time; months may begin or end with it.
func TestFilesOfOneStep(t *testing.T) {
	months := func(first string, f data.Freq) string {
		at, _ := data.ParseTime(first)
		text := "ds,y\n"
		for i := range 30 {
			text += f.Add(at, i).String() + "," + string(rune('1'+i%7)) + "\n"
		}
		return file(t, "m.csv", text)
	}
	month := data.Freq{Unit: data.Month, N: 1}
	starts, ends := months("2020-01-01", month), months("2020-01-31", data.Freq{Unit: data.Month, N: 1, End: true})
	days := file(t, "d.csv", "ds,y\n"+lines(60, 0))
	m, _, err := trained(t, forecast.Source{}, starts, ends)
	if err != nil || len(m.Series) != 2 {
		t.Fatal(err)
	}
	if next := m.Series[1].Time(1).String(); next != "2020-02-29" {
		t.Errorf("the second month ends on %s", next)
	}
	if _, _, err := trained(t, forecast.Source{}, starts, days); err == nil || !strings.Contains(err.Error(), days+": its times are daily, but those of "+starts+" are monthly; train on files of one frequency") {
		t.Errorf("%v", err)
	}
}
