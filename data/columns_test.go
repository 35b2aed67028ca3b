package data_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
)

// A table with a column for each series is read so, if its other columns hold numbers only.
func TestSeriesColumns(t *testing.T) {
	for _, c := range []struct {
		name, file string
		o          data.Options
		want       map[string][]float64
		horizon    int
	}{
		{"pivot", "date,north,south\n2024-01,1,2\n2024-02,3,4\n", data.Options{}, map[string][]float64{"north": {1, 3}, "south": {2, 4}}, 0},
		{"with blanks", "date,north,south\n2024-01,,2\n2024-02,3,\n2024-03,5,6\n", data.Options{}, map[string][]float64{"north": {3, 5}, "south": {2, nan, 6}}, 0},
		{"rows ahead", "ds,a,b\n2024-01-01,1,2\n2024-01-02,3,4\n2024-01-03,,\n2024-01-04,,\n", data.Options{}, map[string][]float64{"a": {1, 3}, "b": {2, 4}}, 2},
		{"ds is not the first", "a,b,ds\n1,2,1\n3,4,2\n", data.Options{Layout: data.Columns}, map[string][]float64{"a": {1, 3}, "b": {2, 4}}, 0},
		{"named time", "a,when,b\n1,2024-01,2\n3,2024-02,4\n", data.Options{Time: "when"}, map[string][]float64{"a": {1, 3}, "b": {2, 4}}, 0},
		{"index of pandas", ",date,a,b\n0,2024-01,1,2\n1,2024-02,3,4\n", data.Options{}, map[string][]float64{"a": {1, 3}, "b": {2, 4}}, 0},
		{"dates as the index", ",a,b\n2024-01,1,2\n2024-02,3,4\n", data.Options{}, map[string][]float64{"a": {1, 3}, "b": {2, 4}}, 0},
		{"decimal commas", "date;a;b\n2024-01;1,5;2\n2024-02;3;4,25\n", data.Options{}, map[string][]float64{"a": {1.5, 3}, "b": {2, 4.25}}, 0},
		{"Unix times", "time,a,b\n1704067200,1,2\n1704070800,3,4\n", data.Options{}, map[string][]float64{"a": {1, 3}, "b": {2, 4}}, 0},
		{"asked for", "step,a\n1,5\n2,6\n", data.Options{Layout: data.Columns}, map[string][]float64{"a": {5, 6}}, 0},
		{"a column y", "ds,y,z\n1,5,6\n2,6,7\n", data.Options{Layout: data.Columns}, map[string][]float64{"y": {5, 6}, "z": {6, 7}}, 0},
		{"of a model of several", "date,a,b\n2024-01,1,2\n2024-02,3,4\n", data.Options{ID: "shop", Single: true}, map[string][]float64{"a": {1, 3}, "b": {2, 4}}, 0},
		{"layout of times", "date,a,b\n13.02.2024,1,2\n14.02.2024,3,4\n", data.Options{TimeLayout: "02.01.2006"}, map[string][]float64{"a": {1, 3}, "b": {2, 4}}, 0},
	} {
		tab, err := data.ReadCSV(strings.NewReader(c.file), "f.csv", c.o)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if len(tab.Series) != len(c.want) || tab.Horizon != c.horizon || !strings.Contains(tab.Notes[0], "a column for each of") || !strings.Contains(tab.Notes[0], "one of them alone, or with covariates, name it: --value") {
			t.Errorf("%s: %d series, horizon %d: %q", c.name, len(tab.Series), tab.Horizon, tab.Notes)
		}
		for _, s := range tab.Series {
			if !same(s.Y, c.want[s.ID]) {
				t.Errorf("%s: %s is %v, want %v", c.name, s.ID, s.Y, c.want[s.ID])
			}
		}
	}
	for name, c := range map[string]struct {
		file string
		o    data.Options
		says string
	}{
		"numbers alone":  {"store,item,sales\n1,1,5\n1,2,6\n", data.Options{}, "(--time, --value, --id)"},
		"words":          {"date,shop,sales\n2024-01,north,5\n2024-02,north,6\n", data.Options{}, "(--time, --value, --id)"},
		"no series":      {"date,store,item,sales\n2024-01-01,1,1,13\n2024-01-01,1,2,14\n", data.Options{}, "name the columns (--time, --value, --id) if these are no series"},
		"a value":        {"date,a,b\n2024-01,1,2\n", data.Options{Y: "a"}, "(--time, --value, --id)"},
		"twice":          {"date,a,a\n2024-01,1,2\n", data.Options{}, "column a: appears twice"},
		"word later":     {"date,a,b\n2024-01,1,2\n2024-02,1,x\n", data.Options{}, `row 3: column b: "x" is not a number`},
		"narrow":         {"date,a,b\n2024-01,1,2\n2024-02,1\n", data.Options{}, "row 3: has 2 fields, but the header has 3"},
		"no time":        {"date,a,b\n2024-01,1,2\nsoon,1,3\n", data.Options{}, `row 3: column date: "soon"`},
		"asked, no time": {"a,b,c\nx,1,2\n", data.Options{Layout: data.Columns}, "are needed"},
	} {
		if _, err := data.ReadCSV(strings.NewReader(c.file), "f.csv", c.o); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

// A column for each series, by local midnights over a change of clocks, with a row to forecast.
func ExampleReadCSV_columns() {
	t, err := data.ReadCSV(strings.NewReader(`day,north,south
2024-03-30T00:00+01:00,5,7
2024-03-31T00:00+01:00,6,9
2024-04-01T00:00+02:00,8,8
2024-04-02T00:00+02:00,,
`), "shops.csv", data.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range t.Series {
		fmt.Println(s.ID, s.Freq.Name(), "from", s.Start, s.Y)
	}
	fmt.Println("steps to forecast:", t.Horizon)
	// Output:
	// north daily from 2024-03-30 [5 6 8]
	// south daily from 2024-03-30 [7 9 8]
	// steps to forecast: 1
}
