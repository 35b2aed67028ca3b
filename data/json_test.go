package data_test

import (
	"math"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
)

func TestReadJSON(t *testing.T) {
	tab, err := data.ReadJSON(strings.NewReader(`{"ds": "2024-01", "y": 1.5, "unique_id": "a"}
{"ds": "2024-02", "y": null, "unique_id": "a"}

{"ds": "2024-03", "unique_id": "a", "y": "2"}
`), "f.jsonl", data.Options{})
	if err != nil || tab.Series[0].ID != "a" || len(tab.Series[0].Y) != 3 || !math.IsNaN(tab.Series[0].Y[1]) || tab.Series[0].Y[2] != 2 {
		t.Errorf("%+v, %v", tab, err)
	}
	for text, says := range map[string]string{
		"":                                   "is empty",
		"\xff\xfe{\x00":                      "is UTF-16",
		`{"ds": 1, "v": 2}`:                  "column y: is missing from every row",
		`{"ds": 1, "y": 1e99}`:               "larger than 1e30",
		`[{"ds": 1, "y": 1}, 5]`:             "row 2: is not a JSON object: it is of the type number; write an array",
		`[{"ds": 1, "y": 1}, {"ds": 2}`:      "is not JSON, or is cut short",
		`[{"ds": 1, "y": 1} {"ds": 2}]`:      "row 2: is not JSON",
		`[{"ds": 1, "y": 1}] 7`:              "has more after its array",
		`{"ds":{"0":"2024-01"},"y":{"0":1}}`: "column ds: holds many times; write an object for each row",
		`[]`:                                 "is empty",
		`[{"ds": 1, "y": "x"}]`:              `row 1: column y: "x" is not a number`,
		`[{"ds": 1, "y": 1, "t": "` + strings.Repeat("x", 3<<20) + `"}]`: "row 1: is longer than",
		`{"ds": 1, "y": NaN}`:                                          "with null for unknown values",
		`{"ds": 1, "y": 1, "unique_id": ""}`:                           "unique_id: is empty",
		`{"ds": 1, "y": 1, "t": "` + strings.Repeat("x", 2<<20) + `"}`: "row 1: is longer than",
		"{\n":                    "row 1: is not a JSON object",
		`{"y": 1}`:               "column ds: is missing",
		`{"ds": 1, "y": "x"}`:    `column y: "x" is not a number`,
		`{"ds": "noon", "y": 1}`: "is not a date or time",
		`{"ds": 1, "y": [1]}`:    "is not a number",
	} {
		if _, err := data.ReadJSON(strings.NewReader(text), "f", data.Options{}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// A file may be one array of objects, long or with a value of each series.
func TestReadJSONArray(t *testing.T) {
	rows := []string{`{"ds": "2024-01", "y": 1, "unique_id": "a"}`, `{"ds": "2024-02", "y": 2, "unique_id": "a"}`, `{"ds": "2024-03", "y": null, "unique_id": "a"}`}
	wide := []string{`{"when": "2024-01-01", "b": 1, "a": null}`, `{"when": "2024-01-02", "b": 2.5, "a": 7}`, `{"when": "2024-01-03", "a": 8}`}
	for name, text := range map[string]string{
		"f.json": "[" + strings.Join(rows, ",\n") + "]\n", "f": " \n[" + strings.Join(rows, ",") + "]", "f.jsonl": "[" + strings.Join(rows, ",") + "]", "lines.json": strings.Join(rows, "\n"),
		"wide.json": "[" + strings.Join(wide, ",") + "]", "wide.jsonl": strings.Join(wide, "\n"),
	} {
		tab, err := data.Read(strings.NewReader(text), name, data.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if s := tab.Series[0]; strings.HasPrefix(name, "wide") {
			if a := tab.Series[1]; s.ID != "b" || !same(s.Y, []float64{1, 2.5}) || a.ID != "a" || !same(a.Y, []float64{7, 8}) || a.Start.String() != "2024-01-02" {
				t.Errorf("%s: %+v", name, tab.Series)
			}
		} else if s.ID != "a" || !same(s.Y, []float64{1, 2}) || tab.Horizon != 1 {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func FuzzReadJSON(f *testing.F) {
	for _, s := range []string{`[{"ds": 1, "y": 2}, {"ds": 2, "y": null}]`, `{"ds": "2024-01", "y": "1", "unique_id": "a"}`, `[{"t": "2024-01-01", "a": 1, "b": null}]`, "[", "[{}]", "[[[[", `[{"ds": 1, "y": 1}]]`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if tab, err := data.ReadJSON(strings.NewReader(s), "f", data.Options{}); err == nil {
			checkTable(t, tab, len(s))
		}
	})
}
