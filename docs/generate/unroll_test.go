package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The pictures of the unrolls show bench/results, as charts are drawn now.
func TestUnrollPictures(t *testing.T) {
	root := filepath.Join("..", "..")
	var all unrolls
	if err := readJSON(filepath.Join(root, results), unrollFile, &all); err != nil {
		t.Fatal(err)
	}
	for name, c := range all.pictures() {
		have, err := os.ReadFile(filepath.Join(root, "docs", "img", name))
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		if err := c.Write(&want, "svg"); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, want.Bytes()) {
			t.Errorf("docs/img/%s is of other results, or drawn otherwise: run go run ./docs/generate unroll", name)
		}
	}
}
