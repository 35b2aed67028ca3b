package accuracy

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/forecast/probabilistic"
	"github.com/recur-go/recur/task/forecast/segrnn"
	"github.com/recur-go/recur/task/memory"
)

// put writes a file under dir, packed if its name ends in .gz.
func put(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if strings.HasSuffix(name, ".gz") {
		z := gzip.NewWriter(f)
		defer z.Close()
		fmt.Fprint(z, text)
		return
	}
	fmt.Fprint(f, text)
}

func TestRows(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a.csv", "t,x,y\nmon,1,\ntue, 2.5,-3e2\n")
	put(t, dir, "b.csv.gz", "t,x\nmon,1\n")
	ids, values, header, err := rows(dir, "a.csv")
	if err != nil || !slices.Equal(ids, []string{"mon", "tue"}) || !slices.Equal(header, []string{"x", "y"}) ||
		values[0][0] != 1 || !math.IsNaN(values[0][1]) || !slices.Equal(values[1], []float64{2.5, -300}) {
		t.Errorf("%v, %v, %v, %v", ids, values, header, err)
	}
	if ids, values, _, err := rows(dir, "b.csv"); err != nil || len(ids) != 1 || values[0][0] != 1 {
		t.Errorf("packed: %v, %v, %v", ids, values, err)
	}
	if _, _, _, err := rows(dir, "c.csv"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	for text, want := range map[string]string{
		"t,x\nmon,one\n": `"one"`, "t,x\nmon\n": "row 2 has 0 values, want 1", "": "header", "t,x\n\"mon,1\n": "header",
	} {
		if _, _, _, err := parse("c.csv", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "c.csv") {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	var bad *data.Error
	if _, _, _, err := parse("c.csv", strings.NewReader("t,x,y\nmon,1,one\n")); !errors.As(err, &bad) || bad.Row != 2 || bad.Column != "3" {
		t.Errorf("%+v", bad)
	}
}

// The sets of the competitions are read as what came before and what is to be forecast.
func TestMadeContests(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "ts/m4/Hourly-train.csv.gz", "V1,V2,V3,V4\nH1,1,2,3\nH2,4,5,\n")
	put(t, dir, "ts/m4/Hourly-test.csv.gz", "V1,V2,V3\nH1,7,8\nH2,9,10\n")
	put(t, dir, "ts/m4/Weekly-train.csv.gz", "V1,V2,V3\nW1,1,2\nW2,1,2\n")
	put(t, dir, "ts/m4/Weekly-test.csv.gz", "V1,V2,V3\nW1,1,2\nW3,1,2\n")
	put(t, dir, "ts/m3/m3_data.json.gz", `{"N2":{"period":["MONTHLY"],"x":[1,2],"xx":[3]},"N1":{"period":["MONTHLY"],"x":[4],"xx":[5,6]},"N3":{"period":["YEARLY"],"x":[7],"xx":[8]}}`)
	put(t, dir, "ts/m3/tcomp_data.json.gz", `{"N2":`)
	put(t, dir, "ts/monash/cif_2016_dataset.tsf.gz", "@relation CIF\n@attribute series_name string\n@attribute horizon numeric\n@frequency monthly\n@missing false\n@equallength false\n@data\nT1:2:1,2,3,4,5\nT2:1:6,7,8\n")
	nn5Text := "series,t,value\n"
	for i := range 60 {
		nn5Text += fmt.Sprintf("NN5-001,%d,%d\n", i+1, i)
	}
	put(t, dir, "ts/monash/nn5.csv.gz", nn5Text)
	for _, c := range []struct {
		name   string
		read   func() (*contest, error)
		ids    []string
		past   []int // number of values before
		future [][]float64
	}{
		{"m4", func() (*contest, error) { return m4(dir, "Hourly") }, []string{"H1", "H2"}, []int{3, 2}, [][]float64{{7, 8}, {9, 10}}},
		{"m3", func() (*contest, error) { return competition(dir, "m3_data", "MONTHLY") }, []string{"N1", "N2"}, []int{1, 2}, [][]float64{{5, 6}, {3}}},
		{"cif", func() (*contest, error) { return cif(dir) }, []string{"T1", "T2"}, []int{3, 2}, [][]float64{{4, 5}, {8}}},
		{"nn5", func() (*contest, error) { return nn5(dir) }, []string{"NN5-001"}, []int{4}, nil},
	} {
		got, err := c.read()
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for i, s := range got.past {
			if s.ID != c.ids[i] || len(s.Y) != c.past[i] || c.future != nil && !slices.Equal(got.future[i], c.future[i]) {
				t.Errorf("%s: %+v, and then %v", c.name, s, got.future[i])
			}
		}
		if len(got.past) != len(c.ids) || c.name == "nn5" && (len(got.future[0]) != 56 || got.future[0][0] != 4) {
			t.Errorf("%s: %d series, then %v", c.name, len(got.past), got.future)
		}
	}
	// What does not fit together, or is not there, is an error that names the file.
	put(t, dir, "short/ts/monash/nn5.csv.gz", "series,t,value\nNN5-001,1,3\nNN5-001,2,3\n")
	put(t, dir, "short/ts/monash/cif_2016_dataset.tsf.gz", "@relation CIF\n@attribute series_name string\n@attribute horizon numeric\n@frequency monthly\n@missing false\n@equallength false\n@data\nT1:5:1,2,3,4,5\n")
	short := filepath.Join(dir, "short")
	for want, read := range map[string]func() (*contest, error){
		"the series are not those of":                       func() (*contest, error) { return m4(dir, "Weekly") },
		"Daily-train.csv.gz":                                func() (*contest, error) { return m4(dir, "Daily") },
		"tcomp_data.json.gz":                                func() (*contest, error) { return competition(dir, "tcomp_data", "MONTHLY") },
		"m3_data.json.gz":                                   func() (*contest, error) { return competition(short, "m3_data", "MONTHLY") },
		`"NN5-001" has 2 values, and 56 are to be forecast`: func() (*contest, error) { return nn5(short) },
		`"T1" has 5 values, and 5 are to be forecast`:       func() (*contest, error) { return cif(short) },
	} {
		if c, err := read(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v, %v, want %s", c, err, want)
		}
	}
	if _, err := nn5(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// The scores of a contest are the means over its series, by hand.
func TestContestScore(t *testing.T) {
	c := &contest{
		past:   []data.Series{{Y: []float64{1, 2, 3}}, {Y: []float64{5, 5, 5}}},
		future: [][]float64{{4, 5}, {10}},
	}
	wide := func(lo, hi float64, n int) forecast.Band {
		b := forecast.Band{Level: 0.95}
		for range n {
			b.Lo, b.Hi = append(b.Lo, lo), append(b.Hi, hi)
		}
		return b
	}
	got := c.score([]forecast.Forecast{
		{Point: []float64{4, 3}, Bands: []forecast.Band{{Level: 0.5}, wide(3, 4.5, 2)}},
		{Point: []float64{5, 5}, Bands: []forecast.Band{wide(9, 11, 2)}}, // asked for a step more than came
	}, 1)
	want := map[string]float64{
		"smape":    (100*(0+2./4)/2 + 100*5/7.5) / 2, // 200·|y-p|/(|y|+|p|), in percent
		"mape":     (100*(0+2./5)/2 + 100*5./10) / 2,
		"mase":     1,                            // of the first; the past of the second is constant
		"msis":     (1.5 + 1.5 + 2/0.05*0.5) / 2, // 5 is above 4.5
		"coverage": (0.5 + 1) / 2,
	}
	for name, v := range want {
		if math.Abs(got[name]-v) > 1e-9 {
			t.Errorf("%s is %v, want %v", name, got[name], v)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%v", got)
	}
}

// brief gives a case's lines to a test, and its context.
func brief(t *testing.T) (ctx context.Context, note func(string), notes *[]string) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	notes = new([]string)
	return ctx, func(s string) { *notes = append(*notes, s) }, notes
}

// A case of esrnn scores its contest by all figures, and by OWA against Naive2.
func TestESRNNCase(t *testing.T) {
	read := func(string) (*contest, error) {
		c := &contest{}
		for i := range 4 {
			var y []float64
			for at := range 40 {
				y = append(y, 50+float64(at)+10*math.Sin(float64(at)*math.Pi/2+float64(i)))
			}
			if err := c.cut(fmt.Sprint("s", i), y, 4); err != nil {
				return nil, err
			}
		}
		return c, nil
	}
	if testing.Short() {
		t.Skip("trains for some seconds")
	}
	naive2 := map[string]float64{"smape": 2, "mase": 0.5}
	c := esrnnCase(Case{Name: "made"}, read, 4, 4, 4, naive2)
	ctx, note, notes := brief(t)
	scores, err := c.Run(ctx, "", 1, note)
	if err != nil || c.Task != "forecast" {
		t.Fatal(err)
	}
	if want := (scores["smape"]/2 + scores["mase"]/0.5) / 2; math.Abs(scores["owa"]-want) > 1e-12 || !(scores["smape"] > 0 && scores["smape"] < 20) || scores["coverage"] > 1 {
		t.Errorf("%v, want an OWA of %v", scores, want)
	}
	for _, name := range []string{"smape", "mape", "mase", "msis", "coverage"} {
		if _, ok := scores[name]; !ok {
			t.Errorf("there is no %s", name)
		}
	}
	if n := len(*notes); n == 0 || !strings.Contains((*notes)[n-1], "weight of Comb and Theta") {
		t.Errorf("%q", *notes)
	}
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := c.Run(stopped, "", 1, note); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	bad := errors.New("bad")
	if _, err := esrnnCase(Case{}, func(string) (*contest, error) { return nil, bad }, 4, 4, 4, nil).Run(ctx, "", 1, note); !errors.Is(err, bad) {
		t.Errorf("%v", err)
	}
}

// madeTrack is a file of the price track: 20 days, of which the last 15 are the tasks; the
// price is high at noon. An hour before the tasks is not there.
func madeTrack() string {
	var b strings.Builder
	b.WriteString("timestamp,eval_task,fc_total_load,fc_zonal_load,price\n")
	start := time.Date(2011, 1, 1, 0, 0, 0, 0, time.UTC)
	for h := range 20 * 24 {
		at := start.Add(time.Duration(h) * time.Hour)
		if h == 30 {
			continue
		}
		of := ""
		if day := h / 24; day >= 5 {
			of = fmt.Sprint(day - 4)
		}
		noon := math.Cos(float64(h%24-12) * math.Pi / 12)
		fmt.Fprintf(&b, "%s,%s,%.1f,%.1f,%.3f\n", at.Format("2006-01-02T15:04"), of, 1000+100*noon, 500+50*noon, 40+10*noon+float64(h%7))
	}
	return b.String()
}

func TestMadeTrack(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "ts/energy/gefcom2014-price.csv.gz", madeTrack())
	g, err := gefcom(dir, "price")
	if err != nil {
		t.Fatal(err)
	}
	if s := g.series; len(s.Y) != 480 || !math.IsNaN(s.Y[30]) || !math.IsNaN(s.Known[1][30]) || s.Y[12] != 40+10+5 || s.Known[0][12] != 1100 || len(s.Past) != 0 {
		t.Errorf("%d hours, %v", len(s.Y), s.Y[12])
	}
	if span := g.tasks[4]; len(g.tasks) != 15 || span != [2]int{192, 216} || g.horizon != 24 {
		t.Errorf("task 4 is %v of %d", span, len(g.tasks))
	}
	if a, b := g.about[0], g.about[1]; a.Name != "fc_total_load" || a.Role != data.Known || b.Name != "fc_zonal_load" || len(g.about) != len(g.series.Known) {
		t.Errorf("%+v", g.about)
	}
	for i, x := range g.series.Known[2:] { // the calendar goes on over the day to come
		if len(x) != 504 {
			t.Errorf("%s has %d hours", g.about[i+2].Name, len(x))
		}
	}
	// Of load the temperatures are known of the past, and the hours are named by their ends.
	put(t, dir, "ts/energy/gefcom2014-load.csv.gz", "timestamp,eval_task,load,w1\n2001-01-01T01:00,,,27\n2001-01-01T02:00,,5,25\n2001-01-01T03:00,1,6,24\n")
	l, err := gefcom(dir, "load")
	if err != nil || !slices.Equal(l.series.Y, []float64{5, 6}) || !slices.Equal(l.series.Past[0], []float64{25, 24}) || l.tasks[1] != [2]int{1, 2} || l.horizon != 744 {
		t.Fatalf("%+v, %v", l, err)
	}
	if past := l.series.Before(l.tasks[1][0]); !slices.Equal(past.Y, []float64{5}) || !slices.Equal(past.Past[0], []float64{25}) {
		t.Errorf("%+v", past)
	}
	for text, want := range map[string]string{
		"timestamp,eval_task,load,w1\nyesterday,,1,2\n":                               "load: row 2",
		"timestamp,eval_task,load,w1\n2001-01-01T02:00,,1,2\n2001-01-01T02:00,,1,2\n": "row 3: the hours are out of order",
	} {
		put(t, dir, "ts/energy/gefcom2014-load.csv.gz", text)
		if _, err := gefcom(dir, "load"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := gefcom(t.TempDir(), "load"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// The 99 quantiles are the middle and the edges of 49 bands, and score as the mean of their
// pinball losses.
func TestPercentiles(t *testing.T) {
	levels := percentiles()
	if len(levels) != 49 || levels[0] != 0.02 || levels[48] != 0.98 {
		t.Errorf("%v", levels)
	}
	g := &gefcomTrack{series: data.Series{Y: []float64{0, 10}}, tasks: map[int][2]int{4: {1, 2}}}
	f := forecast.Forecast{Point: []float64{8, 0}, Bands: []forecast.Band{{Level: 0.8, Lo: []float64{6, 0}, Hi: []float64{11, 0}}}}
	// 0.5·(10-8), 0.1·(10-6) and (1-0.9)·(11-10)
	if got, want := g.score(4, f), (1+0.4+0.1)/3; math.Abs(got-want) > 1e-12 {
		t.Errorf("%v, want %v", got, want)
	}
}

// A track is forecast task by task, and its score is the mean of theirs.
func TestTrackRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("trains twelve times")
	}
	dir := t.TempDir()
	put(t, dir, "ts/energy/gefcom2014-price.csv.gz", madeTrack())
	g, err := gefcom(dir, "price")
	if err != nil {
		t.Fatal(err)
	}
	c, err := probabilistic.Preset("qrnn")
	if err != nil {
		t.Fatal(err)
	}
	c.Hidden, c.Epochs, c.StepsPerEpoch, c.Batch, c.Window, c.Seed = 4, 1, 5, 4, 24, 1
	ctx, note, notes := brief(t)
	scores, err := g.run(ctx, *c, note)
	if err != nil {
		t.Fatal(err)
	}
	mean := 0.0
	for k := 4; k <= 15; k++ {
		mean += scores[fmt.Sprint("task_", k)] / 12
	}
	if len(scores) != 13 || !(mean > 0 && mean < 20) || math.Abs(mean-scores["pinball"]) > 1e-9 {
		t.Errorf("%v, mean %v", scores, mean)
	}
	if !slices.ContainsFunc(*notes, func(s string) bool { return strings.HasPrefix(s, "task 15: pinball") }) || !slices.ContainsFunc(*notes, func(s string) bool { return strings.HasPrefix(s, "task 4, epoch 1 of 1") }) {
		t.Errorf("%q", *notes)
	}
	delete(g.tasks, 4)
	if _, err := g.run(ctx, *c, note); err == nil || err.Error() != "there is no task 4" {
		t.Errorf("%v", err)
	}
}

// The months to learn, to validate and to test are those of the protocol, in units of the
// first; a file that is too short for it is refused.
func TestETT(t *testing.T) {
	dir := t.TempDir()
	var b strings.Builder
	b.WriteString("date,a,b\n")
	for h := range 20 * 30 * 24 {
		day := math.Sin(float64(h) * math.Pi / 12)
		fmt.Fprintf(&b, "%d,%.3f,%.3f\n", h, 10+day, 200-20*day)
	}
	put(t, dir, "made.csv.gz", b.String())
	put(t, dir, "short.csv", "date,a\n1,2\n")
	ctx, note, notes := brief(t)
	if _, err := ett(ctx, dir, "short", segrnn.Config{}, task.Options{}); err == nil || err.Error() != "short has 1 rows, want at least 14400" {
		t.Errorf("%v", err)
	}
	if _, err := ett(ctx, dir, "none", segrnn.Config{}, task.Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if testing.Short() {
		t.Skip("trains on two years of hours")
	}
	c, err := segrnn.Preset("segrnn")
	if err != nil {
		t.Fatal(err)
	}
	c.Hidden, c.Epochs, c.Horizon, c.Batch, c.Rate, c.Seed = 16, 3, 24, 256, 0.01, 1
	s, err := ett(ctx, dir, "made", *c, noting(note, ""))
	if err != nil {
		t.Fatal(err)
	}
	// In units of the deviation both series have variance 1, which guessing the mean gives.
	if !(s.MSE > 0 && s.MSE < 0.2 && s.MAE > 0 && s.MAE < 0.4) || len(*notes) != 3 || !strings.HasPrefix((*notes)[0], "epoch 1 of 3") {
		t.Errorf("%+v, %q", s, *notes)
	}
}

// A case of memory ends when its problem is solved, and when it is stopped.
func TestMemoryCase(t *testing.T) {
	ctx, note, _ := brief(t)
	if _, err := remember("no problem", 2)(ctx, "", 1, note); err == nil || !strings.Contains(err.Error(), "problem") {
		t.Errorf("%v", err)
	}
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := remember(memory.Adding, 2)(stopped, "", 1, note); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if testing.Short() {
		t.Skip("trains until it is solved")
	}
	scores, err := remember(memory.Adding, 2)(ctx, "", 1, note)
	if err != nil || !(scores["loss"] < 1e-3) || scores["steps"] < 1 {
		t.Errorf("%v, %v", scores, err)
	}
}

// A case that lacks a figure, or whose results cannot be read, is an error; seeds are as many
// as its tier has.
func TestRunnerErrors(t *testing.T) {
	fakes(t, nil)
	r := runner(t)
	cases[0].Figures = append(cases[0].Figures, Figure{Metric: "missing"})
	if err := r.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "one, seed 1: the run gave no missing") {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(r.File, []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := r.Run(context.Background()); err == nil || !strings.Contains(err.Error(), r.File) {
		t.Errorf("%v", err)
	}
	r.Seeds = 0
	if a, b := r.seeds(Case{Tier: "A"}), r.seeds(Case{Tier: "B"}); a != 5 || b != 3 {
		t.Errorf("%d and %d seeds", a, b)
	}
	r.Tier = "B"
	if some, err := r.Selected(); err != nil || len(some) != 0 {
		t.Errorf("%+v, %v", some, err)
	}
	r.Tier = "all"
	if some, err := r.Selected(); err != nil || len(some) != 2 || !slices.Equal(Names(), []string{"one", "two"}) {
		t.Errorf("%+v, %v", some, err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a name was registered twice")
		}
	}()
	register(Case{Name: "one"})
}

func TestTableTimes(t *testing.T) {
	r := &Results{Rows: []Row{
		{Name: "a", Metric: "slot_error", Published: 2, Target: 2, Stretch: 1.25, Ours: 1.5, Mean: 1.5, Seeds: 1, Met: true, Reached: true, Seconds: 42.4, Source: "paper"},
		{Name: "b", Metric: "bleu", Target: 30, Ours: 25, Mean: 26, SD: 1.25, Seeds: 3, Seconds: 150},
		{Name: "c", Metric: "loss"},
	}}
	want := map[string]string{
		"a": "| a | slot error | 2 | 1.5 | 1 | 42 s | yes | 1.25 |",
		"b": "| b | bleu | (30) | 25 ± 1 | 3 | 2 min | no |  |",
		"c": "| c | loss | (0) | 0 | 0 |  | no |  |",
	}
	for line := range strings.Lines(r.Markdown()) {
		if name := strings.Trim(line[:min(4, len(line))], "| "); want[name] != "" {
			if strings.TrimSpace(line) != want[name] {
				t.Errorf("%s, want %s", line, want[name])
			}
			delete(want, name)
		}
	}
	if len(want) > 0 {
		t.Errorf("the table lacks %v", slices.Collect(maps.Keys(want)))
	}
	for _, part := range []string{"42 s  yes", "26 ± 1.2", "2 min  no", " (30) "} {
		if !strings.Contains(r.Table(), part) {
			t.Errorf("%q is not in\n%s", part, r.Table())
		}
	}
}
