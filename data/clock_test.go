package data_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // so that places are known everywhere

	"github.com/recur-go/recur/data"
)

// column is a table of a time in each row.
func column(times ...string) string {
	text := "ds,y\n"
	for i, t := range times {
		text += fmt.Sprintf("%q,%d\n", t, i+1)
	}
	return text
}

// stepped are times from the first on, in a layout.
func stepped(layout string, first time.Time, step time.Duration, n int) (times []string) {
	for i := range n {
		times = append(times, first.Add(time.Duration(i)*step).Format(layout))
	}
	return times
}

// Times by local clocks, with zones, as Unix times, as digits: the step that they have, and the
// note that tells how they are read.
func TestClocks(t *testing.T) {
	new1 := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	unix := func(first, step int64, n int) (times []string) {
		for i := range n {
			times = append(times, fmt.Sprint(first+int64(i)*step))
		}
		return times
	}
	const s2024 = 1704067200
	for name, c := range map[string]struct {
		times             []string
		freq, start, next string
		note              string
	}{
		"midnights over a change": {[]string{"2024-03-29T00:00+01:00", "2024-03-30T00:00+01:00", "2024-03-31T00:00+01:00", "2024-04-01T00:00+02:00", "2024-04-02T00:00+02:00"},
			"D", "2024-03-29", "2024-04-03", "times are at 00:00 by local clocks (UTC+01:00, UTC+02:00), and are read by these"},
		"months over a change": {[]string{"2024-02-01 00:00:00+01:00", "2024-03-01 00:00:00+01:00", "2024-04-01 00:00:00+02:00", "2024-05-01 00:00:00+02:00"},
			"M", "2024-02-01", "2024-06-01", "by local clocks"},
		"midnights in UTC": {[]string{"2024-03-28T23:00Z", "2024-03-29T23:00Z", "2024-03-30T23:00Z", "2024-03-31T22:00Z", "2024-04-01T22:00Z"},
			"D", "2024-03-29", "2024-04-03", "times are at 22:00 and 23:00, midnights of a place whose clocks change, and are read as days"},
		"midnights west": {[]string{"2024-03-09 05:00", "2024-03-10 05:00", "2024-03-11 04:00", "2024-03-12 04:00"}, "D", "2024-03-09", "2024-03-13", "at 04:00 and 05:00"},
		"of London":      {[]string{"2024-03-30 00:00", "2024-03-31 00:00", "2024-03-31 23:00", "2024-04-01 23:00"}, "D", "2024-03-30", "2024-04-03", "at 00:00 and 23:00"},
		"months in UTC":  {[]string{"2024-01-31 23:00", "2024-02-29 23:00", "2024-03-31 22:00", "2024-04-30 22:00"}, "M", "2024-02-01", "2024-06-01", "read as days"},
		"in ms": {[]string{"1711753200000", "1711839600000", "1711922400000", "1712008800000"},
			"D", "2024-03-30", "2024-04-03", "read as days"},
		"midnights of one offset": {stepped("2006-01-02T15:04:05+09:00", new1, 24*time.Hour, 10), "D", "2024-01-01", "2024-01-11", "times are at 00:00 by local clocks (UTC+09:00)"},
		"midnights of UTC":        {stepped("2006-01-02T15:04:05+09:00", new1.Add(9*time.Hour), 24*time.Hour, 10), "D", "2024-01-01", "2024-01-11", "times with offsets (UTC+09:00) are read in UTC"},
		"hours over a change": {[]string{"2024-03-31T00:00+01:00", "2024-03-31T01:00+01:00", "2024-03-31T03:00+02:00", "2024-03-31T04:00+02:00"},
			"h", "2024-03-30T23:00Z", "2024-03-31T03:00Z", "times with offsets (UTC+01:00, UTC+02:00) are read in UTC"},
		"hours put back": {[]string{"2024-10-27T01:00+02:00", "2024-10-27T02:00+02:00", "2024-10-27T02:00+01:00", "2024-10-27T03:00+01:00"},
			"h", "2024-10-26T23:00Z", "2024-10-27T03:00Z", "in UTC"},
		"UTC":              {stepped("2006-01-02 15:04:05 UTC", new1, 24*time.Hour, 5), "D", "2024-01-01", "2024-01-06", "times are in UTC"},
		"UTC, fractions":   {stepped("2006-01-02 15:04:05.000000 UTC", new1, time.Hour, 5), "h", "2024-01-01T00:00Z", "2024-01-01T05:00Z", "times are in UTC"},
		"Z":                {stepped("2006-01-02T15:04:05Z", new1, time.Hour, 5), "h", "2024-01-01T00:00Z", "2024-01-01T05:00Z", ""},
		"short offset":     {stepped("2006-01-02 15:04:05+00", new1, time.Hour, 5), "h", "2024-01-01T00:00Z", "2024-01-01T05:00Z", ""},
		"offset in digits": {stepped("2006-01-02T15:04:05+0900", new1, time.Hour, 5), "h", "2024-01-01T00:00+09:00", "2024-01-01T05:00+09:00", "UTC+09:00"},
		"Ruby and Go":      {stepped("2006-01-02 15:04:05 +0900 KST", new1, time.Hour, 5), "h", "2024-01-01T00:00+09:00", "2024-01-01T05:00+09:00", "(KST: UTC+09:00) are read in UTC"},
		"KST":              {stepped("2006-01-02 15:04 KST", new1, time.Hour, 5), "h", "2024-01-01T00:00+09:00", "2024-01-01T05:00+09:00", "(KST: UTC+09:00)"},
		"EST, days":        {stepped("2006-01-02 EST", new1, 24*time.Hour, 5), "D", "2024-01-01", "2024-01-06", "(EST: UTC-05:00), and are read by these"},
		"CET and CEST":     {[]string{"2024-03-30 00:00 CET", "2024-03-31 00:00 CET", "2024-04-01 00:00 CEST"}, "D", "2024-03-30", "2024-04-02", "(CET, CEST: UTC+01:00, UTC+02:00)"},
		"a place, days":    {stepped("2006-01-02 15:04:05 Europe/Berlin", time.Date(2024, 3, 29, 0, 0, 0, 0, time.UTC), 24*time.Hour, 5), "D", "2024-03-29", "2024-04-03", "(Europe/Berlin: UTC+01:00, UTC+02:00)"},
		"a place, hours": {[]string{"2024-03-31 00:00 Europe/Berlin", "2024-03-31 01:00 Europe/Berlin", "2024-03-31 03:00 Europe/Berlin"},
			"h", "2024-03-30T23:00Z", "2024-03-31T02:00Z", "in UTC"},
		"in brackets":       {[]string{"2024-03-30T00:00+01:00[Europe/Berlin]", "2024-03-31T00:00+01:00[Europe/Berlin]", "2024-04-01T00:00+02:00[Europe/Berlin]"}, "D", "2024-03-30", "2024-04-02", "Europe/Berlin"},
		"GMT-3":             {[]string{"2024-01-01 00:00 GMT-3", "2024-01-01 01:00 GMT-3", "2024-01-01 02:00 GMT-3"}, "h", "2024-01-01T00:00-03:00", "2024-01-01T03:00-03:00", "GMT-3: UTC-03:00"},
		"Unix seconds":      {unix(s2024, 3600, 5), "h", "2024-01-01T00:00", "2024-01-01T05:00", "such as 1704067200 are read as Unix seconds (--freq i"},
		"Unix days":         {unix(s2024, 86400, 5), "D", "2024-01-01", "2024-01-06", "Unix seconds"},
		"Unix seconds, 1 s": {unix(s2024, 1, 5), "s", "2024-01-01T00:00", "2024-01-01T00:00:05", "Unix seconds"},
		"Unix, 1995":        {unix(788918400, 3600, 5), "h", "1995-01-01T00:00", "1995-01-01T05:00", "Unix seconds"},
		"nine digits":       {unix(788918400, 1, 5), "i", "788918400", "788918405", ""},
		"Unix ms":           {unix(s2024*1e3, 60e3, 5), "min", "2024-01-01T00:00", "2024-01-01T00:05", "Unix milliseconds"},
		"Unix µs":           {unix(s2024*1e6, 3600e6, 5), "h", "2024-01-01T00:00", "2024-01-01T05:00", "Unix microseconds"},
		"Unix ns":           {unix(s2024*1e9, 3600e9, 5), "h", "2024-01-01T00:00", "2024-01-01T05:00", "Unix nanoseconds"},
		"Unix, as floats":   {[]string{"1704067200.0", "1704070800.0", "1704074400.0"}, "h", "2024-01-01T00:00", "2024-01-01T03:00", "Unix seconds"},
		"ms of no second":   {unix(s2024*1e3, 250, 5), "250i", "1704067200000", "1704067201250", "look like Unix milliseconds, but have no step of a second or longer"},
		"Unix months":       {[]string{"1704067200", "1706745600", "1709251200", "1711929600"}, "M", "2024-01-01", "2024-05-01", "Unix seconds"},
		"small numbers":     {unix(100, 1, 5), "i", "100", "105", ""},
		"digits with hours": {stepped("2006010215", new1, time.Hour, 30), "h", "2024-01-01T00:00", "2024-01-02T06:00", "such as 2024010100 are read as hours"},
		"digits, minutes":   {stepped("200601021504", new1, time.Minute, 70), "min", "2024-01-01T00:00", "2024-01-01T01:10", "are read as minutes"},
		"digits, seconds":   {stepped("20060102150405", new1, time.Second, 70), "s", "2024-01-01T00:00", "2024-01-01T00:01:10", "are read as seconds"},
	} {
		tab, err := read(column(c.times...))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s := tab.Series[0]
		if next := s.Time(len(s.Y)).String(); s.Freq.String() != c.freq || s.Start.String() != c.start || next != c.next || len(s.Y) != len(c.times) {
			t.Errorf("%s: %v from %v to %s, %d values for %d times", name, s.Freq, s.Start, next, len(s.Y), len(c.times))
		}
		if notes := strings.Join(tab.Notes, "; "); !strings.Contains(notes, c.note) || c.note == "" && len(tab.Notes) > 1 {
			t.Errorf("%s: notes %q, want %q", name, notes, c.note)
		}
	}
	// asked for, whole numbers stay those of steps
	index := data.Freq{Unit: data.Index, N: 3600}
	tab, err := data.ReadCSV(strings.NewReader(column(unix(s2024, 3600, 5)...)), "f.csv", data.Options{Freq: &index})
	if err != nil || !tab.Series[0].Start.IsIndex {
		t.Errorf("%v", err)
	}
	hour := data.Freq{Unit: data.Second, N: 3600}
	if tab, err = data.ReadCSV(strings.NewReader(column(unix(s2024*1e3, 3600e3, 1)...)), "f.csv", data.Options{Freq: &hour}); err != nil || tab.Series[0].Start.String() != "2024-01-01T00:00" {
		t.Errorf("%v", err)
	}
}

func TestClocksBad(t *testing.T) {
	for name, c := range map[string]struct {
		times []string
		says  string
	}{
		"unknown zone":  {[]string{"2024-01-01 00:00 XYZ"}, `"2024-01-01 00:00 XYZ" ends in XYZ, which is not a known zone; write the offset from UTC, such as +02:00, or`},
		"unknown place": {[]string{"2024-01-01 00:00 Mars/Olympus"}, "Mars/Olympus, which is not a known zone"},
		"path":          {[]string{"2024-01-01 00:00 ../../etc/passwd"}, "is not a date or time"},
		"zone alone":    {[]string{"UTC"}, "is not a date or time"},
		"ns of none":    {[]string{"1704067200000000001", "1704067200000000002"}, "looks like Unix nanoseconds, but these times have no step of a second"},
		"too large":     {[]string{"1704067200000", "5000000000000000"}, "is too large for the number of a step"},
		"31 April":      {[]string{"2024-04-31 00:00:00"}, "is not a date or time"},
	} {
		if _, err := read(column(c.times...)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

// The hint for dates looks at all rows: an order that one of them rules out is not offered.
func TestHintOfAllRows(t *testing.T) {
	for name, c := range map[string]struct {
		times []string
		hint  string
	}{
		"ruled out later": {[]string{"01/02/2024", "02/02/2024", "13/02/2024"}, `pass --time-layout "02/01/2006"` + "\n"},
		"month first":     {[]string{"1/2/2024", "1/13/2024"}, `pass --time-layout "1/2/2006"` + "\n"},
		"still open":      {[]string{"01/02/2024", "02/02/2024"}, `pass --time-layout "01/02/2006" (month first) or "02/01/2006" (day first)` + "\n"},
		"padded first":    {[]string{"10/12/2024", "1/2/2025", "25/2/2025"}, `pass --time-layout "2/1/2006"` + "\n"},
		"long months":     {[]string{"May 1, 2024", "June 1, 2024"}, `pass --time-layout "January 2, 2006"` + "\n"},
		"Sept":            {[]string{"Aug 1, 2024", "Sept 1, 2024"}, `pass --time-layout "Jan 2, 2006"` + "\n"},
		"no common one":   {[]string{"13/02/2024", "2024년 3월 1일"}, "write all dates in one form"},
		"late":            {append(stepped("01/02/2006", time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), 24*time.Hour, 11), "13/02/2024"), `"02/01/2006"` + "\n"},
	} {
		_, err := read(column(c.times...))
		if err == nil || !strings.Contains(err.Error()+"\n", c.hint) {
			t.Errorf("%s: %v, want %q", name, err, c.hint)
		}
	}
	// the layout of the hint reads them
	for layout, times := range map[string][]string{"Jan 2, 2006": {"Aug 31, 2024", "Sept 1, 2024", "Sept 2, 2024"}, "2006/1/2 오후 3:04": {"2024/9/1 오전 10:00", "2024/9/1 오전 11:00", "2024/9/1 오후 12:00", "2024/9/1 오후 1:00"},
		"2/1/2006 15:04 MST": {"1/2/2024 10:00 CET", "1/2/2024 11:00 CET"}, "2/1/2006 15:04 -0700": {"1/2/2024 10:00 +0100", "1/2/2024 11:00 +0100"}} {
		tab, err := data.ReadCSV(strings.NewReader(column(times...)), "f.csv", data.Options{TimeLayout: layout})
		if err != nil || len(tab.Series[0].Y) != len(times) {
			t.Errorf("%s: %v", layout, err)
		}
	}
}

// To read a row of CSV costs next to no memory beside what is kept of it.
func TestRowsInLittleMemory(t *testing.T) {
	const n = 20000
	rows := stepped("2006-01-02 15:04:05", time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), time.Minute, n)
	text := "unique_id,ds,y\na," + strings.Join(rows, ",7\na,") + ",7\n"
	got := testing.AllocsPerRun(2, func() {
		if _, err := read(text); err != nil {
			t.Fatal(err)
		}
	})
	if got > 1.1*n {
		t.Errorf("%v allocations for %d rows", got, n)
	}
}

func BenchmarkReadCSV(b *testing.B) {
	text := "ds,y\n" + strings.Join(stepped("2006-01-02 15:04:05", time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), time.Minute, 1e5), ",7.5\n") + ",8\n"
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := read(text); err != nil {
			b.Fatal(err)
		}
	}
}
