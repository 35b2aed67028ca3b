package data_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
)

// same compares values, NaN being equal to NaN.
func same(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) })
}

var nan = math.NaN()

func TestReadWide(t *testing.T) {
	for _, c := range []struct {
		name, file string
		o          data.Options
		want       map[string][]float64
		start      string // of the first series
	}{
		{"numbered", "\"V1\",\"V2\",\"V3\",\"V4\"\n\"H1\",\"605\",\"586\",\"\"\n\"H2\",1,,3\n", data.Options{},
			map[string][]float64{"H1": {605, 586}, "H2": {1, nan, 3}}, "1"},
		{"ragged", "id,F1,F2,F3\na,1\nb,1,2,3\n", data.Options{}, map[string][]float64{"a": {1}, "b": {1, 2, 3}}, "1"},
		{"dates", "shop,2024-01,2024-02,2024-03\nnorth,,5,NA\nsouth,1,2,3\n", data.Options{},
			map[string][]float64{"north": {5}, "south": {1, 2, 3}}, "2024-02-01"},
		{"asked for", "shop;jan;feb\nnorth;1,5;2,5\n", data.Options{Layout: data.Wide}, map[string][]float64{"north": {1.5, 2.5}}, "1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tab, err := data.ReadCSV(strings.NewReader(c.file), "f.csv", c.o)
			if err != nil {
				t.Fatal(err)
			}
			if len(tab.Series) != len(c.want) {
				t.Errorf("%d series, want %d", len(tab.Series), len(c.want))
			}
			for _, s := range tab.Series {
				if !same(s.Y, c.want[s.ID]) {
					t.Errorf("%s is %v, want %v", s.ID, s.Y, c.want[s.ID])
				}
			}
			if got := tab.Series[0].Start.String(); got != c.start {
				t.Errorf("the first series starts at %s, want %s", got, c.start)
			}
		})
	}
}

func TestReadWideBad(t *testing.T) {
	for file, want := range map[string]string{
		"id,F1,F2,F3\na,1,x,3\n":                 `f.csv: row 2: column F2: "x" is not a number`,
		"id,F1,F2,F3\na,1,2,3\na,4,5,6\n":        `f.csv: row 3: "a" is also the name in row 2`,
		"id,F1,F2,F3\na,1,2,3,4\n":               "f.csv: row 2: has 5 fields, but the header has 4",
		"id,F1,F2,F3\na,,,\n":                    `f.csv: row 2: series "a" has no values`,
		"id,F1,F2,F3\n,1,2,3\n":                  "f.csv: row 2: column id: is empty",
		"id,F1,F2,F3\n":                          "f.csv: has a header but no rows",
		"id,2024-02,2024-01,2024-03\na,1,2,3\n":  "f.csv: row 1: column 2024-01: does not come after the column before",
		"id,2024-01,2024-01,2024-03\na,1,2,3\n":  "f.csv: row 1: column 2024-01: does not come after",
		"id,F1,F2,F3\na,1,2,1e999\n":             `f.csv: row 2: column F3: "1e999"`,
		"\"id\",\"F1\",\"F2\",\"F3\"\n\"a,1,2\n": "f.csv: row 2: a quotation mark is not closed",
	} {
		_, err := data.ReadCSV(strings.NewReader(file), "f.csv", data.Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v, want %q", file, err, want)
		}
	}
}

const tsfFile = `# a comment
@relation shops
@attribute series_name string
@attribute start_timestamp date
@frequency monthly
@horizon 2
@missing true
@equallength false
@data
T1:1979-01-01 00-00-00:1,2.5,?,4
T2:1980-03-01 00-00-00:7
`

func TestReadTSF(t *testing.T) {
	tab, err := data.Read(strings.NewReader(tsfFile), "f.tsf", data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if tab.Horizon != 2 || tab.Season != 0 || len(tab.Series) != 2 {
		t.Errorf("horizon %d, season %d, %d series", tab.Horizon, tab.Season, len(tab.Series))
	}
	s := tab.Series[0]
	if s.ID != "T1" || !same(s.Y, []float64{1, 2.5, nan, 4}) || s.Freq.Name() != "monthly" || s.Time(2).String() != "1979-03-01" {
		t.Errorf("%s from %v, %s: %v", s.ID, s.Start, s.Freq.Name(), s.Y)
	}
	// without dates the season still follows from the frequency
	tab, err = data.ReadTSF(strings.NewReader("@attribute horizon numeric\n@frequency half_hourly\n@data\n12:1,2\n12:3,?\n"), "f.tsf", data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if tab.Season != 48 || tab.Series[1].ID != "T2" || !same(tab.Series[1].Y, []float64{3}) || tab.Horizon != 0 {
		t.Errorf("season %d, %s %v", tab.Season, tab.Series[1].ID, tab.Series[1].Y)
	}
}

func TestReadTSFBad(t *testing.T) {
	edit := func(old, new string) string { return strings.Replace(tsfFile, old, new, 1) }
	for file, want := range map[string]string{
		edit("2.5", "x"):                     `f.tsf: row 10: column 2: "x" is not a number`,
		edit("2.5,?", "2.5,"):                "f.tsf: row 10: column 3: is empty",
		edit("1,2.5,?,4", "?,?"):             `f.tsf: row 10: series "T1": has no values`,
		edit("T2", "T1"):                     `f.tsf: row 11: "T1" is also the name of the series in row 10`,
		edit("T2:1980", "T2:x:1980"):         "f.tsf: row 11: has 4 parts separated by colons",
		edit("1980-03-01 00-00-00", "maybe"): `f.tsf: row 11: column start_timestamp: "maybe"`,
		edit("monthly", "now_and_then"):      `f.tsf: row 5: "now_and_then" is not a known frequency`,
		edit("@frequency monthly", ""):       "no @frequency",
		edit("@horizon 2", "@horizon -2"):    `f.tsf: row 6: "-2" is not a horizon`,
		edit("@data", "data"):                `f.tsf: row 9: "data" comes before @data`,
		"@attribute a string\n":              "f.tsf: row 2: the file ends before @data",
		"@attribute a\n":                     `f.tsf: row 1: "@attribute a" has no name and type`,
		"@data\n1,2\n":                       "f.tsf: row 1: no @attribute comes before @data",
		"@attribute a string\n@data\n":       "f.tsf: has a header but no rows",
	} {
		_, err := data.ReadTSF(strings.NewReader(file), "f.tsf", data.Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v, want %q", file, err, want)
		}
	}
}

// checkTable reports a table that is no table of a file of n bytes.
func checkTable(t *testing.T, tab *data.Table, n int) {
	for _, s := range tab.Series {
		if len(s.Y) > 11*n+1100 {
			t.Errorf("%d values from %d bytes", len(s.Y), n)
		}
		for i, v := range s.Y {
			if math.IsInf(v, 0) || math.Abs(v) > 1e30 {
				t.Errorf("value %d is %v", i, v)
			}
		}
		_ = s.Time(len(s.Y)).String()
	}
}

func FuzzReadWide(f *testing.F) {
	for _, s := range []string{"id,V1,V2,V3\na,1,,3\n", "id;2024-01;2024-02\na;1,5;2\n", "x,9\n1,\"2\"\n", "id,1,2,3\na,,,1\nb"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if tab, err := data.ReadCSV(strings.NewReader(string(b)), "f", data.Options{Layout: data.Wide}); err == nil {
			checkTable(t, tab, len(b))
		}
	})
}

func FuzzReadTSF(f *testing.F) {
	f.Add([]byte(tsfFile))
	f.Add([]byte("@attribute a string\n@frequency 10_minutes\n@data\nx:1,?\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if tab, err := data.ReadTSF(strings.NewReader(string(b)), "f", data.Options{}); err == nil {
			checkTable(t, tab, len(b))
		}
	})
}

func ExampleReadTSF() {
	table, err := data.ReadTSF(strings.NewReader(`@attribute series_name string
@attribute start_timestamp date
@frequency quarterly
@data
beer:2023-01-01 00-00-00:443,410,?,532
`), "beer.tsf", data.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	s := table.Series[0]
	fmt.Println(s.ID, s.Freq.Name(), s.Start, s.Y)
	// Output: beer quarterly 2023-01-01 [443 410 NaN 532]
}

// A table may also have a row for each series, and a column for each time.
func ExampleReadCSV_wide() {
	table, err := data.ReadCSV(strings.NewReader("shop,2024-01,2024-02,2024-03\nnorth,5,,7\nsouth,,2,3\n"), "shops.csv", data.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range table.Series {
		fmt.Println(s.ID, s.Freq.Name(), s.Start, s.Y)
	}
	// Output:
	// north monthly 2024-01-01 [5 NaN 7]
	// south monthly 2024-02-01 [2 3]
}
