package labelled_test

import (
	"testing"

	"github.com/recur-go/recur/data/labelled"
	"github.com/recur-go/recur/internal/fixture"
)

// The public data sets are read as their authors count them. They are not part of the
// project; a clone need not have them.
func TestRealFiles(t *testing.T) {
	series := labelled.Options{Series: true}
	sst := map[string]string{"0": "bad", "1": "bad", "2": "", "3": "good", "4": "good"}
	for _, c := range []struct {
		file               string
		o                  labelled.Options
		n, labels, longest int
	}{
		{"text/nsmc/ratings_test.txt.gz", labelled.Options{}, 50000, 2, 0},
		{"text/trec/TREC.train.txt.gz", labelled.Options{LabelCut: ":"}, 5452, 6, 0},
		{"text/sst/sst2-test.tsv.gz", labelled.Options{}, 1821, 2, 0},
		{"text/sst/trees-test.txt.gz", labelled.Options{Map: sst}, 1821, 2, 0},
		{"text/sst/trees-train.txt.gz", labelled.Options{Map: sst, Phrases: true}, 98794, 2, 0},
		{"text/imdb/imdb-test.tsv.gz", labelled.Options{}, 25000, 2, 0},
		{"seq/japanesevowels/JapaneseVowels_TEST.ts.gz", series, 370, 9, 29},
		{"seq/ucr/BasicMotions_TRAIN.ts.gz", series, 40, 4, 100},
		{"seq/ucr/CBF_TEST.txt.gz", series, 900, 3, 128},
		{"seq/ucr/ECG200_TRAIN.txt.gz", series, 100, 2, 96},
		{"images/mnist/t10k-images-idx3-ubyte.gz", series, 10000, 10, 28},
	} {
		path := fixture.Path(t, "data/"+c.file)
		n, longest := 0, 0
		labels := map[string]bool{}
		for e, err := range labelled.Read([]string{path}, c.o) {
			if err != nil {
				t.Errorf("%s: %v", c.file, err)
				break
			}
			n++
			longest = max(longest, e.Steps())
			for _, l := range e.Labels {
				labels[l] = true
			}
		}
		if n != c.n || len(labels) != c.labels || longest != c.longest {
			t.Errorf("%s: %d examples of %d labels, at most %d steps; want %d, %d, %d", c.file, n, len(labels), longest, c.n, c.labels, c.longest)
		}
	}
}
