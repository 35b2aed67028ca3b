package labelled_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/recur-go/recur/data/labelled"
)

// Names of columns that are not the usual ones make a header if a flag names one of them, or
// if one of two columns has a number in every row but the first.
func TestHeaderOfTwoWords(t *testing.T) {
	for _, c := range []struct {
		file string
		o    labelled.Options
		want []string
	}{
		{"내용,평점\n아주 좋다,5\n별로다,1\n", labelled.Options{}, []string{`2 아주 좋다 ["5"]`, `3 별로다 ["1"]`}},
		{"평점,내용\n5,아주 좋다\n1,별로다\n", labelled.Options{}, []string{`2 아주 좋다 ["5"]`, `3 별로다 ["1"]`}},
		{"내용,감정\n아주 좋다,긍정\n별로다,부정\n", labelled.Options{Text: "내용"}, []string{`2 아주 좋다 ["긍정"]`, `3 별로다 ["부정"]`}},
		{"내용,감정\n아주 좋다,긍정\n별로다,부정\n", labelled.Options{Label: "감정"}, []string{`2 아주 좋다 ["긍정"]`, `3 별로다 ["부정"]`}},
		{"so good,5\nso bad,1\n", labelled.Options{}, []string{`1 so good ["5"]`, `2 so bad ["1"]`}},
		{"so good,pos\nso bad,neg\n", labelled.Options{}, []string{`1 so good ["pos"]`, `2 so bad ["neg"]`}},
	} {
		path := filepath.Join(t.TempDir(), "a.csv")
		if err := os.WriteFile(path, []byte(c.file), 0o666); err != nil {
			t.Fatal(err)
		}
		var got []string
		for e, err := range labelled.Read([]string{path}, c.o) {
			if err != nil {
				t.Fatalf("%q: %v", c.file, err)
			}
			got = append(got, show(e))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.file, got, c.want)
		}
	}
}
