package lm_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/lm"
)

// A model learns a line by heart, and goes on from its beginning.
func ExampleFit() {
	dir, err := os.MkdirTemp("", "lm")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "text.txt")
	if err := os.WriteFile(path, []byte(strings.Repeat("to be, or not to be\n", 100)), 0o666); err != nil {
		log.Fatal(err)
	}
	cfg, err := lm.Preset("char-small")
	if err != nil {
		log.Fatal(err)
	}
	cfg.Hidden, cfg.Layers, cfg.Batch, cfg.Window, cfg.Rate = 32, 1, 8, 20, 1e-2
	m, err := lm.Fit(context.Background(), *cfg, task.Data{Train: []string{path}}, task.Options{})
	if err != nil {
		log.Fatal(err)
	}
	greedy := lm.Sampling{Sampling: seq2seq.Sampling{Temperature: -1}, Stop: []string{"\n"}}
	if err := m.Generate(context.Background(), "to be, or", greedy, func(piece string) bool {
		fmt.Print(piece)
		return true
	}); err != nil {
		log.Fatal(err)
	}
	// Output: not to be
}

// A model learns a text in memory.
func ExampleTrain() {
	cfg, err := lm.Preset("char-small")
	if err != nil {
		log.Fatal(err)
	}
	cfg.Hidden, cfg.Layers, cfg.Batch, cfg.Window, cfg.Rate = 32, 1, 8, 20, 1e-2
	m, err := lm.Train(context.Background(), *cfg, strings.Repeat("to be, or not to be\n", 100), "", task.Options{})
	if err != nil {
		log.Fatal(err)
	}
	greedy := lm.Sampling{Sampling: seq2seq.Sampling{Temperature: -1}, Stop: []string{"\n"}}
	if err := m.Generate(context.Background(), "to be, or", greedy, func(piece string) bool {
		fmt.Print(piece)
		return true
	}); err != nil {
		log.Fatal(err)
	}
	// Output: not to be
}

// A model is read from a file system, such as an embed.FS.
func ExampleRead() {
	cfg, err := lm.Preset("char-small")
	if err != nil {
		log.Fatal(err)
	}
	cfg.Hidden, cfg.Layers, cfg.Batch, cfg.Epochs = 8, 1, 4, 1
	m, err := lm.Train(context.Background(), *cfg, strings.Repeat("to be, or not to be\n", 20), "", task.Options{})
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "lm")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := m.Save(filepath.Join(dir, "m.safetensors"), model.Training{}); err != nil {
		log.Fatal(err)
	}
	m, err = model.LoadFS(os.DirFS(dir), "m.safetensors", lm.Read)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Codec.Decode(m.Codec.Encode("not to be")), m.Hidden)
	// Output: not to be 8
}
