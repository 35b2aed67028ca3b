package search_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/lm"
	"github.com/recur-go/recur/task/search"
)

// The learning rate and the width of a language model are searched.
func ExampleSearch() {
	dir, err := os.MkdirTemp("", "search")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	text := filepath.Join(dir, "text.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("to be, or not to be\n", 60)), 0o666); err != nil {
		log.Fatal(err)
	}
	generate, err := task.Find(lm.Name)
	if err != nil {
		log.Fatal(err)
	}
	base, err := lm.Preset("char-small")
	if err != nil {
		log.Fatal(err)
	}
	base.Batch, base.Window, base.Hidden = 4, 20, 8
	rate, err := search.ParseRange("1e-4..1e-1:log")
	if err != nil {
		log.Fatal(err)
	}
	out, err := search.Search(context.Background(), search.Options{
		Task: generate, Base: base, Data: task.Data{Train: []string{text}}, Dir: dir,
		Space:  map[string]task.Range{"rate": rate, "hidden": {Values: []any{8, 16}}},
		Trials: 9, Epochs: 3, Seed: 1,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(out.Board), "trials,", out.Epochs, "epochs")
	fmt.Println(out.Best.Epochs, out.Best.Score < out.Board[8].Score)
	// Output:
	// 9 trials, 18 epochs
	// 3 true
}
