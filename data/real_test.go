package data_test

import (
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/fixture"
)

func TestRealFiles(t *testing.T) {
	for _, c := range []struct {
		file, freq string
		o          data.Options
		n, missing int
	}{
		{"AirPassengers.csv", "M", data.Options{}, 144, 0},
		{"monthly-sunspots.csv", "M", data.Options{}, 2820, 0},
		{"yearly-sunspots-1700-1988.csv", "Y", data.Options{}, 289, 0},
		{"daily-min-temperatures.csv", "D", data.Options{}, 3652, 2},
		{"monthly-milk-incomplete.csv", "M", data.Options{}, 168, 13},
		{"ausbeer.csv", "Q", data.Options{}, 211, 0},
		{"us_gasoline_weekly.csv", "W", data.Options{TimeLayout: "1/2/2006", Sort: true}, 1578, 0},
	} {
		tab, err := data.ReadCSV(fixture.Open(t, "data/ts/small/"+c.file), c.file, c.o)
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		s := tab.Series[0]
		if len(tab.Series) != 1 || s.Freq.String() != c.freq || len(s.Y) != c.n || s.Missing() != c.missing {
			t.Errorf("%s: %d series, %v, %d values, %d missing; want %s, %d, %d\n%q", c.file, len(tab.Series), s.Freq, len(s.Y), s.Missing(), c.freq, c.n, c.missing, tab.Notes)
		}
	}
}
