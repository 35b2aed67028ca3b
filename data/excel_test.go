package data_test

import (
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
)

// Dates as Excel counts them are told from numbers of steps by their size and the name of the column.
func TestExcelDays(t *testing.T) {
	day, index := data.Freq{Unit: data.Day, N: 1}, data.Freq{Unit: data.Index, N: 1}
	for _, c := range []struct {
		name, file  string
		o           data.Options
		freq, start string
	}{
		{"days", "ds,y\n45000,1\n45001,2\n45003,3\n", data.Options{}, "D", "2023-03-15"},
		{"months", "Date,sales\n42005,1\n42036,2\n42064,3\n42095,4\n", data.Options{}, "M", "2015-01-01"},
		{"a pivot", "date,a,b\n42005,1,1\n42012,2,2\n42019,3,3\n", data.Options{Layout: data.Columns}, "W", "2015-01-01"},
		{"any name with a frequency", "t,y\n45000,1\n45001,2\n", data.Options{Freq: &day}, "D", "2023-03-15"},
		{"numbers by name", "step,y\n45000,1\n45001,2\n", data.Options{}, "i", "45000"},
		{"numbers as asked", "ds,y\n45000,1\n45001,2\n", data.Options{Freq: &index}, "i", "45000"},
		{"numbers by size", "ds,y\n19999,1\n20000,2\n", data.Options{}, "i", "19999"},
	} {
		tab, err := data.ReadCSV(strings.NewReader(c.file), "f.csv", c.o)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		s := tab.Series[0]
		if s.Freq.String() != c.freq || s.Start.String() != c.start {
			t.Errorf("%s: %v from %v, want %s from %s", c.name, s.Freq, s.Start, c.freq, c.start)
		}
		if noted := strings.Contains(strings.Join(tab.Notes, "\n"), "are read as days that Excel counts (--freq i"); noted != (c.freq != "i") {
			t.Errorf("%s: %q", c.name, tab.Notes)
		}
	}
	tab, err := data.ReadJSON(strings.NewReader("{\"ds\": 45000, \"y\": 1}\n{\"ds\": 45001, \"y\": 2}\n"), "f.jsonl", data.Options{})
	if err != nil || tab.Series[0].Start.String() != "2023-03-15" {
		t.Error(err, tab)
	}
}
