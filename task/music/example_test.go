package music_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/music"
)

// ostinato is a piece that repeats three chords.
func ostinato() (p music.Piece) {
	for range 12 {
		p = append(p, []int{27, 39}, []int{27, 43}, []int{24, 46})
	}
	return p
}

// small is a config for a few pieces.
func small() music.Config {
	cfg, err := music.Preset("chorales")
	if err != nil {
		log.Fatal(err)
	}
	cfg.Hidden, cfg.Layers, cfg.Batch, cfg.Epochs, cfg.HeldOut, cfg.Rate, cfg.WeightAverage = 32, 1, 1, 60, 0.25, 2e-2, 0
	cfg.Dropout, cfg.DropoutInput = 0, 0
	return *cfg
}

// A net learns an ostinato from pieces in memory, and predicts the next chord.
func ExampleTrain() {
	piece := ostinato()
	m, err := music.Train(context.Background(), small(), []music.Piece{piece, piece, piece}, []music.Piece{piece}, task.Options{})
	if err != nil {
		log.Fatal(err)
	}
	err = m.Play(context.Background(), piece[:4], seq2seq.Sampling{Temperature: -1, Limit: 1}, func(keys []int) bool {
		fmt.Println(keys)
		return true
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: [27 43]
}

// A net learns an ostinato from a file, and continues it.
func ExampleFit() {
	dir, err := os.MkdirTemp("", "music")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	piece := ostinato()
	b, err := json.Marshal([]music.Piece{piece, piece, piece, piece})
	if err != nil {
		log.Fatal(err)
	}
	path := filepath.Join(dir, "pieces.json")
	if err := os.WriteFile(path, b, 0o666); err != nil {
		log.Fatal(err)
	}
	m, err := music.Fit(context.Background(), small(), task.Data{Train: []string{path}}, task.Options{})
	if err != nil {
		log.Fatal(err)
	}
	err = m.Play(context.Background(), piece[:2], seq2seq.Sampling{Temperature: -1, Limit: 3}, func(keys []int) bool {
		fmt.Println(keys)
		return true
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// [24 46]
	// [27 39]
	// [27 43]
}
