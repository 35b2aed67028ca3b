package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/chart"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/task/forecast"
)

// readColumns reads a CSV file, by its columns.
func readColumns(t *testing.T, path string) (rows []map[string]string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, fields := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = fields[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// Beside the report stand the forecasts of all models and of all origins, and the scores that
// these come to; --json names the files.
func TestForecastFiles(t *testing.T) {
	dir := t.TempDir()
	file, out := filepath.Join(dir, "sales.csv"), filepath.Join(dir, "out")
	var text strings.Builder
	text.WriteString("unique_id,ds,Sold pieces\n")
	y := map[string][]float64{}
	for s := range 3 {
		for m := range 40 {
			v := 100 + 10*math.Sin(float64(m)*math.Pi/6) + float64((m*7+s*3)%5)
			y[fmt.Sprint("s", s)] = append(y[fmt.Sprint("s", s)], v)
			fmt.Fprintf(&text, "s%d,%d-%02d,%v\n", s, 2020+m/12, 1+m%12, v)
		}
	}
	writeFile(t, file, text.String())
	var stdout, stderr strings.Builder
	if code := run([]string{"forecast", file, "--value", "Sold pieces", "--steps", "1", "--origins", "2", "--horizon", "3", "--level", "80", "--json", "--out", out}, strings.NewReader(""), &stdout, &stderr); code != 0 {
		t.Fatal(stderr.String())
	}
	var printed struct {
		Files  []string
		Scores []map[string]any
	}
	if err := json.Unmarshal([]byte(stdout.String()), &printed); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"forecast.csv", "models.csv", "outliers.csv", "components.csv", "backtest.csv", "scores.csv", "steps.csv"} {
		if !slices.Contains(printed.Files, filepath.Join(out, name)) || !isBeside(name) {
			t.Errorf("--json does not name %s, or a run does not know it as its own: %q", name, printed.Files)
		}
	}
	models := len(printed.Scores)
	if s := printed.Scores[0]; s["pinball"].(float64) <= 0 || s["crps"].(float64) <= 0 || s["bias"] == nil {
		t.Errorf("%v", s)
	}
	number := func(text string) float64 {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}

	back := readColumns(t, filepath.Join(out, "backtest.csv"))
	if len(back) != 3*2*3*models {
		t.Errorf("%d rows of the back-test, want %d", len(back), 3*2*3*models)
	}
	first := back[0]
	if first["unique_id"] != "s0" || first["origin"] != "2022-12-01" || first["ds"] != "2023-01-01" || first["step"] != "1" || number(first["y"]) != number(fmt.Sprintf("%.7g", y["s0"][36])) {
		t.Errorf("%v", first)
	}
	mase, byStep := map[string][]float64{}, map[string][]float64{}
	for _, row := range back {
		for _, name := range []string{"lo-80", "hi-80", "lo-95", "hi-95"} {
			if !(number(row["lo-95"]) <= number(row[name]) && number(row[name]) <= number(row["hi-95"])) {
				t.Errorf("%s is outside of 95 %%: %v", name, row)
			}
		}
		origin, err := data.ParseTime(row["origin"])
		if err != nil {
			t.Fatal(err)
		}
		past := y[row["unique_id"]][:12*(origin.At.Year()-2020)+int(origin.At.Month())]
		e := math.Abs(number(row["forecast"])-number(row["y"])) / forecast.SeasonalError(past, 12)
		mase[row["unique_id"]+row["model"]] = append(mase[row["unique_id"]+row["model"]], e)
		byStep[row["step"]+row["model"]] = append(byStep[row["step"]+row["model"]], e)
	}
	check := func(name string, key string, errors map[string][]float64) {
		rows := readColumns(t, filepath.Join(out, name))
		if len(rows) != len(errors) {
			t.Errorf("%s: %d rows, want %d", name, len(rows), len(errors))
		}
		for _, row := range rows {
			sum := 0.0
			e := errors[row[key]+row["model"]]
			for _, v := range e {
				sum += v
			}
			if got := number(row["mase"]); math.Abs(got-sum/float64(len(e))) > 1e-4 {
				t.Errorf("%s: %v, want a MASE of %v", name, row, sum/float64(len(e)))
			}
		}
	}
	check("scores.csv", "unique_id", mase)
	check("steps.csv", "step", byStep)
	shares := 0.0
	for _, row := range readColumns(t, filepath.Join(out, "scores.csv")) {
		if row["unique_id"] == "s1" && row["share"] != "" {
			shares += number(row["share"])
		}
	}
	if math.Abs(shares-1) > 1e-6 {
		t.Errorf("the shares of the models are %v in all", shares)
	}

	ahead, byModel := readColumns(t, filepath.Join(out, "forecast.csv")), readColumns(t, filepath.Join(out, "models.csv"))
	if len(byModel) != 3*3*models {
		t.Errorf("%d rows of models, want %d", len(byModel), 3*3*models)
	}
	for _, row := range ahead {
		if !slices.ContainsFunc(byModel, func(m map[string]string) bool {
			return m["model"] == printed.Scores[0]["model"] && m["unique_id"] == row["unique_id"] && m["ds"] == row["ds"] && m["forecast"] == row["forecast"] && m["hi-80"] == row["hi-80"]
		}) {
			t.Errorf("models.csv lacks %v", row)
		}
	}
	page, err := os.ReadFile(filepath.Join(out, reportFile))
	if err != nil || !strings.Contains(string(page), `"yLabel":"Sold pieces"`) {
		t.Errorf("%v: the axis does not have the name of the column", err)
	}
}

// asked is a model that forecasts what it is told.
type asked struct{ *forecast.Job }

func (asked) Predict(context.Context, ...data.Series) ([]forecast.Forecast, error) { return nil, nil }
func (asked) Save(string, model.Training) error                                    { return nil }

// reported is a run of many series with a back-test, without training.
func reported(n, length, h, origins int) *forecastRun {
	monthly, _ := data.ParseFreq("M")
	start, _ := data.ParseTime("2000-01-01")
	levels := []float64{0.8, 0.95}
	r := &forecastRun{flags: &forecastFlags{}, about: "many.csv", table: &data.Table{Value: "y"}, freq: monthly, levels: levels,
		model: asked{&forecast.Job{Horizon: h, Season: 12}}, report: &forecast.Report{Plan: forecast.Plan{Origins: origins, Stride: 1}, Model: "recur", Horizon: h, Season: 12, Levels: levels}}
	for _, name := range []string{"recur", "naive"} {
		r.report.Scores = append(r.report.Scores, forecast.Score{Model: name, MASE: 1, Coverage: make([]float64, 2)})
	}
	for i := range n {
		s := data.Series{ID: fmt.Sprintf("series %d", i), Start: start, Freq: monthly}
		for k := range length {
			s.Y = append(s.Y, float64(i)+1000*math.Sin(float64(k*k+i)))
		}
		made := func(past []float64) forecast.Forecast {
			f := forecast.NewForecast(h, levels)
			for k := range h {
				f.Point[k] = past[len(past)-1] / float64(i+1)
				for b := range f.Bands {
					f.Bands[b].Lo[k], f.Bands[b].Hi[k] = f.Point[k]-1.2345678, f.Point[k]+1.2345678
				}
			}
			return f
		}
		r.series, r.forecasts = append(r.series, s), append(r.forecasts, made(s.Y))
		for j := range origins {
			o := length - h - j
			for _, sc := range r.report.Scores {
				r.report.Folds = append(r.report.Folds, forecast.Fold{Model: sc.Model, Series: i, Origin: o, Forecast: made(s.Y[:o]), Actual: s.Y[o : o+h]})
			}
		}
	}
	return r
}

// A report of very many series, or of very long ones, draws some of them, and tells so.
func TestReportIsBounded(t *testing.T) {
	for _, c := range []struct{ n, length, h, origins, drawn int }{{3, 80, 12, 4, 3}, {1500, 60, 12, 2, mostDrawn}, {40, 2000, 168, 24, 11}, {1, 3000, 700, 300, 1}} {
		r := reported(c.n, c.length, c.h, c.origins)
		page, err := r.page()
		if err != nil {
			t.Fatal(err)
		}
		var html bytes.Buffer
		if err := page.Write(&html); err != nil {
			t.Fatal(err)
		}
		if n := html.Len(); n > 5<<20 {
			t.Errorf("%+v: %d bytes", c, n)
		}
		if n := len(page.Picker.Items); n != c.drawn || (page.Picker.Note != "") != (n < c.n) || n < c.n && !strings.Contains(page.Picker.Note, fmt.Sprintf("Drawn are %d of %d series", n, c.n)) {
			t.Errorf("%+v: %d are drawn: %s", c, n, page.Picker.Note)
		}
		for _, s := range page.Sections[:2] {
			if len(s.Figures) != len(page.Picker.Items) {
				t.Errorf("%+v: %s has %d figures", c, s.Title, len(s.Figures))
			}
		}
		back := page.Sections[1].Figures[0]
		for _, l := range back.Lines {
			if l.Steps != nil && len(l.Steps) != len(back.Origins) {
				t.Errorf("%+v: %s has %d steps from %d origins", c, l.Name, len(l.Steps), len(back.Origins))
			}
		}
		if c.n == 3 && (len(back.Origins) != 4 || back.Labels[back.Origins[0]] != "2005-06" || back.Lines[0].Name != "95 % interval" || len(back.Lines) != 7) {
			t.Errorf("%+v, first forecast at %s", back.Origins, back.Labels[back.Origins[0]])
		}
	}
}

// The worst series is first in the table, and the picker has the score of each.
func TestScoresOfSeries(t *testing.T) {
	r := reported(30, 60, 3, 2)
	page, err := r.page()
	if err != nil {
		t.Fatal(err)
	}
	var table *chart.Table
	for _, s := range page.Sections {
		if s.Title == "Scores by series" {
			table = s.Table
		}
	}
	if table == nil || len(table.Rows) != 30 {
		t.Fatalf("%+v", table)
	}
	for i, row := range table.Rows[1:] {
		if row[1] > table.Rows[i][1] {
			t.Errorf("%q is after %q", row, table.Rows[i])
		}
	}
	for _, item := range page.Picker.Items {
		if item.Text != fmt.Sprintf("MASE %.3f", item.Score) || !(item.Score > 0) {
			t.Errorf("%+v", item)
		}
	}
}

// A series that is too short for the net has none of it in its forecast, and one that never changes
// is forecast as such: the report names what they are forecast by in truth.
func TestMadeOf(t *testing.T) {
	r := reported(3, 40, 2, 2)
	r.model.Asked().Choice = &forecast.Choice{
		Models: []string{"recur", "naive"},
		Series: map[string]forecast.Shares{"series 0": {Of: []float64{0.25, 0.75}, Why: forecast.Won}},
		Others: forecast.Shares{Of: []float64{0.5, 0.5}, Why: forecast.Untested},
	}
	r.series[1].Y = r.series[1].Y[:5]
	r.series[2].Y = []float64{7, 7, 7, 7, 7, 7, 7, 7, 7, 7}
	for i, want := range [][3]string{{"0.75 naive, 0.25 recur", "0.25", "0.75"}, {"naive", "0", "1"}, {"", "", ""}} {
		if got := [3]string{r.madeOf(i), r.share(i, "recur"), r.share(i, "naive")}; got != want {
			t.Errorf("series %d is by %q, want %q", i, got, want)
		}
	}
}

// What is counted once is in the singular.
func TestForecastOfOne(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "hours.csv")
	writeFile(t, file, hourly())
	for lang, want := range map[string][]string{
		"en": {"1-step forecasts from 1 rolling origin, 1 forecast in all", "Forecast of 1 step, hourly.", "Mean over forecasts of 1 step from 1 rolling origin for each series.", "The forecast is "},
		"ko": {"기준 시점 1개에서 1시점씩, 모두 예측 1개", "1시점 예측, 시간 간격 1시간.", "시계열마다 기준 시점 1개에서 1시점씩 예측한 평균입니다."},
	} {
		var out, errs strings.Builder
		args := []string{"forecast", file, "--horizon", "1", "--steps", "1", "--origins", "1", "--lang", lang, "--out", filepath.Join(dir, lang)}
		if code := run(args, strings.NewReader(""), &out, &errs); code != 0 {
			t.Fatal(errs.String())
		}
		html, err := os.ReadFile(filepath.Join(dir, lang, reportFile))
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range want {
			if !strings.Contains(out.String()+string(html), text) {
				t.Errorf("%s: there is no %q", lang, text)
			}
		}
		if strings.Contains(string(html), "Error by step") {
			t.Error("one step is drawn as a line")
		}
	}
}

// Errors one step ahead are checked, and values far from what is usual are marked and listed.
func TestResidualsAndOutliers(t *testing.T) {
	r := reported(2, 100, 3, 12)
	for k := range r.series[1].Y {
		r.series[1].Y[k] = 10 + float64(k*k%7)
	}
	r.series[1].Y[60] = 500
	for i := range r.report.Folds {
		f := &r.report.Folds[i]
		f.Actual = r.series[f.Series].Y[f.Origin : f.Origin+3]
		f.Forecast.Point[0] = f.Actual[0] - 5 // too low, and each error as the one before
		if f.Series == 1 {
			f.Forecast.Point[0] = f.Actual[0] + float64(f.Origin%2) - 0.5 // 0 on average
		}
	}
	s := r.residualSections([]int{0, 1})[0]
	if len(s.Figures) != 2 || len(s.Figures[1].X) != 12 || s.Figures[1].Lines[0].Y[0] != 0.5 && s.Figures[1].Lines[0].Y[0] != -0.5 {
		t.Fatalf("%+v", s)
	}
	if text := strings.Join(s.Figures[0].Text, " "); !strings.Contains(text, "all the same: 12, want at least 8") {
		t.Error(text)
	}
	if text := strings.Join(s.Figures[1].Text, " "); !strings.Contains(text, "Their mean is 0, which may be chance (p = 1.000).") || !strings.Contains(text, "one tells of the next") {
		t.Error(text)
	}
	all := r.residualSections([]int{0, 1})
	if sizes := all[1].Figures; sizes[0] != nil || sizes[1].Labels[0] != "-0.6000 … -0.4000" || sizes[1].Lines[0].Y[0] != 6 || !sizes[1].Lines[0].Bars || sizes[1].Text[0] != "The highest bar, 6 of 12 errors, is from -0.6000 to -0.4000." {
		t.Errorf("%+v", sizes[1])
	}
	if follow := all[2].Figures; follow[0] != nil || len(follow[1].X) != 6 || follow[1].Lines[2].Y[0] > -0.9 || math.Abs(follow[1].Lines[1].Y[0]-0.5658) > 1e-4 || follow[1].Text[0] != "Outside of the band of ±0.5658 are 5 of 6." {
		t.Errorf("%+v", follow[1])
	}
	for i := range r.report.Folds {
		if f := &r.report.Folds[i]; f.Series == 0 {
			f.Forecast.Point[0] -= float64(f.Origin * f.Origin % 5)
		}
	}
	if text := strings.Join(r.residualSections([]int{0})[0].Figures[0].Text, " "); !strings.Contains(text, "forecasts are too low (p = 0.000)") {
		t.Error(text)
	}

	fig := r.forecastFigure(1)
	mark := fig.Lines[len(fig.Lines)-1]
	if mark.Role != "mark" || mark.Y[60] != 500 || !math.IsNaN(mark.Y[59]) || !strings.Contains(strings.Join(fig.Text, " "), "around them: 1; they are in outliers.csv") {
		t.Errorf("%+v, %q", mark, fig.Text)
	}
	var csv strings.Builder
	if err := asCSV(r.outliersCSV)(&csv); err != nil || !strings.Contains(csv.String(), "series 1,2005-01-01,500,1") || strings.Count(csv.String(), "\n") != 2 {
		t.Errorf("%v: %s", err, &csv)
	}
}
