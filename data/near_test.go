package data_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/recur-go/recur/data"
)

// Times that are next to those of a grid are moved to it, with a note.
func TestNear(t *testing.T) {
	rows := func(n int, at func(i int) time.Time, layout string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%s,%d\n", at(i).Format(layout), i)
		}
		return "ds,y\n" + b.String()
	}
	jitter := []int{7, -6, 17, -12, 3, 0, -20, 11, 19, -1}
	zero := time.Date(2024, 3, 4, 0, 0, 0, 0, time.UTC)
	hours := rows(50, func(i int) time.Time {
		return zero.Add(time.Duration(i)*time.Hour + time.Duration(jitter[i%10])*time.Second)
	}, "2006-01-02 15:04:05")
	halves := rows(50, func(i int) time.Time {
		return zero.Add(time.Duration(i)*time.Hour + 30*time.Minute + time.Duration(jitter[i%10])*time.Second)
	}, "2006-01-02 15:04:05")
	lastOpen := rows(48, func(i int) time.Time {
		day := time.Date(2015, time.Month(i+2), 0, 0, 0, 0, 0, time.UTC)
		for day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
			day = day.AddDate(0, 0, -1)
		}
		return day
	}, "2006-01-02")
	firstOpen := rows(48, func(i int) time.Time {
		day := time.Date(2015, time.Month(i+1), 1, 0, 0, 0, 0, time.UTC)
		for day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
			day = day.AddDate(0, 0, 1)
		}
		return day
	}, "2006-01-02")
	days := rows(30, func(i int) time.Time {
		return zero.AddDate(0, 0, i).Add(9*time.Hour + time.Duration(jitter[i%10])*time.Minute)
	}, "2006-01-02 15:04")
	fridays := rows(30, func(i int) time.Time {
		return zero.AddDate(0, 0, 7*i+4-i%7/6)
	}, "2006-01-02")
	eastern := rows(24, func(i int) time.Time { // still days before in UTC
		return time.Date(2023, time.Month(i+1), 1, 0, 30+jitter[i%10], 0, 0, time.UTC)
	}, "2006-01-02T15:04+09:00")
	easternWeeks := rows(30, func(i int) time.Time {
		return zero.AddDate(0, 0, 7*i).Add(time.Duration(30+jitter[i%10]) * time.Minute)
	}, "2006-01-02T15:04+09:00")
	freq := func(s string) data.Options {
		f, err := data.ParseFreq(s)
		if err != nil {
			t.Fatal(err)
		}
		return data.Options{Freq: &f}
	}
	for _, c := range []struct {
		name, file  string
		o           data.Options
		freq, start string
		n           int
		note        string
	}{
		{"hours", hours, data.Options{}, "h", "2024-03-04T00:00", 50, "(hourly) and are moved to them, such as 2024-03-04T00:00:07 to 2024-03-04T00:00"},
		{"hours as asked", hours, freq("h"), "h", "2024-03-04T00:00", 50, "(hourly)"},
		{"half hours", halves, data.Options{}, "h", "2024-03-04T00:30", 50, "(hourly)"},
		{"last open days", lastOpen, data.Options{}, "ME", "2015-01-31", 48, "(monthly (month ends)) and are moved to them, such as 2015-01-30 to 2015-01-31"},
		{"last open days as asked", lastOpen, freq("M"), "ME", "2015-01-31", 48, "month ends"},
		{"first open days", firstOpen, freq("M"), "M", "2015-01-01", 48, "(monthly) and are moved to them, such as 2015-02-02 to 2015-02-01"},
		{"days", days, data.Options{}, "D", "2024-03-04", 30, "(daily)"},
		{"months with an offset", eastern, data.Options{}, "M", "2023-01-01", 24, "(monthly) and are moved to them"},
		{"weeks with an offset", easternWeeks, data.Options{}, "W", "2024-03-04", 30, "(weekly) and are moved to them"},
		{"Fridays", fridays, freq("W"), "W", "2024-03-08", 30, "(weekly) and are moved to them, such as 2024-04-18 to 2024-04-19"},
	} {
		tab, err := data.ReadCSV(strings.NewReader(c.file), "f.csv", c.o)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		s := tab.Series[0]
		if s.Freq.String() != c.freq || s.Start.String() != c.start || len(s.Y) != c.n || s.Missing() > 0 {
			t.Errorf("%s: %v from %v, %d values of which %d are missing", c.name, s.Freq, s.Start, len(s.Y), s.Missing())
		}
		if notes := strings.Join(tab.Notes, "\n"); !strings.Contains(notes, "times are near those of a grid ") || !strings.Contains(notes, c.note) {
			t.Errorf("%s: %q", c.name, tab.Notes)
		}
	}
	for name, c := range map[string]struct {
		file string
		o    data.Options
	}{
		"two in a month":  {"ds,y\n2024-01-01,3\n2024-01-15,3\n2024-02-01,3\n", freq("M")},
		"too far off":     {"ds,y\n2024-01-01 00:00,3\n2024-01-01 01:00,3\n2024-01-01 02:25,3\n", freq("h")},
		"a Sunday":        {"ds,y\n2024-03-01,3\n2024-03-03,3\n2024-03-04,3\n", freq("B")},
		"another quarter": {"ds,y\n2024-01-01,3\n2024-04-01,3\n2024-08-01,3\n", freq("Q")},
	} {
		if _, err := data.ReadCSV(strings.NewReader(c.file), "f.csv", c.o); err == nil || !strings.Contains(err.Error(), "another frequency (--freq)") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
