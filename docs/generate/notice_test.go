package main

import (
	"os"
	"testing"
)

// NOTICE names what the program links, in the versions that it links.
func TestNotice(t *testing.T) {
	t.Chdir("../..")
	have, err := os.ReadFile("NOTICE")
	if err != nil {
		t.Fatal(err)
	}
	want, err := notice()
	if err != nil {
		t.Skipf("needs the modules of all platforms, by go mod download: %v", err)
	}
	if string(have) != want {
		t.Error("NOTICE is not what the program links: run go run ./docs/generate notice")
	}
}
