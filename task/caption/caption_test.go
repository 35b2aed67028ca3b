package caption

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/npy"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/model/safetensors"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/rnntest"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/tensor"
)

// write makes a file.
func write(t testing.TB, name string, b []byte) string {
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// restaurants are meanings with sentences that say them, as RNNLG has them.
func restaurants(t testing.TB) string {
	var rows [][]string
	names := []string{"red door cafe", "the vaults", "blue spice", "aromi"}
	areas := []string{"soma", "hayes valley", "chinatown"}
	for i := range 60 {
		name, area := names[i%len(names)], areas[i%len(areas)]
		rows = append(rows,
			[]string{fmt.Sprintf("inform(name='%s';area='%s')", name, area), name + " is in " + area, ""},
			[]string{fmt.Sprintf("inform(name='%s';kidsallowed=yes)", name), name + " allows child -s", ""},
			[]string{fmt.Sprintf("inform(name='%s';area='%s';kidsallowed=no)", name, area), name + " in " + area + " does not allow child -s", ""},
			[]string{"?request(area)", "which area do you prefer", ""}, []string{"goodbye()", "goodbye", ""})
	}
	b, err := json.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "restaurants.json", append([]byte("# a comment\n"), b...))
}

// small is a preset made small.
func small(t testing.TB, preset string) Config {
	c, err := Preset(preset)
	if err != nil {
		t.Fatal(err)
	}
	c.Embed, c.Hidden, c.Batch, c.Epochs, c.Rate, c.Dropout, c.Patience, c.Beam = 12, 24, 16, 20, 1e-2, 0, 0, 4
	return *c
}

func fit(t testing.TB, c Config, files ...string) *Model {
	m, err := Fit(context.Background(), c, task.Data{Train: files}, task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func example(t testing.TB, meaning string) Example {
	t.Helper()
	m, err := ParseMeaning(meaning)
	if err != nil {
		t.Fatal(err)
	}
	return Example{Meaning: m}
}

func captions(t testing.TB, m *Model, meanings ...string) (texts []string) {
	var examples []Example
	for _, s := range meanings {
		examples = append(examples, example(t, s))
	}
	all, err := m.Caption(context.Background(), examples, seq2seq.Decoding{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		texts = append(texts, c[0].Text)
	}
	return texts
}

// Every kind of decoder learns to say all slots, names that it has never seen included,
// to the same bits for a seed, and says the same after it was saved.
func TestMeanings(t *testing.T) {
	path := restaurants(t)
	for name, change := range map[string]func(*Config){
		"sclstm": func(c *Config) {},
		"rnnlg":  func(c *Config) { r := small(t, "rnnlg"); r.Top = 2; *c = r },
		"slots":  func(c *Config) { *c = small(t, "slots") },
		"first":  func(c *Config) { *c = small(t, "vector"); c.Feed = First },
		"every":  func(c *Config) { *c = small(t, "vector"); c.Feed, c.Cell = Every, rnn.KindGRU },
	} {
		t.Run(name, func(t *testing.T) {
			c := small(t, "sclstm")
			change(&c)
			m := fit(t, c, path)
			got := captions(t, m, "inform(name='zuni';area='north beach')", "inform(name=zuni;kidsallowed=yes)", "goodbye()", "?request(area)")
			want := []string{"zuni is in north beach", "zuni allows child -s", "goodbye", "which area do you prefer"}
			if !slices.Equal(got, want) {
				t.Errorf("says %q", got)
			}
			same(t, m.net, fit(t, c, path).net)
			if f := nn.Untagged(m.net); f != nil {
				t.Errorf("fields without a tag: %v", f)
			}
			if n := nn.Count(nn.Params(m.net)); n != m.CountParams() {
				t.Errorf("%d parameters are counted, there are %d", m.CountParams(), n)
			}
			file := filepath.Join(t.TempDir(), "m.safetensors")
			if err := m.Save(file, model.Training{}); err != nil {
				t.Fatal(err)
			}
			back, err := Load(file)
			if err != nil {
				t.Fatal(err)
			}
			r, err := back.Evaluate(context.Background(), path)
			if err != nil || c.Top == 0 && r.Scores["bleu"] < 99 || r.Scores["slot_error"] > 0 || r.Scores["exact"] < 1 || r.Scores["loss"] > 0.3 {
				t.Fatalf("%v, %v", r.Scores, err)
			}
			if again := captions(t, back, "inform(area=soma;name=x)"); !slices.Equal(again, captions(t, m, "inform(area=soma;name=x)")) {
				t.Errorf("after loading it says %q", again)
			}
			if len(r.Parts) < 2 || (c.Attention != "" || c.Decoder == SCLSTM) && r.Parts[2].Heat == nil {
				t.Errorf("the report has %d parts and no maps", len(r.Parts))
			}
			if _, err := back.Report(context.Background()); err == nil {
				t.Error("a model that was loaded has something that it was validated on")
			}
			if _, err := back.Evaluate(context.Background()); err == nil {
				t.Error("no file was evaluated")
			}
		})
	}
}

func same(t testing.TB, a, b *net) {
	t.Helper()
	for i, p := range nn.Params(a) {
		if !slices.Equal(p.Value.Data, nn.Params(b)[i].Value.Data) {
			t.Fatalf("%s differs", p.Name)
		}
	}
}

// n-best lists are in order and differ; drawn sentences come again for a seed.
func TestSearch(t *testing.T) {
	m := fit(t, small(t, "sclstm"), restaurants(t))
	e := example(t, "inform(name=zuni;area=soma;kidsallowed=no)")
	caption := func(s seq2seq.Decoding) []Caption {
		all, err := m.Caption(context.Background(), []Example{e}, s)
		if err != nil {
			t.Fatal(err)
		}
		return all[0]
	}
	best := caption(seq2seq.Decoding{Beam: seq2seq.Beam{N: 5}})
	if len(best) != 5 {
		t.Fatalf("%d sentences", len(best))
	}
	for i := range best[1:] {
		if best[i].Score < best[i+1].Score || best[i].Text == best[i+1].Text {
			t.Errorf("%v before %v", best[i], best[i+1])
		}
	}
	if greedy := caption(seq2seq.Decoding{Beam: seq2seq.Beam{Width: 1}}); len(greedy) != 1 || greedy[0].Text != best[0].Text {
		t.Errorf("greedy says %v", greedy)
	}
	draw := seq2seq.Decoding{Beam: seq2seq.Beam{N: 3}, Sampling: &seq2seq.Sampling{Temperature: 2, Seed: 5}}
	a, b := caption(draw), caption(draw)
	if len(a) != 3 || a[0].Text != b[0].Text || a[2].LogProb != b[2].LogProb {
		t.Errorf("%v and %v are drawn with one seed", a, b)
	}
	for _, bad := range []seq2seq.Decoding{
		{Beam: seq2seq.Beam{Width: -1}}, {Beam: seq2seq.Beam{Width: 1001}}, {Beam: seq2seq.Beam{N: -1}}, {Beam: seq2seq.Beam{N: 1001}},
		{Beam: seq2seq.Beam{LengthPenalty: math.NaN()}}, {Beam: seq2seq.Beam{CoveragePenalty: -1}},
		{Sampling: &seq2seq.Sampling{Temperature: math.NaN()}}, {Sampling: &seq2seq.Sampling{TopP: 2}}, {Sampling: &seq2seq.Sampling{TopK: -1}},
	} {
		if _, err := m.Caption(context.Background(), []Example{e}, bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := m.Caption(ctx, []Example{e}, seq2seq.Decoding{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// seen are three kinds of vector with a sentence for each, in every form of file.
func seen(regions int) (values []float32, sentences []string) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 90 {
		for range regions {
			for k := range 3 {
				v := r.NormFloat64() * 0.2
				if k == i%3 {
					v += 2
				}
				values = append(values, float32(v))
			}
		}
		sentences = append(sentences, []string{"a red ball", "the sky is blue", "green"}[i%3])
	}
	return values, sentences
}

func TestVectors(t *testing.T) {
	values, sentences := seen(1)
	text := write(t, "texts.txt", []byte(strings.Join(sentences, "\n")+"\n"))
	table, lines := "f1,f2,f3,text\n", ""
	for i, s := range sentences {
		v := values[3*i : 3*i+3]
		table += fmt.Sprintf("%v,%v,%v,%s\n", v[0], v[1], v[2], s)
		lines += fmt.Sprintf("{\"features\": [%v, %v, %v], \"text\": [%q, %q]}\n", v[0], v[1], v[2], s, s)
	}
	var array, tensors bytes.Buffer
	if err := npy.Write(&array, &npy.Array{Shape: []int{90, 3}, Data: values}); err != nil {
		t.Fatal(err)
	}
	if err := safetensors.Write(&tensors, nil, []safetensors.Source{safetensors.From("features", values, 90, 1, 3)}); err != nil {
		t.Fatal(err)
	}
	for name, files := range map[string][]string{
		"csv":         {write(t, "a.csv", []byte(table))},
		"jsonl":       {write(t, "a.jsonl", []byte(lines))},
		"npy":         {write(t, "a.npy", array.Bytes()), text},
		"safetensors": {write(t, "a.safetensors", tensors.Bytes()), text},
	} {
		t.Run(name, func(t *testing.T) {
			c := small(t, "vector")
			if name == "npy" {
				c = small(t, "attention")
			}
			m := fit(t, c, files...)
			r, err := m.Evaluate(context.Background(), files...)
			if err != nil || r.Scores["exact"] < 1 {
				t.Errorf("%v, %v", r, err)
			}
			if _, ok := r.Scores["slot_error"]; ok {
				t.Error("vectors have slots")
			}
			if f := nn.Untagged(m.net); f != nil {
				t.Errorf("fields without a tag: %v", f)
			}
			if n := nn.Count(nn.Params(m.net)); n != m.CountParams() {
				t.Errorf("%d parameters are counted, there are %d", m.CountParams(), n)
			}
		})
	}
}

// Gradients of the whole net, with the terms of a SCLSTM.
func TestGradients(t *testing.T) {
	for name, c := range map[string]*Config{
		"sclstm":  {Decoder: SCLSTM, EndWeight: 0.7, StepPenalty: 0.01, StepBase: 20, Acts: 2, Slots: 3},
		"slots":   {Decoder: Plain, Feed: Both, Attention: seq2seq.General, Cell: rnn.KindLSTM, Acts: 2, Slots: 3},
		"every":   {Decoder: Plain, Feed: Every, Cell: rnn.KindGRU, Acts: 2, Slots: 3},
		"regions": {Decoder: Plain, Feed: First, Attention: seq2seq.Additive, Cell: rnn.KindLSTM, EncoderLayers: 1, DenseLayers: 2, DenseWidth: 4, Acts: 2, Width: 3},
		"stripes": {Decoder: Plain, Feed: First, Cell: rnn.KindGRU, EncoderLayers: 1, Stripes: 3, StripeHidden: 2, Acts: 2, Width: 6},
	} {
		c.Tokens, c.Embed, c.Hidden, c.Batch, c.Epochs, c.Rate, c.Limit, c.Beam, c.Size = "space", 4, 5, 1, 1, 1, 9, 1, 6
		made, err := c.New(rand.New(rand.NewPCG(3, 4)))
		if err != nil {
			t.Fatal(err)
		}
		w := &what{acts: []int{1, 0}, slots: [][]int{{0, 2}, nil}}
		if c.Width > 0 {
			w.x, w.len = nn.Uniform(rand.New(rand.NewPCG(5, 6)), 1, 4, 2, c.Width).Value, []int{4, 2}
		}
		var vars []*grad.Var
		r := rand.New(rand.NewPCG(7, 8))
		for _, p := range nn.Params(made) {
			for i := range p.Value.Data { // biases too, so that no ReLU is at its kink
				p.Value.Data[i] += tensor.Float(0.2 * r.NormFloat64())
			}
			vars = append(vars, p.Var)
		}
		err = grad.Check(func(g *grad.Tape) *grad.Var {
			g.Train = true
			return made.(*net).loss(g, w, [][]int{{3, 4, 5}, {4}})
		}, vars...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHurriedIsACell(t *testing.T) {
	rnntest.Cell(t, &penalised{rnn.NewSCLSTM(rand.New(rand.NewPCG(1, 2)), 3, 5, 4), 1e-3, 10}, 3)
}

func TestSlotErrors(t *testing.T) {
	m := &Model{wording: &wording{Tokens: "space", Constant: map[string]string{"type": "restaurant"}}}
	m.Keywords = map[string][]string{"kidsallowed": {"child", "kids"}}
	m.Choices = []string{"?select"}
	for _, c := range []struct {
		meaning, words            string
		missing, redundant, slots int
	}{
		{"inform(name=x;area=y;kidsallowed=yes)", "<name> is in <area> and allows child -s", 0, 0, 3},
		{"inform(name=x;area=y;kidsallowed=yes)", "<name> is <name>", 2, 1, 3},
		{"inform(name=x)", "<name> has <food> for kids", 0, 2, 1},
		{"inform(name=x;type=restaurant)", "a nice <name>", 0, 0, 1},
		{"inform(food=a;food=b)", "<food> or <food>", 0, 0, 2},
		{"inform(kidsallowed=?)", "do you want it", 0, 0, 0},
		{"?select(food=a;food=dontcare)", "<name>", 0, 0, 0},
	} {
		missing, redundant, slots := m.slotErrors(strings.Fields(c.words), meaning(t, c.meaning))
		if missing != c.missing || redundant != c.redundant || slots != c.slots {
			t.Errorf("%s: %q: %d missing, %d too much, of %d", c.meaning, c.words, missing, redundant, slots)
		}
	}
}

// With Pool, sentences of other values are references too, with the values put right.
func TestReferences(t *testing.T) {
	m := &Model{wording: &wording{Tokens: "space"}}
	m.Tokens = "space"
	examples := []Example{
		{Meaning: meaning(t, "inform(name=a;area=b)"), Texts: []string{"a is in b"}},
		{Meaning: meaning(t, "inform(area=d;name=c)"), Texts: []string{"in d is c"}},
		{Meaning: meaning(t, "inform(name=a;area=b)"), Texts: []string{"b has a"}},
	}
	if got := m.references(examples); len(got) != 2 || !slices.Equal(got[0].references, []string{"a is in b", "b has a"}) {
		t.Errorf("%v", got)
	}
	m.PoolReferences = true
	if got := m.references(examples); len(got) != 3 || !slices.Equal(got[1].references, []string{"c is in d", "in d is c", "d has c"}) {
		t.Errorf("%v", got)
	}
}

func TestPresetFor(t *testing.T) {
	for text, want := range map[string]string{
		"{\"mr\": \"f(a=b)\", \"text\": \"x\"}\n":             "sclstm",
		"{\"features\": [1, 2], \"text\": \"x\"}\n":           "vector",
		"{\"features\": [[1, 2], [1, 3]], \"text\": \"x\"}\n": "attention",
	} {
		if got, err := PresetFor(ColumnNames{}, write(t, "a.jsonl", []byte(text))); got != want || err != nil {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	if got, err := PresetFor(ColumnNames{}, blocks(t, 10)...); got != "strips" || err != nil {
		t.Errorf("digits: %s, %v", got, err)
	}
}

// Examples in memory give the bits of a file of them.
func TestTrain(t *testing.T) {
	c := small(t, "sclstm")
	c.Epochs = 1
	path := restaurants(t)
	all, err := ReadFiles([]string{path}, ColumnNames{})
	if err != nil {
		t.Fatal(err)
	}
	a := fit(t, c, path)
	b, err := Train(context.Background(), c, all, nil, task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, a.net, b.net)
	vector, err := Preset("vector")
	if err != nil {
		t.Fatal(err)
	}
	for name, e := range map[string]Example{
		"nothing": {}, "no width": {Features: []tensor.Float{1}}, "half a region": {Features: []tensor.Float{1, 2, 3}, Width: 2},
		"NaN": {Features: []tensor.Float{1, tensor.Float(math.NaN())}, Width: 2},
	} {
		e.Texts = []string{"it is so"}
		if _, err := Train(context.Background(), *vector, slices.Repeat([]Example{e}, 40), nil, task.Options{}); fault.Of(err) != fault.Data || !strings.Contains(err.Error(), "row 1") {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := Example{Features: []tensor.Float{1}, Width: 1, Texts: []string{"it is so"}}
	held := []Example{good, good}
	vector.Epochs, vector.Hidden, vector.Embed = 1, 4, 4
	m, err := Train(context.Background(), *vector, slices.Repeat([]Example{good}, 9), held, task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := []string{given(&m.valid[0]), given(&m.valid[1])}; !slices.Equal(got, []string{"example 1", "example 2"}) || held[1].Row != 0 {
		t.Errorf("examples in memory are called %q", got)
	}
	if _, err := Train(context.Background(), c, nil, nil, task.Options{}); err == nil {
		t.Error("nothing was trained on")
	}
}

// A rate at which the loss blows up is an error that names the setting; one that is only bad
// is none.
func TestDiverges(t *testing.T) {
	for rate, want := range map[float64]fault.Class{1: 0, 1e3: fault.Numeric, 1e4: fault.Numeric, 1e30: fault.Numeric} {
		c := small(t, "sclstm")
		c.Rate, c.Epochs = rate, 5
		_, err := Fit(context.Background(), c, task.Data{Train: []string{restaurants(t)}}, task.Options{})
		if fault.Of(err) != want || want == 0 && err != nil {
			t.Errorf("rate %g: %v", rate, err)
		}
		if err != nil && (!strings.Contains(err.Error(), "training diverged: the ") || !strings.Contains(err.Error(), "--set rate=0.001")) {
			t.Errorf("rate %g: %v", rate, err)
		}
	}
}
