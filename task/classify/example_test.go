package classify_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/recur-go/recur/data/labelled"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/classify"
)

// table writes a small table of texts and labels.
func table(dir string) string {
	var b strings.Builder
	b.WriteString("text,label\n")
	for _, subject := range []string{"it is", "this was", "the film is", "the cast was", "all in all it is"} {
		for _, words := range []string{"good,yes", "not good,no", "bad,no", "not bad,yes"} {
			fmt.Fprintf(&b, "%s %s\n", subject, words)
		}
	}
	path := filepath.Join(dir, "reviews.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o666); err != nil {
		log.Fatal(err)
	}
	return path
}

// A model learns from a table what people recommend.
func ExampleFit() {
	dir, err := os.MkdirTemp("", "classify")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	m := small(table(dir))
	answers, err := m.Predict(context.Background(), "the cast is not bad", "the film was bad")
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range answers {
		fmt.Println(a.Label)
	}
	// Output:
	// yes
	// no
}

// small trains the preset for texts, made smaller, on all of the examples of a file.
func small(file string) *classify.Model {
	cfg, err := classify.Preset("text")
	if err != nil {
		log.Fatal(err)
	}
	cfg.Embed, cfg.Hidden, cfg.Batch, cfg.Epochs, cfg.Rate = 16, 16, 4, 30, 1e-2
	cfg.HeldOut = 0
	m, err := classify.Fit(context.Background(), *cfg, task.Data{Train: []string{file}, Test: []string{file}}, task.Options{})
	if err != nil {
		log.Fatal(err)
	}
	return m
}

// Examples are read, and answered for, as they come.
func ExampleModel_Answers() {
	dir, err := os.MkdirTemp("", "classify")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	m := small(table(dir))
	texts := strings.NewReader("it was good\nthis is not good\n")
	o := labelled.Options{Format: labelled.Plain, Unlabelled: true}
	for a, err := range m.Answers(context.Background(), labelled.ReadFrom(texts, "texts", o), 1) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %s\n", a.Example.Text, a.Label)
	}
	// Output:
	// it was good: yes
	// this is not good: no
}

// A model learns from texts in memory.
func ExampleTrain() {
	var examples []labelled.Example
	for _, subject := range []string{"it is", "this was", "the film is", "the cast was", "all in all it is"} {
		for _, e := range [][2]string{{"good", "yes"}, {"not good", "no"}, {"bad", "no"}, {"not bad", "yes"}} {
			examples = append(examples, labelled.Example{Text: subject + " " + e[0], Labels: []string{e[1]}})
		}
	}
	cfg, err := classify.Preset("text")
	if err != nil {
		log.Fatal(err)
	}
	cfg.Embed, cfg.Hidden, cfg.Batch, cfg.Epochs, cfg.Rate = 16, 16, 4, 30, 1e-2
	m, err := classify.Train(context.Background(), *cfg, examples, examples, task.Options{})
	if err != nil {
		log.Fatal(err)
	}
	answers, err := m.Predict(context.Background(), "the cast is not bad", "the film was bad")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answers[0].Label, answers[1].Label)
	// Output: yes no
}
