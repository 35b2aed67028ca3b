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

// A net learns an ostinato, and plays it on.
func ExampleFit() {
	dir, err := os.MkdirTemp("", "music")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	var piece music.Piece
	for range 12 {
		piece = append(piece, []int{27, 39}, []int{27, 43}, []int{24, 46})
	}
	b, err := json.Marshal([]music.Piece{piece, piece, piece, piece})
	if err != nil {
		log.Fatal(err)
	}
	path := filepath.Join(dir, "pieces.json")
	if err := os.WriteFile(path, b, 0o666); err != nil {
		log.Fatal(err)
	}
	cfg, err := music.Preset("chorales")
	if err != nil {
		log.Fatal(err)
	}
	cfg.Hidden, cfg.Layers, cfg.Batch, cfg.Epochs, cfg.HeldOut, cfg.Rate, cfg.WeightAverage = 32, 1, 1, 60, 0.25, 2e-2, 0
	cfg.Dropout, cfg.DropoutInput = 0, 0
	m, err := music.Fit(context.Background(), *cfg, task.Data{Train: []string{path}}, task.Options{})
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
