package data_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
)

// dated is a long table of a series: so many values, and then rows without one.
func dated(id, first string, f data.Freq, values, blank int) string {
	var b strings.Builder
	t, _ := data.ParseTime(first)
	for i := range values + blank {
		y := ""
		if i < values {
			y = fmt.Sprint(i + 1)
		}
		fmt.Fprintf(&b, "%s,%v,%s\n", id, f.Add(t, i), y)
	}
	return b.String()
}

var (
	daily   = data.Freq{Unit: data.Day, N: 1}
	weekly  = data.Freq{Unit: data.Day, N: 7}
	monthly = data.Freq{Unit: data.Month, N: 1}
	hourly  = data.Freq{Unit: data.Second, N: 3600}
	workday = data.Freq{Unit: data.Business, N: 1}
)

// Rows at the end without a value are to be forecast: no part of the series, but its horizon.
func TestRowsAhead(t *testing.T) {
	const head = "unique_id,ds,y\n"
	for name, c := range map[string]struct {
		text    string
		horizon int
		ends    []int // lengths of the series
		note    string
	}{
		"none":           {head + dated("a", "2024-01-01", daily, 30, 0), 0, []int{30}, ""},
		"one":            {head + dated("a", "2024-01-01", daily, 30, 20), 20, []int{30}, "20 times after the last value have none: to be forecast"},
		"gap within":     {head + "a,2024-01-01,1\na,2024-01-02,\na,2024-01-03,3\na,2024-01-04,\n", 1, []int{3}, "1 value is blank: the first in row 3"},
		"one each":       {head + dated("a", "2024-01-01", daily, 30, 7) + dated("b", "2024-01-01", daily, 28, 9), 9, []int{30, 28}, "9 times"},
		"given up":       {head + dated("a", "2024-01-01", daily, 60, 7) + dated("b", "2024-01-01", daily, 20, 47), 7, []int{60, 20}, "7 times"},
		"only given up":  {head + dated("a", "2024-01-01", daily, 60, 0) + dated("b", "2024-01-01", daily, 20, 40), 0, []int{60, 20}, ""},
		"missing rows":   {head + dated("a", "2024-01-01", daily, 30, 0) + "a,2024-02-05,\n", 6, []int{30}, "6 times"},
		"without values": {head + dated("a", "2024-01-01", daily, 30, 3) + dated("b", "2024-01-01", daily, 0, 33), 3, []int{30, 0}, "3 times"},
		"nothing":        {head + dated("a", "2024-01-01", daily, 0, 30), 0, []int{0}, ""},
	} {
		for _, known := range []bool{false, true} {
			text, o := c.text, data.Options{}
			if known {
				text = strings.ReplaceAll(strings.Replace(text, ",y\n", ",y,price\n", 1), "\n", ",5\n")
				text, o.Known = strings.Replace(text, ",price,5\n", ",price\n", 1), []string{"price"}
			}
			tab, err := data.ReadCSV(strings.NewReader(text), "f.csv", o)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if tab.Horizon != c.horizon {
				t.Errorf("%s: horizon %d, want %d", name, tab.Horizon, c.horizon)
			}
			for i, want := range c.ends {
				if s := tab.Series[i]; len(s.Y) != want {
					t.Errorf("%s: series %s has %d values, want %d", name, s.ID, len(s.Y), want)
				} else if known && len(s.Known[0]) < want {
					t.Errorf("%s: %d known values for %d", name, len(s.Known[0]), want)
				}
			}
			if notes := strings.Join(tab.Notes, "\n"); !known && !strings.Contains(notes, c.note) || strings.Contains(notes, "blank") != (name == "gap within") {
				t.Errorf("%s: notes %q, want %q", name, notes, c.note)
			}
		}
	}
}

// The lists of a covariate of the past end with the values.
func TestPastEndsWithValues(t *testing.T) {
	tab, err := data.ReadCSV(strings.NewReader("ds,y,w\n1,5,1\n2,6,2\n3,,3\n"), "f.csv", data.Options{Past: []string{"w"}})
	if err != nil || len(tab.Series[0].Y) != 2 || len(tab.Series[0].Past[0]) != 2 {
		t.Errorf("%+v, %v", tab, err)
	}
}

// Series of different steps in a file are found and named; those that a step fits are not.
func TestMixedSteps(t *testing.T) {
	const head = "unique_id,ds,y\n"
	sparse := "c,2024-01-05,1\nc,2024-01-19,1\nc,2024-02-09,1\nc,2024-02-10,1\nc,2024-03-30,1\nc,2024-04-12,1\nc,2024-05-19,1\n"
	for name, c := range map[string]struct{ text, freq, says string }{
		"daily, monthly":    {dated("a", "2024-01-01", daily, 90, 0) + dated("b", "2020-01-01", monthly, 24, 0), "", `daily ("a"), monthly ("b")`},
		"hourly, daily":     {dated("a", "2024-01-01", daily, 90, 0) + dated("b", "2024-01-01", hourly, 72, 0), "", `daily ("a"), hourly ("b")`},
		"daily, weekly":     {dated("a", "2024-01-01", daily, 90, 0) + dated("b", "2020-01-01", weekly, 24, 0), "", `daily ("a"), weekly ("b")`},
		"all with blanks":   {dated("a", "2024-01-01", daily, 90, 10) + dated("b", "2020-01-01", weekly, 24, 3), "", `weekly ("b")`},
		"sparse days":       {dated("a", "2024-01-01", daily, 90, 0) + sparse, "D", ""},
		"two times":         {dated("a", "2024-01-01", daily, 90, 0) + dated("b", "2024-01-01", weekly, 2, 0), "D", ""},
		"days of work":      {dated("a", "2024-01-01", daily, 20, 0) + dated("b", "2024-01-01", workday, 60, 0), "D", ""},
		"starts and ends":   {dated("a", "2020-01-01", monthly, 24, 0) + dated("b", "2020-01-31", data.Freq{Unit: data.Month, N: 1, End: true}, 20, 0), "M", ""},
		"a wrong date":      {dated("a", "2024-01-01", monthly, 30, 0) + dated("b", "2024-01-01", monthly, 9, 0) + "b,2024-10-07,5\n", "", `row 41: series "b": the time 2024-10-07 is not on the grid`},
		"different weekday": {dated("a", "2024-01-01", weekly, 30, 0) + dated("b", "2024-01-03", weekly, 20, 0), "W", ""},
	} {
		tab, err := read(head + c.text)
		switch {
		case c.says != "":
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "(--freq)") {
				t.Errorf("%s: %v, want %q", name, err, c.says)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case tab.Series[0].Freq.String() != c.freq:
			t.Errorf("%s: %v, want %s", name, tab.Series[0].Freq, c.freq)
		}
	}
	// by a step that is given, all are read
	tab, err := data.ReadCSV(strings.NewReader(head+dated("a", "2024-01-01", daily, 90, 0)+dated("b", "2024-01-01", weekly, 9, 0)), "f.csv", data.Options{Freq: &daily})
	if err != nil || len(tab.Series[1].Y) != 57 {
		t.Errorf("%v", err)
	}
}

// Months on a day that some are too short for.
func TestMonthDays(t *testing.T) {
	for name, c := range map[string]struct{ times, freq, next string }{
		"30th":             {"2023-12-30 2024-01-30 2024-02-29 2024-03-30", "M", "2024-04-30"},
		"30th, 28 first":   {"2023-02-28 2023-03-30 2023-04-30 2023-05-30", "M", "2023-06-30"},
		"29th":             {"2023-01-29 2023-02-28 2023-03-29", "M", "2023-04-29"},
		"29 February last": {"2023-11-30 2023-12-30 2024-01-30 2024-02-29", "M", "2024-03-30"},
		"ends":             {"2024-01-31 2024-02-29 2024-03-31", "ME", "2024-04-30"},
		"quarters":         {"2022-11-30 2023-02-28 2023-05-30 2023-08-30", "Q", "2023-11-30"},
		"a gap":            {"2022-12-30 2023-01-30 2023-02-28 2023-04-30 2023-05-30", "M", "2023-06-30"},
		"the 15th":         {"2023-12-15 2024-01-15 2024-02-15", "M", "2024-03-15"},
	} {
		text := "ds,y\n"
		for i, d := range strings.Fields(c.times) {
			text += fmt.Sprintf("%s,%d\n", d, i)
		}
		tab, err := read(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s := tab.Series[0]
		if next := s.Time(len(s.Y)).String(); s.Freq.String() != c.freq || next != c.next {
			t.Errorf("%s: %v, then %s, want %s", name, s.Freq, next, c.next)
		}
		if tab, err = data.ReadCSV(strings.NewReader(text), "f.csv", data.Options{Freq: &s.Freq}); err != nil || tab.Series[0].Time(len(s.Y)).String() != c.next {
			t.Errorf("%s with its step given: %v", name, err)
		}
	}
}

// A category that is in no row with a value cannot be learned: it is noted, and masked in training.
func TestMaskUnlearned(t *testing.T) {
	tab, err := data.ReadCSV(strings.NewReader("ds,y,kind\n1,5,lo\n2,6,hi\n3,,new\n4,,lo\n5,,newer\n"), "f.csv", data.Options{Known: []string{"kind"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := tab.CheckAhead(3); err != nil {
		t.Fatal(err)
	}
	n := len(tab.Notes)
	tab.MaskUnlearned()
	if want := []float64{0, 1, nan, 0, nan}; !same(tab.Series[0].Known[0], want) {
		t.Errorf("%v, want %v", tab.Series[0].Known[0], want)
	}
	if len(tab.Notes) != n+1 || !strings.HasSuffix(tab.Notes[n], `kind that are only in the rows ahead, of which nothing can be learned, treated as missing: "new", "newer"`) {
		t.Errorf("%q", tab.Notes[n:])
	}
}
