package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Files in CP949 are noted, those in UTF-8 are not.
func TestNoteEncodings(t *testing.T) {
	dir := t.TempDir()
	korean, utf8 := filepath.Join(dir, "korean.txt"), filepath.Join(dir, "utf8.txt")
	for path, text := range map[string]string{korean: "\xc1\xc1\xbe\xc6\xbf\xe4 \xbe\xc8\xb3\xe7\xc7\xcf\xbc\xbc\xbf\xe4\n", utf8: "좋아요\n"} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var notes []string
	noteEncodings("classify", []string{utf8, korean}, func(s string) { notes = append(notes, s) })
	if want := []string{korean + " is read as CP949 (Korean)"}; !slices.Equal(notes, want) {
		t.Errorf("%q, want %q", notes, want)
	}
}
