package classify

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/labelled"
	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/tensor"
)

func write(t testing.TB, name, s string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(s), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// small is a preset made quick.
func small(preset string) Config {
	c, err := Preset(preset)
	if err != nil {
		panic(err)
	}
	c.Hidden, c.Batch, c.Steps, c.Epochs, c.Rate, c.HeldOut, c.WeightAverage = 12, 8, 0, 8, 2e-2, 0.2, 0.9
	if c.Input == Text {
		c.Embed = 12
	}
	return *c
}

func fit(t testing.TB, c Config, files ...string) *Model {
	t.Helper()
	m, err := Fit(context.Background(), c, task.Data{Train: files}, task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// reviews are of films: good unless there is a bad word that no "not" stands before.
func reviews(n int) string {
	r := rand.New(rand.NewPCG(1, 1))
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	var b strings.Builder
	b.WriteString("text,label\n")
	for range n {
		word, label := pick("good", "bad"), "good"
		not := r.IntN(2) == 0
		if (word == "bad") != not {
			label = "bad"
		}
		s := pick("the film", "this", "it all") + " is "
		if not {
			s += "not "
		}
		fmt.Fprintf(&b, "%s,%s\n", s+word+pick("", " so far", " I think"), label)
	}
	return b.String()
}

func accuracy(t testing.TB, m *Model, file string) float64 {
	t.Helper()
	r, err := m.Evaluate(context.Background(), file)
	if err != nil {
		t.Fatal(err)
	}
	return r.Scores[m.metric().Name]
}

// A model learns what "not" does, and comes back from its file with the same answers.
func TestText(t *testing.T) {
	file := write(t, "reviews.csv", reviews(200))
	m := fit(t, small("text"), file)
	if a := accuracy(t, m, file); a < 0.99 {
		t.Errorf("accuracy %v", a)
	}
	texts := []string{"this is not bad", "this is not good", "it all is good", "", "xyzzy"}
	got, err := m.Predict(context.Background(), texts...)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"good", "bad", "good"} {
		if got[i].Label != want || got[i].P() < 0.5 {
			t.Errorf("%q is %q (%v)", texts[i], got[i].Label, got[i].P())
		}
	}
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := m.Save(path, model.Training{}); err != nil {
		t.Fatal(err)
	}
	back, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := back.Predict(context.Background(), texts...)
	if err != nil || !reflect.DeepEqual(got, again) {
		t.Errorf("%v before, %v after saving, %v", got, again, err)
	}
	r, err := m.Report(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	titles := ""
	for _, p := range r.Parts {
		titles += p.Title + "; "
	}
	for _, it := range m.valid {
		if why, err := m.attribution(context.Background(), &it); err != nil || !strings.Contains(why, "bad") && !strings.Contains(why, "good") && !strings.Contains(why, "not") {
			t.Errorf("%q is judged because of %q, %v", it.show, why, err)
		}
	}
	if want := "By label; Confusion; Calibration; "; !strings.HasPrefix(titles, want) || r.Parts[2].File != "reliability" || len(r.Parts[2].Chart.Lines) != 2 {
		t.Errorf("the report has %q and the charts %+v", titles, r.Parts[2].Chart)
	}
}

// Every way to read, to pool and to weigh trains, to the same bits for a seed on one
// core and on two, and counts its parameters.
func TestConfigs(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"last":      func(c *Config) { c.Pool, c.Bidirectional = "last", false },
		"both last": func(c *Config) { c.Pool, c.Cell = "last", rnn.KindGRU },
		"attention": func(c *Config) { c.Pool = "attention" },
		"bag":       func(c *Config) { c.Pool, c.Layers = "bag+max", 2 },
		"jamo":      func(c *Config) { c.Tokens, c.NGrams, c.MaxLength = text.Jamo, 3, 10 },
		"bytes":     func(c *Config) { c.Tokens, c.Vocab, c.NGrams = text.BPE, 300, 0 },
		"balanced":  func(c *Config) { c.Balanced, c.LabelSmoothing, c.ClassWeights = true, 0.1, Weights{"bad": 2} },
		"decay":     func(c *Config) { c.WeightDecay, c.WeightAverage = 0.01, 0 },
	} {
		file := write(t, "reviews.csv", reviews(40))
		c := small("text")
		c.Epochs = 2
		change(&c)
		m := fit(t, c, file)
		procs := runtime.GOMAXPROCS(1)
		again := fit(t, c, file)
		runtime.GOMAXPROCS(2)
		third := fit(t, c, file)
		runtime.GOMAXPROCS(procs)
		a, b, d := nn.Params(m.net), nn.Params(again.net), nn.Params(third.net)
		for i := range a {
			if !slices.Equal(a[i].Value.Data, b[i].Value.Data) || !slices.Equal(a[i].Value.Data, d[i].Value.Data) {
				t.Errorf("%s: %s differs from run to run", name, a[i].Name)
			}
		}
		if f := nn.Untagged(m.net); f != nil {
			t.Errorf("%s: fields without a tag: %v", name, f)
		}
		if got, want := m.Config.CountParams(), nn.Count(a); got != want {
			t.Errorf("%s: %d parameters are counted, there are %d", name, got, want)
		}
	}
}

// waves are series of two channels, of different lengths: slow or fast.
func waves(n int, gaps bool) string {
	r := rand.New(rand.NewPCG(2, 2))
	var b strings.Builder
	b.WriteString("@problemName waves\n@classLabel true fast slow\n@data\n")
	for i := range n {
		label, speed := "slow", 1
		if i%2 == 0 {
			label, speed = "fast", 3
		}
		var u, v []string
		for step := range 6 + r.IntN(8) {
			u = append(u, fmt.Sprintf("%.2f", 100+float64(step*speed%6)))
			v = append(v, fmt.Sprintf("%.2f", r.Float64()))
		}
		if gaps {
			v[r.IntN(len(v))] = "?"
		}
		fmt.Fprintf(&b, "%s:%s:%s\n", strings.Join(u, ","), strings.Join(v, ","), label)
	}
	return b.String()
}

func TestSeries(t *testing.T) {
	for _, gaps := range []bool{false, true} {
		file := write(t, "waves.ts", waves(60, gaps))
		m := fit(t, small("series"), file)
		if a := accuracy(t, m, file); a < 0.95 || m.Gaps != gaps || m.Width != 2 {
			t.Errorf("accuracy %v, gaps %v, width %d", a, m.Gaps, m.Width)
		}
		fast := [][]float32{{100, .5}, {103, .1}, {100, .2}, {103, .9}, {100, .5}, {103, .5}, {100, .3}}
		got, err := m.PredictSeries(context.Background(), fast)
		if err != nil || got[0].Label != "fast" {
			t.Errorf("%v, %v", got, err)
		}
		if _, err := m.PredictSeries(context.Background(), [][]float32{{1, 2}, {3}}); err == nil {
			t.Error("a series with too few channels was taken")
		}
		var bad *data.Error
		if _, err := m.Predict(context.Background(), "text"); !errors.As(err, &bad) {
			t.Errorf("text for a model of series: %v", err)
		}
	}
}

// A text has any number of labels: what it speaks of.
func TestMany(t *testing.T) {
	var b strings.Builder
	for i := range 120 {
		var words, labels []string
		for k, w := range []string{"plot", "music", "cast"} {
			if (i>>k)&1 == 1 {
				words, labels = append(words, "the "+w), append(labels, `"`+w+`"`)
			}
		}
		fmt.Fprintf(&b, `{"text": "well %s", "labels": [%s]}`+"\n", strings.Join(words, " and "), strings.Join(labels, ", "))
	}
	file := write(t, "topics.jsonl", b.String())
	c := small("text")
	c.Target, c.Epochs = Many, 15
	m := fit(t, c, file)
	if f := accuracy(t, m, file); f < 0.95 {
		t.Errorf("micro F1 %v", f)
	}
	got, err := m.Predict(context.Background(), "the music and the plot", "well")
	if err != nil || !slices.Equal(got[0].Labels, []string{"music", "plot"}) || len(got[1].Labels) != 0 || got[1].Labels == nil {
		t.Errorf("%+v, %v", got, err)
	}
}

// Every token has a label, in sentences of different lengths: names after Mr are people.
func TestTags(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	var b strings.Builder
	for range 120 {
		for range 1 + r.IntN(5) {
			name := []string{"Kim", "Lee", "Ada"}[r.IntN(3)]
			if r.IntN(2) == 0 {
				fmt.Fprintf(&b, "Mr\tO\n%s\tPER\n", name)
			} else {
				fmt.Fprintf(&b, "in\tO\n%s\tLOC\n", name)
			}
		}
		b.WriteString("\n")
	}
	file := write(t, "names.conll", b.String())
	m := fit(t, small("tags"), file)
	r2, err := m.Evaluate(context.Background(), file)
	if err != nil || r2.Scores["accuracy"] < 0.99 || r2.Scores["exact"] < 0.9 {
		t.Fatalf("%v, %v", r2, err)
	}
	got, err := m.Predict(context.Background(), "Mr Kim in Lee", "in", "")
	if err != nil || !slices.Equal(got[0].Labels, []string{"O", "PER", "O", "LOC"}) || len(got[1].Labels) != 1 || len(got[2].Labels) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

// The phrases of trees are trained on, sentences alone are scored, and a sentence that is
// held out leaves no phrases behind.
func TestPhrases(t *testing.T) {
	var b strings.Builder
	for i := range 60 {
		word, label := "good", 1
		if i%2 == 0 {
			word, label = "bad", 0
		}
		fmt.Fprintf(&b, "(%d (2 it) (%d (2 is) (%d %s)))\n", label, label, label, word)
	}
	file := write(t, "trees.txt", b.String())
	c := small("text")
	c.Phrases, c.Map = true, map[string]string{"2": ""}
	m, err := survey(c, file, files([]string{file}))
	if err != nil {
		t.Fatal(err)
	}
	training, valid, err := m.sets(file, files([]string{file}), nil)
	if err != nil || len(training) != 48*3 || len(valid) != 12 || m.Tokens != text.Space {
		t.Errorf("%d to train on, %d to validate on, tokens %s, %v", len(training), len(valid), m.Tokens, err)
	}
	if a := accuracy(t, fit(t, c, file), file); a < 0.99 {
		t.Errorf("accuracy %v", a)
	}
}

// A run that was stopped in the midst of an epoch ends as an unbroken one.
func TestResume(t *testing.T) {
	c := small("text")
	c.Epochs = 3
	d := task.Data{Train: []string{write(t, "reviews.csv", reviews(60))}}
	whole, err := Fit(context.Background(), c, d, task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "checkpoint")
	ctx, cancel := context.WithCancel(context.Background())
	o := task.Options{Checkpoint: path, Resume: true, OnStep: func(s task.Step) {
		if s.Progress.Step == s.Of/2+1 {
			cancel()
		}
	}}
	if _, err := Fit(ctx, c, d, o); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := Load(path); err != nil {
		t.Errorf("the checkpoint is not a model: %v", err)
	}
	o.OnStep = nil
	resumed, err := Fit(context.Background(), c, d, o)
	if err != nil {
		t.Fatal(err)
	}
	same(t, whole.net, resumed.net)
}

// same fails the test unless two nets have the same bits.
func same(t testing.TB, a, b *net) {
	t.Helper()
	for i, p := range nn.Params(a) {
		if !slices.Equal(p.Value.Data, nn.Params(b)[i].Value.Data) {
			t.Fatalf("%s differs", p.Name)
		}
	}
}

// Labels that were not in training count as wrong, and say so.
func TestForeignLabels(t *testing.T) {
	m := fit(t, small("text"), write(t, "reviews.csv", reviews(100)))
	r, err := m.Evaluate(context.Background(), write(t, "other.csv", "text,label\nthis is good,good\nthis is good,fine\n"))
	if err != nil || r.Scores["accuracy"] != 0.5 {
		t.Fatalf("%v, %v", r, err)
	}
	if heat := r.Parts[1].Heat; heat == nil || heat.Rows[2] != "(unknown)" {
		t.Errorf("%+v", heat)
	}
}

func TestBad(t *testing.T) {
	good := write(t, "reviews.csv", reviews(40))
	for name, c := range map[string]struct {
		change func(*Config)
		file   string
		want   string
	}{
		"cell":       {func(c *Config) { c.Cell = "lstn" }, good, "lstn"},
		"hidden":     {func(c *Config) { c.Hidden = 0 }, good, "hidden is 0"},
		"pool":       {func(c *Config) { c.Pool = "mean+least" }, good, `pool is "least"`},
		"tokens":     {func(c *Config) { c.Tokens = "bits" }, good, `tokens is "bits"`},
		"input":      {func(c *Config) { c.Input = "sound" }, good, "input"},
		"dropout":    {func(c *Config) { c.Dropout = 1 }, good, "dropout is 1"},
		"nothing":    {func(c *Config) { c.HeldOut = 0 }, good, "no data to score"},
		"epochs":     {func(c *Config) { c.Epochs, c.Steps = 0, 0 }, good, "set one of them to train"},
		"one label":  {func(*Config) {}, write(t, "one.csv", "text,label\na,x\nb,x\n"), "at least two labels"},
		"ids":        {func(*Config) {}, write(t, "ids.csv", "text,label\n"+ids(300)), "name the label column (--label)"},
		"tags":       {func(c *Config) { c.Target = Steps; c.Tokens = text.Space }, write(t, "tags.csv", "text,tags\na b,X Y\na b,X\n"), "row 3: has 1 labels for 2 steps"},
		"series":     {func(*Config) {}, write(t, "w.ts", waves(10, false)), "preset is for texts"},
		"no such":    {func(*Config) {}, "nowhere.csv", "nowhere.csv"},
		"weights":    {func(c *Config) { c.ClassWeights = Weights{"god": 2} }, good, `a weight for "god"`},
		"too little": {func(*Config) {}, write(t, "few.csv", "text,label\na,x\nb,y\n"), "0 to validate on"},
	} {
		cfg := small("text")
		c.change(&cfg)
		_, err := Fit(context.Background(), cfg, task.Data{Train: []string{c.file}}, task.Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if (name == "weights" || name == "nothing" || name == "epochs") && fault.Of(err) != fault.Usage {
			t.Errorf("%s: class %v", name, fault.Of(err))
		}
	}
	if _, err := Preset("best"); err == nil {
		t.Error(`there is a preset "best"`)
	}
	if _, err := Load(good); err == nil {
		t.Error("a table is a model")
	}
	m := fit(t, small("series"), write(t, "waves.ts", waves(40, false)))
	for file, want := range map[string]string{
		write(t, "gap.ts", waves(4, true)):                               "a value of step",
		write(t, "one.ts", "@classLabel true slow\n@data\n1,2,3:slow\n"): "has steps of 1 values",
	} {
		if _, err := m.Evaluate(context.Background(), file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func ids(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "a text of some words,id%d\n", i)
	}
	return b.String()
}

func TestPresets(t *testing.T) {
	for _, name := range Presets() {
		c, err := Preset(name)
		if err != nil || c.check() != nil {
			t.Errorf("%s: %v, %v", name, err, c.check())
		}
	}
}

// Korean is read by characters, jamo or byte pairs, without an analysis of its words.
func TestKorean(t *testing.T) {
	var b strings.Builder
	b.WriteString("id\tdocument\tlabel\n")
	for i, subject := range []string{"영화", "이 영화는", "배우들 연기가", "음악이 정말", "다시 봐도", "스토리가", "결말이", "\"감독\" 작품은"} {
		for k, s := range []string{"재밌다", "재미없다", "좋았어요", "좋지 않아요", "최고ㅋㅋ", "최악ㅠㅠ"} {
			fmt.Fprintf(&b, "%d\t%s %s\t%d\n", 10*i+k, subject, s, 1-k%2)
		}
	}
	file := write(t, "ratings.txt", b.String())
	for _, kind := range []text.Kind{text.Chars, text.Jamo, text.BPE} {
		c := small("korean")
		c.Tokens, c.Rare, c.Epochs = kind, 1, 12
		if kind == text.BPE {
			c.Vocab = 300
		}
		m := fit(t, c, file)
		got, err := m.Predict(context.Background(), "스토리가 재미없다", "결말이 좋았어요")
		if err != nil || got[0].Label != "0" || got[1].Label != "1" {
			t.Errorf("%s: %v, %v", kind, got, err)
		}
	}
}

// The temperature that is found is that of the least loss.
func TestTemperature(t *testing.T) {
	for _, target := range []string{One, Many} {
		c := small("text")
		c.Target, c.Epochs = target, 4
		m := fit(t, c, write(t, "reviews.csv", reviews(100)))
		loss := func(temperature float64) float64 {
			m.Temperature = temperature
			r, err := m.Report(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			return r.Scores["loss"]
		}
		found := m.Temperature
		best := loss(found)
		if found == 1 || best > loss(1) || best > loss(min(found*1.3, flattest)) || best > loss(max(found/1.3, sharpest))*1.001 {
			t.Errorf("%s: %v is not the best temperature: loss %v, at 1 %v", target, found, best, loss(1))
		}
	}
}

func TestCases(t *testing.T) {
	got := casesOf("Seoul is NOT a-la McX , I", text.Space, 7)
	if want := []uint8{capitalised, noCapitals, allCapitals, noCapitals, someCapitals, noCapitals, capitalised}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := casesOf("so GOOD!", text.Words, 3); !slices.Equal(got, []uint8{noCapitals, allCapitals, noCapitals}) {
		t.Errorf("%v", got)
	}
}

// Examples in memory give the bits of a file of them.
func TestTrain(t *testing.T) {
	c := small("text")
	c.Epochs, c.Cell = 2, rnn.KindGRU
	path := write(t, "reviews.csv", reviews(60))
	var all []labelled.Example
	for e, err := range labelled.Read([]string{path}, c.Reading()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, labelled.Example{Text: e.Text, Labels: e.Labels})
	}
	a := fit(t, c, path)
	b, err := Train(context.Background(), c, all, nil, task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, a.net, b.net)
	c = small("series")
	c.Epochs = 1
	var series []labelled.Example
	for i := range 40 {
		series = append(series, labelled.Example{X: []tensor.Float{1, tensor.Float(i % 2), 3}, Width: 1, Labels: []string{fmt.Sprint(i % 2)}})
	}
	if m, err := Train(context.Background(), c, series[:30], series[30:], task.Options{}); err != nil || m.Width != 1 || len(m.valid) != 10 {
		t.Errorf("%v", err)
	}
	if _, err := Train(context.Background(), c, nil, nil, task.Options{}); err == nil {
		t.Error("nothing was trained on")
	}
	for want, labels := range map[string][]string{"has no label": nil, "has 2 labels": {"0", "1"}, "has 0 labels": {}, `no label`: {""}} {
		bad := slices.Clone(series)
		bad[7].Labels = labels
		for _, sets := range [][2][]labelled.Example{{bad, nil}, {series, bad}} {
			_, err := Train(context.Background(), c, sets[0], sets[1], task.Options{})
			var e *data.Error
			if !errors.As(err, &e) || e.Row != 8 || !strings.Contains(e.Reason, want) {
				t.Errorf("labels %q: %v, want %s in row 8", labels, err, want)
			}
		}
	}
}

// A rate at which nothing is learnt is reported, even if the labels come out right by chance.
func TestDiverges(t *testing.T) {
	for rate, want := range map[float64]fault.Class{0.01: 0, 100: fault.Numeric} {
		cfg, err := Preset("text")
		if err != nil {
			t.Fatal(err)
		}
		cfg.Rate, cfg.Epochs = rate, 3
		var b strings.Builder
		b.WriteString("text,label\n")
		for i := range 80 {
			fmt.Fprintf(&b, "%s w%d,%s\n", []string{"bad poor", "good nice"}[i%2], i%7, []string{"neg", "pos"}[i%2])
		}
		_, err = Fit(context.Background(), *cfg, task.Data{Train: []string{write(t, "r.csv", b.String())}}, task.Options{})
		if fault.Of(err) != want || want != 0 && !strings.Contains(err.Error(), "training diverged") {
			t.Errorf("rate %v: %v", rate, err)
		}
	}
}
