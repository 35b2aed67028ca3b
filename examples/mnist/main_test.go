package main

import (
	"os"
	"path/filepath"
	"testing"
)

// One epoch on a fifth of the images learns most digits. The account's figure,
// 0.973 after five epochs on all of them, is measured by the command.
func TestLearnsDigits(t *testing.T) {
	root := os.Getenv("RECUR_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	all, err := load(filepath.Join(root, "data", "images", "mnist"), "train")
	if err != nil {
		t.Skipf("MNIST is not here: %v", err)
	}
	_, accuracy, err := learn(all.slice(held, held+12000), all.slice(0, held), 1, 1, 0.99, nil)
	if err != nil {
		t.Fatal(err)
	}
	if accuracy[0] < 0.80 {
		t.Errorf("validation accuracy %.4f after 12,000 images, want 0.80", accuracy[0])
	}
}
