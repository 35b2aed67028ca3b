package translate_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/translate"
	"github.com/recur-go/recur/tensor"
)

// spelled are the numbers below n with their spelling.
func spelled(n int) (pairs []translate.Pair) {
	names := strings.Fields("zero one two three four five six seven eight nine")
	for i := range n {
		var words []string
		for _, digit := range fmt.Sprint(i) {
			words = append(words, names[digit-'0'])
		}
		pairs = append(pairs, translate.Pair{Source: fmt.Sprint(i), Target: strings.Join(words, " ")})
	}
	return pairs
}

// small is a small config for characters to words.
func small() translate.Config {
	cfg, err := translate.Preset("small")
	if err != nil {
		log.Fatal(err)
	}
	cfg.Tokens, cfg.TargetTokens, cfg.Shared = text.Chars, text.Words, false
	cfg.Cell, cfg.Embed, cfg.Encoder, cfg.Hidden, cfg.Dropout, cfg.WeightAverage = rnn.KindGRU, 32, 24, 32, 0, 0.95
	cfg.Batch, cfg.Epochs, cfg.Rate, cfg.Warmup = 16, 20, 1e-2, 20
	return *cfg
}

// A model learns to spell numbers from pairs in memory.
func ExampleTrain() {
	m, err := translate.Train(context.Background(), small(), spelled(100), nil, task.Options{})
	if err != nil {
		log.Fatal(err)
	}
	all, err := m.Translate(context.Background(), []string{"42"}, seq2seq.Decoding{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(all[0][0].Text)
	// Output: four two
}

// A model learns to spell numbers from a file of pairs, and gives the two best spellings of
// one.
func Example() {
	var pairs strings.Builder
	for _, p := range spelled(500) {
		fmt.Fprintf(&pairs, "%s\t%s\n", p.Source, p.Target)
	}
	dir, err := os.MkdirTemp("", "translate")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "numbers.tsv")
	if err := os.WriteFile(path, []byte(pairs.String()), 0o666); err != nil {
		log.Fatal(err)
	}
	m, err := translate.Fit(context.Background(), small(), task.Data{Train: []string{path}}, task.Options{})
	if err != nil {
		log.Fatal(err)
	}
	all, err := m.Translate(context.Background(), []string{"305"}, seq2seq.Decoding{Beam: seq2seq.Beam{Width: 4, N: 2, LengthPenalty: 1}})
	if err != nil {
		log.Fatal(err)
	}
	best := all[0]
	fmt.Println(best[0].Text, best[0].Score > best[1].Score)
	// Output: three zero five true
}

// The attention of a model at each token that it wrote.
func ExampleTranslation_Heat() {
	t := translate.Translation{
		Text: "two dogs", Source: []string{"zwei", "Hunde"}, Tokens: []string{"two", "dogs"},
		Weights: [][]tensor.Float{{0.9, 0.1}, {0.2, 0.8}},
	}
	for i, row := range t.Heat().Values {
		fmt.Println(t.Tokens[i], row)
	}
	// Output:
	// two [0.9 0.1]
	// dogs [0.2 0.8]
}
