package data

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Freq is the step from one time of a series to the next.
type Freq struct {
	Unit Unit
	N    int  // number of units, at least 1
	End  bool // months: the last day of each
}

// A Unit of time.
type Unit int

const (
	Index    Unit = iota // whole numbers
	Second               // also minutes and hours, as multiples
	Day                  // also weeks
	Business             // Monday to Friday
	Month                // also quarters and years
)

const (
	minute, hour  = 60, 3600
	week          = 7
	quarter, year = 3, 12
)

var codes = []struct {
	code string
	freq Freq
}{
	{"Y", Freq{Month, year, false}}, {"YE", Freq{Month, year, true}}, {"YS", Freq{Month, year, false}}, {"A", Freq{Month, year, false}},
	{"Q", Freq{Month, quarter, false}}, {"QE", Freq{Month, quarter, true}}, {"QS", Freq{Month, quarter, false}},
	{"M", Freq{Month, 1, false}}, {"ME", Freq{Month, 1, true}}, {"MS", Freq{Month, 1, false}},
	{"W", Freq{Day, week, false}}, {"D", Freq{Day, 1, false}}, {"B", Freq{Business, 1, false}},
	{"h", Freq{Second, hour, false}}, {"min", Freq{Second, minute, false}}, {"s", Freq{Second, 1, false}},
	{"i", Freq{Index, 1, false}},
}

// ParseFreq reads a frequency: Y, Q, M, W, D, B (business days), h, min, s, i
// (indices), with a number before it for multiples, such as 15min. ME, QE and YE
// are ends of months, quarters and years; MS, QS, YS, T and longer names such as
// monthly are understood too. Case matters to none.
func ParseFreq(s string) (Freq, error) {
	digits := strings.TrimLeft(s, "0123456789")
	n := 1
	if k := len(s) - len(digits); k > 0 {
		var err error
		if n, err = strconv.Atoi(s[:k]); err != nil || n < 1 || n > 1e6 {
			return Freq{}, fmt.Errorf("frequency %q: the number is out of range", s)
		}
	}
	name := strings.ToLower(digits)
	if long, ok := map[string]string{"yearly": "y", "annual": "y", "quarterly": "q", "monthly": "m", "weekly": "w", "daily": "d", "hourly": "h", "t": "min", "minutely": "min"}[name]; ok {
		name = long
	}
	name, _, _ = strings.Cut(name, "-") // pandas's W-SUN, Q-DEC
	for _, c := range codes {
		if strings.ToLower(c.code) == name {
			f := c.freq
			f.N *= n
			return f, nil
		}
	}
	return Freq{}, fmt.Errorf("unknown frequency %q: use Y, Q, M, W, D, B, h, min, s or i, with a number before it for multiples", s)
}

// String is what ParseFreq reads.
func (f Freq) String() string {
	best := ""
	for _, c := range codes {
		if c.freq.Unit == f.Unit && c.freq.End == f.End && f.N%c.freq.N == 0 {
			if best = c.code; f.N > c.freq.N {
				best = strconv.Itoa(f.N/c.freq.N) + c.code
			}
			return best
		}
	}
	return fmt.Sprintf("%d of unit %d", f.N, f.Unit)
}

// MarshalText is String.
func (f Freq) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText is ParseFreq.
func (f *Freq) UnmarshalText(b []byte) (err error) {
	*f, err = ParseFreq(string(b))
	return err
}

// Name is its name in English: monthly, every 15 minutes.
func (f Freq) Name() string {
	names := map[string]string{"Y": "yearly", "YE": "yearly", "Q": "quarterly", "QE": "quarterly", "M": "monthly", "ME": "monthly (month ends)",
		"W": "weekly", "D": "daily", "B": "on business days", "h": "hourly", "min": "every minute", "s": "every second", "i": "indexed"}
	if n := names[f.String()]; n != "" {
		return n
	}
	return "every " + f.String()
}

// Season is the usual number of steps in a season: 12 for months, 4 for quarters,
// 7 for days, 5 for business days, 52 for weeks, 24 for hours, a day of minutes or
// seconds; 1, no season, for years, indices and odd multiples.
func (f Freq) Season() int {
	switch {
	case f.Unit == Month && year%f.N == 0:
		return year / f.N
	case f.Unit == Day && f.N == 1:
		return 7
	case f.Unit == Day && f.N == week:
		return 52
	case f.Unit == Business && f.N == 1:
		return 5
	case f.Unit == Second && 24*hour%f.N == 0:
		return 24 * hour / f.N
	}
	return 1
}

// Add is the time n steps after t, which lies on the grid. Months that are too short for its day
// have their last.
func (f Freq) Add(t Time, n int) Time {
	u := f.add(t, n)
	u.zoned, u.offset, u.clock = t.zoned, t.offset, f.Unit == Second
	return u
}

func (f Freq) add(t Time, n int) Time {
	switch f.Unit {
	case Index:
		return Time{Index: t.Index + int64(n*f.N), IsIndex: true}
	case Second:
		return Time{At: time.Unix(t.At.Unix()+int64(n*f.N), int64(t.At.Nanosecond())).UTC()}
	case Day:
		return Time{At: t.At.AddDate(0, 0, n*f.N)}
	case Business:
		return Time{At: addBusiness(t.At, n*f.N)}
	}
	first := time.Date(t.At.Year(), t.At.Month(), 1, t.At.Hour(), t.At.Minute(), t.At.Second(), t.At.Nanosecond(), time.UTC)
	first = first.AddDate(0, n*f.N, 0)
	day := max(t.At.Day(), int(t.day))
	if last := lastDay(first); f.End || day > last {
		day = last
	}
	return Time{At: first.AddDate(0, 0, day-1), day: t.day}
}

// Between is the number of steps from t to u; ok is false if u is not on the grid
// that begins at t.
func (f Freq) Between(t, u Time) (n int, ok bool) {
	switch f.Unit {
	case Index:
		d := u.Index - t.Index
		return int(d / int64(f.N)), d%int64(f.N) == 0
	case Second:
		d := seconds(t.At, u.At)
		return d / f.N, d%f.N == 0 && t.At.Nanosecond() == u.At.Nanosecond()
	case Day:
		d, step := seconds(t.At, u.At), 24*hour*f.N
		return d / step, d%step == 0 && t.At.Nanosecond() == u.At.Nanosecond()
	case Business:
		days := businessBetween(t.At, u.At)
		n = days / f.N
	case Month:
		n = monthsBetween(t.At, u.At) / f.N
	}
	return n, f.Add(t, n).At.Equal(u.At)
}

// seconds counts those from t to u, which a time.Duration could not hold for dates
// that are centuries apart.
func seconds(t, u time.Time) int { return int(u.Unix() - t.Unix()) }

func monthsBetween(t, u time.Time) int {
	return 12*(u.Year()-t.Year()) + int(u.Month()) - int(t.Month())
}

func lastDay(t time.Time) int {
	return time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func weekend(t time.Time) bool { return t.Weekday() == time.Saturday || t.Weekday() == time.Sunday }

// addBusiness goes n days on, counting Monday to Friday.
func addBusiness(t time.Time, n int) time.Time {
	weekday := (int(t.Weekday()) + 6) % 7 // Monday is 0
	k := weekday + n
	weeks := k / 5
	if k%5 < 0 {
		weeks--
	}
	return t.AddDate(0, 0, 7*weeks+(k-5*weeks)-weekday)
}

// businessBetween counts the business days from t to u, both business days.
func businessBetween(t, u time.Time) int {
	days := seconds(t, u) / (24 * hour)
	weekday := (int(t.Weekday()) + 6) % 7
	k := weekday + days // in calendar days after t's Monday
	weeks := k / 7
	if k%7 < 0 {
		weeks--
	}
	return 5*weeks + min(k-7*weeks, 5) - weekday
}
