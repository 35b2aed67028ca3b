package tasks_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/labelled"
	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/tasks"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/caption"
	"github.com/recur-go/recur/task/classify"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/lm"
	"github.com/recur-go/recur/task/music"
	"github.com/recur-go/recur/task/translate"
)

// folder is where the models of the tests lie.
var folder string

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "tasks"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(folder)
	os.Exit(code)
}

// saver is a trained model.
type saver interface {
	Save(path string, about model.Training) error
}

func save(name string, m saver, err error) string {
	path := filepath.Join(folder, name+".safetensors")
	if err == nil {
		err = m.Save(path, model.Training{})
	}
	if err != nil {
		panic(fmt.Sprintf("%s: %v", name, err))
	}
	return path
}

// preset is a config of a task, set by f.
func preset[C any](c *C, err error, f func(c *C)) C {
	if err != nil {
		panic(err)
	}
	f(c)
	return *c
}

// The files of small models, made when a test needs them.
var (
	writerFile = sync.OnceValue(func() string {
		c, err := lm.Preset("char-small")
		m, err := lm.Train(context.Background(), preset(c, err, func(c *lm.Config) {
			c.Hidden, c.Embed, c.Layers, c.Batch, c.Window, c.Rate, c.Epochs = 24, 12, 1, 8, 20, 1e-2, 6
		}), strings.Repeat("to be, or not to be\n", 60), "", task.Options{})
		return save("writer", m, err)
	})
	readerFile = sync.OnceValue(func() string { return save("reader", labels("text", false), nil) })
	bothFile   = sync.OnceValue(func() string { return save("both", labels("text", true), nil) })
	tagsFile   = sync.OnceValue(func() string {
		c, err := classify.Preset("tags")
		cfg := preset(c, err, func(c *classify.Config) {
			c.Hidden, c.Embed, c.Batch, c.Epochs, c.HeldOut, c.Bidirectional = 8, 8, 4, 2, 0, false
		})
		var all []labelled.Example
		for i := range 8 {
			all = append(all, labelled.Example{Row: i + 1, Text: "Anna sees Paris", Tokens: []string{"Anna", "sees", "Paris"}, Labels: []string{"who", "-", "where"}})
		}
		m, err := classify.Train(context.Background(), cfg, all, nil, task.Options{})
		return save("tags", m, err)
	})
	seriesFile = sync.OnceValue(func() string {
		c, err := classify.Preset("series")
		cfg := preset(c, err, func(c *classify.Config) {
			c.Hidden, c.Batch, c.Epochs, c.HeldOut, c.Bidirectional, c.Pool = 8, 4, 2, 0, false, "mean"
		})
		r := rand.New(rand.NewPCG(1, 1))
		var all []labelled.Example
		for i := range 16 {
			e := labelled.Example{Row: i + 1, Width: 2, Labels: []string{[]string{"up", "down"}[i%2]}}
			for t := range 6 {
				v := float64(t) * float64(1-2*(i%2))
				e.X = append(e.X, serve.Float(v+r.NormFloat64()/4), serve.Float(r.NormFloat64()))
			}
			all = append(all, e)
		}
		m, err := classify.Train(context.Background(), cfg, all, nil, task.Options{})
		return save("motion", m, err)
	})
	salesFile = sync.OnceValue(func() string {
		start, _ := data.ParseTime("2018-01")
		month, _ := data.ParseFreq("M")
		y := make([]float64, 60)
		for i := range y {
			y[i] = 100 + float64(i) + 20*math.Sin(2*math.Pi*float64(i)/12)
		}
		s, err := forecast.Preset(forecast.Small)
		if err != nil {
			panic(err)
		}
		c := s.(*forecast.Config)
		c.Nets, c.Steps, c.Hidden, c.NoBacktest, c.Horizon = 1, 20, 8, true, 6
		m, err := forecast.FitTable(context.Background(), c, &data.Table{Series: []data.Series{{Start: start, Freq: month, Y: y}}}, task.Options{})
		return save("sales", m, err)
	})
	spellerFile = sync.OnceValue(func() string {
		c, err := translate.Preset("small")
		cfg := preset(c, err, func(c *translate.Config) {
			c.Tokens, c.TargetTokens, c.Shared = text.Chars, text.Words, false
			c.Cell, c.Embed, c.Encoder, c.Hidden, c.Dropout = rnn.KindGRU, 16, 12, 16, 0
			c.Batch, c.Epochs, c.Rate, c.Warmup = 16, 3, 1e-2, 5
		})
		var pairs []translate.Pair
		names := strings.Fields("zero one two three four five six seven eight nine")
		for i := range 30 {
			var words []string
			for _, digit := range fmt.Sprint(i) {
				words = append(words, names[digit-'0'])
			}
			pairs = append(pairs, translate.Pair{Source: fmt.Sprint(i), Target: strings.Join(words, " ")})
		}
		m, err := translate.Train(context.Background(), cfg, pairs, nil, task.Options{})
		return save("speller", m, err)
	})
	guideFile = sync.OnceValue(func() string {
		c, err := caption.Preset("sclstm")
		cfg := preset(c, err, func(c *caption.Config) { c.Hidden, c.Embed, c.Batch, c.Epochs, c.Lower = 16, 8, 4, 3, false })
		var all []caption.Example
		for i := range 12 {
			of := []string{"name[Aromi], food[Thai]", "name[The Eagle], area[riverside]"}[i%2]
			says := []string{"Aromi serves Thai food.", "The Eagle is in the riverside area."}[i%2]
			meaning, err := caption.ParseMeaning(of)
			if err != nil {
				panic(err)
			}
			all = append(all, caption.Example{Meaning: meaning, Texts: []string{says}, Row: i + 1})
		}
		m, err := caption.Train(context.Background(), cfg, all, nil, task.Options{})
		return save("guide", m, err)
	})
	playerFile = sync.OnceValue(func() string {
		c, err := music.Preset("chorales")
		cfg := preset(c, err, func(c *music.Config) { c.Hidden, c.Batch, c.Epochs, c.HeldOut = 8, 2, 2, 0.25 })
		piece := music.Piece{{39, 43}, {41}, {39, 46}, {41}, {39}, {43}}
		m, err := music.Train(context.Background(), cfg, []music.Piece{piece, piece, piece, piece}, nil, task.Options{})
		return save("player", m, err)
	})
	netFile = sync.OnceValue(func() string {
		c := &graph.Config{
			Inputs: []graph.Input{{Name: "x", Width: 3, Sequence: true}},
			Layers: []graph.Layer{
				{Name: "lstm", Op: &graph.RNN{Cells: rnn.Configs{{Hidden: 4, Options: rnn.LSTMOptions{}}}}},
				{Name: "out", Op: &graph.Dense{Units: 2}},
			},
		}
		m, err := model.New(c, rand.New(rand.NewPCG(1, 1)))
		return save("net", netSaver{m}, err)
	})
	mirrorFile = sync.OnceValue(func() string {
		one := rnn.Configs{{Hidden: 4, Options: rnn.LSTMOptions{}}}
		c := &graph.Config{
			Inputs: []graph.Input{{Name: "x", Width: 3, Sequence: true}},
			Layers: []graph.Layer{{Name: "both", Op: &graph.Bidirectional{Fwd: one, Bwd: one, Merge: rnn.Concat}}},
		}
		m, err := model.New(c, rand.New(rand.NewPCG(1, 1)))
		return save("mirror", netSaver{m}, err)
	})
)

type netSaver struct{ m *model.Model }

func (n netSaver) Save(path string, about model.Training) error { return n.m.Save(path) }

// labels is a classifier of films.
func labels(name string, both bool) *classify.Model {
	c, err := classify.Preset(name)
	cfg := preset(c, err, func(c *classify.Config) {
		c.Hidden, c.Embed, c.Batch, c.Epochs, c.Rate, c.HeldOut, c.Bidirectional, c.Pool = 8, 8, 8, 8, 2e-2, 0, both, "mean"
	})
	var all []labelled.Example
	for i := range 32 {
		word, label := "good", "good"
		if i%2 == 1 {
			word, label = "bad", "bad"
		}
		all = append(all, labelled.Example{Row: i + 1, Text: "the film is " + word, Labels: []string{label}})
	}
	m, err := classify.Train(context.Background(), cfg, all, nil, task.Options{})
	if err != nil {
		panic(err)
	}
	return m
}

// open opens a model, whose sessions end with the test.
func open(t testing.TB, path string, o tasks.Options) *serve.Model {
	t.Helper()
	m, err := tasks.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	if m.Sessions != nil {
		t.Cleanup(func() { m.Sessions.Close(context.Background()) })
	}
	return m
}
