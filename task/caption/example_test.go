package caption_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/caption"
	"github.com/recur-go/recur/tensor"
)

func ExampleParseMeaning() {
	m, err := caption.ParseMeaning("name[The Vaults], eatType[pub], near[Café Adriatic]")
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range m.Slots {
		fmt.Printf("%s: %s\n", s.Name, s.Value)
	}
	// Output:
	// name: The Vaults
	// eatType: pub
	// near: Café Adriatic
}

// table is a file of meanings with sentences.
func table() (path string, remove func()) {
	dir, err := os.MkdirTemp("", "caption")
	if err != nil {
		log.Fatal(err)
	}
	text := "mr,ref\n" + strings.Repeat(`"name[The Vaults], food[English]",The Vaults serves English food.
"name[Blue Spice], food[Thai]",Blue Spice serves Thai food.
"name[Aromi], area[riverside]",Aromi is in the riverside area.
"name[The Eagle], area[city centre]",The Eagle is in the city centre area.
`, 20)
	path = filepath.Join(dir, "table.csv")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		log.Fatal(err)
	}
	return path, func() { os.RemoveAll(dir) }
}

// A semantically conditioned LSTM learns to put meanings into words, and does so with one
// whose name it has never seen.
func ExampleFit() {
	path, remove := table()
	defer remove()
	cfg, err := caption.Preset("sclstm")
	if err != nil {
		log.Fatal(err)
	}
	cfg.Hidden, cfg.Embed, cfg.Batch, cfg.Lower = 32, 16, 8, false
	m, err := caption.Fit(context.Background(), *cfg, task.Data{Train: []string{path}}, task.Options{})
	if err != nil {
		log.Fatal(err)
	}
	meaning, err := caption.ParseMeaning("name[Zizzi], food[Korean]")
	if err != nil {
		log.Fatal(err)
	}
	found, err := m.Caption(context.Background(), []caption.Example{{Meaning: meaning}}, seq2seq.Decoding{Beam: seq2seq.Beam{N: 2}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(found[0][0].Text, found[0][0].Missing, found[0][0].Score > found[0][1].Score)
	// Output: Zizzi serves Korean food. 0 true
}

// The examples are in memory: vectors with their sentences.
func ExampleTrain() {
	colours := []string{"it is red", "it is green", "it is blue"}
	var examples []caption.Example
	for i := range 120 {
		features := make([]tensor.Float, 3)
		features[i%3] = 1 + tensor.Float(i%5)/10
		examples = append(examples, caption.Example{Features: features, Width: 3, Texts: colours[i%3 : i%3+1]})
	}
	cfg, err := caption.Preset("vector")
	if err != nil {
		log.Fatal(err)
	}
	cfg.Hidden, cfg.Embed, cfg.Batch, cfg.Rate, cfg.Dropout, cfg.Epochs = 16, 8, 8, 1e-2, 0, 10
	m, err := caption.Train(context.Background(), *cfg, examples, nil, task.Options{})
	if err != nil {
		log.Fatal(err)
	}
	found, err := m.Caption(context.Background(), []caption.Example{{Features: []tensor.Float{0, 0, 1.25}, Width: 3}}, seq2seq.Decoding{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(found[0][0].Text)
	// Output: it is blue
}

// Features and sentences may also come from arrays, such as those of a network that has
// looked at pictures.
func ExampleReadFiles() {
	path, remove := table()
	defer remove()
	examples, err := caption.ReadFiles([]string{path}, caption.ColumnNames{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(examples), examples[0].Row, examples[0].Meaning, examples[0].Texts)
	// Output: 80 2 (name='The Vaults';food='English') [The Vaults serves English food.]
}
