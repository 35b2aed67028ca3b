package data

import (
	"strings"
	"testing"
)

// Several columns name a series together, in all forms of a table.
func TestPath(t *testing.T) {
	o := Options{Path: []string{"region", "store"}}
	for name, text := range map[string]string{
		"csv":  "region,ds,y,store\nnorth,2020-01,1,7\nnorth,2020-02,2,7\nsouth,2020-01,3,7\nsouth,2020-02,4,7\n",
		"json": `[{"region":"north","store":7,"ds":"2020-01","y":1},{"region":"north","store":7,"ds":"2020-02","y":2},{"region":"south","store":7,"ds":"2020-01","y":3},{"region":"south","store":7,"ds":"2020-02","y":4}]`,
	} {
		table, err := Read(strings.NewReader(text), name, o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if s := table.Series; len(s) != 2 || s[0].ID != "north/7" || s[1].ID != "south/7" || s[1].Y[1] != 4 || len(table.Notes) != 1 {
			t.Errorf("%s: %+v, notes %q", name, s, table.Notes)
		}
	}
	for text, want := range map[string]string{
		"ds,y,store\n2020-01,1,7\n2020-02,1,7\n":                     "column region: is missing",
		"region,ds,y,store\n,2020-01,1,7\n":                          "column region: is empty",
		"region,ds,y,store\na/b,2020-01,1,7\n":                       "has a slash",
		`{"region":null,"store":7,"ds":"2020-01","y":1}`:             "column region: is empty",
		"region,ds,y,region\nnorth,2020-01,1,7\nnorth,2020-02,1,7\n": "column store: is missing",
		"region,store,y\nnorth,7,1\nnorth,7,2\n":                     "ds and y are needed",
	} {
		if _, err := Read(strings.NewReader(text), "bad", o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
