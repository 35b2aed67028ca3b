package data

import (
	"cmp"
	"errors"
	"strconv"
	"strings"
	"time"
)

// A Time is a place on the time axis of a table: a moment, or an index.
type Time struct {
	At      time.Time // the time, in UTC
	Index   int64
	IsIndex bool

	zoned  bool  // it was written with an offset from UTC
	offset int32 // seconds by which the clock that it was written by is ahead of UTC
	day    int8  // day of the months of its series, of which its own month may be too short; 0 for its own
	clock  bool  // of steps shorter than days, so that midnight is a time of day
	digits int64 // a date written as digits alone, which may be an index after all
}

// asIndex is a date of digits alone taken as the number that it was written as.
func (t Time) asIndex() Time {
	if t.IsIndex {
		return t
	}
	return Time{Index: t.digits, IsIndex: true}
}

// length is how many digits a date of digits alone has: 4, 6, 8, 10, 12 or 14; 0 for others.
func (t Time) length() int {
	if t.digits == 0 {
		return 0
	}
	n := 4
	for limit := int64(1e4); t.digits >= limit; limit *= 100 {
		n += 2
	}
	return n
}

// compare is -1, 0 or 1 as t comes before, with or after u, of the same kind.
func (t Time) compare(u Time) int {
	if t.IsIndex {
		return cmp.Compare(t.Index, u.Index)
	}
	return t.At.Compare(u.At)
}

// Before reports whether t comes before u, of the same kind.
func (t Time) Before(u Time) bool { return t.compare(u) < 0 }

// String is the index, or the date, with the time of day if there is one, and with the offset from
// UTC, or Z, if the time was written with one.
func (t Time) String() string {
	layout := "2006-01-02T15:04"
	switch {
	case t.IsIndex:
		return strconv.FormatInt(t.Index, 10)
	case !t.clock && !t.zoned && t.At.Equal(t.At.Truncate(24*time.Hour)):
		return t.At.Format(time.DateOnly)
	case t.At.Nanosecond() != 0:
		layout += ":05.999999999"
	case t.At.Second() != 0:
		layout += ":05"
	}
	if t.zoned {
		return t.At.In(fixed(int(t.offset))).Format(layout + "Z07:00")
	}
	return t.At.Format(layout)
}

// MarshalText is String.
func (t Time) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText is ParseTime.
func (t *Time) UnmarshalText(b []byte) (err error) {
	*t, err = ParseTime(string(b))
	return err
}

// largestIndex leaves room for differences.
const largestIndex = 1e15

var layouts = []string{
	"2006-01-02", "2006-01", "2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02T15", "20060102T150405Z07:00", "20060102T150405", "2006/01/02", "2006/01",
}

// ParseTime reads a date or time in a form of ISO 8601 - 2024-05-06, 2024-05,
// 2024-05-06T07:08:09.5+02:00 or with a blank for the T, 2024-W19, 2024-Q2 - or a
// whole number as an index. A time may end in the name of a zone: UTC, CET,
// Europe/Berlin; places need the tz database, of the system or of package time/tzdata.
// Digits alone are a date if they can be: 2024 a year, from 1000 to 2999, and 202405 and
// 20240506 a month and a day, from 1900 to 2099, after which hours, minutes and seconds may
// follow; a table in which not all times are such dates is read as indices, or as Unix times
// if they have the size of these. Times with an offset are turned to UTC; without one they are
// taken to be in UTC.
func ParseTime(s string) (Time, error) {
	t, _, err := parseTime(s)
	return t, err
}

// parseTime is ParseTime that tells the name of the zone, too.
func parseTime(s string) (t Time, zone string, err error) {
	s = strings.TrimSpace(s)
	if t, ok := plain(s); ok && !t.zoned {
		return t, "", nil
	}
	whole := s
	if head, zeros, ok := strings.Cut(s, "."); ok && zeros != "" && strings.Trim(zeros, "0") == "" { // 1704067200.0
		whole = head
	}
	if n, err := strconv.ParseInt(whole, 10, 64); err == nil {
		if at, ok := digitsAlone(whole, n); ok {
			return Time{At: at, digits: n}, "", nil
		}
		if n < -largestIndex || n > largestIndex && unixUnit(n) < 0 {
			return Time{}, "", errors.New("is too large for the number of a step")
		}
		return Time{Index: n, IsIndex: true}, "", nil
	}
	if len(s) > 80 {
		return Time{}, "", errors.New("is too long for a date or time")
	}
	if t, zone, err = moment(s); err == nil {
		if year := t.At.Year(); t.zoned && (year < 0 || year > 9999) {
			return Time{}, "", errors.New("is out of the range of dates in UTC")
		}
		return t, zone, nil
	}
	if year, part, ok := cutQuarterOrWeek(strings.ToUpper(s), "Q"); ok && part >= 1 && part <= 4 {
		return Time{At: time.Date(year, time.Month(3*part-2), 1, 0, 0, 0, 0, time.UTC)}, "", nil
	}
	if year, part, ok := cutQuarterOrWeek(strings.ToUpper(s), "W"); ok && part >= 1 && part <= 53 {
		monday := weekStart(year, part)
		if y, _ := monday.ISOWeek(); y == year { // not all years have a week 53
			return Time{At: monday}, "", nil
		}
	}
	return Time{}, "", err
}

// iso reads a date or time without the name of a zone.
func iso(s string) (Time, bool) {
	if len(s) > 10 && s[10] == ' ' {
		s = s[:10] + "T" + strings.TrimSpace(s[11:])
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			if strings.HasSuffix(layout, "Z07:00") {
				return in(t), true
			}
			return Time{At: t}, true
		}
	}
	return Time{}, false
}

// digitsAlone reads the number n, written s, as a year, month or day, or a time of a day.
func digitsAlone(s string, n int64) (time.Time, bool) {
	layout, lo, hi := "2006", 1000, 2999
	switch len(s) {
	case 4:
	case 6:
		layout, lo, hi = "200601", 1900, 2099
	case 8, 10, 12:
		layout, lo, hi = "200601021504"[:len(s)], 1900, 2099
	case 14:
		layout, lo, hi = "20060102150405", 1900, 2099
	default:
		return time.Time{}, false
	}
	t, err := time.Parse(layout, s)
	return t, err == nil && n > 0 && t.Year() >= lo && t.Year() <= hi
}

// cutQuarterOrWeek reads 2024Q2, 2024-Q2, 2024W19, 2024-W19.
func cutQuarterOrWeek(s, letter string) (year, part int, ok bool) {
	y, p, found := strings.Cut(s, letter)
	y = strings.TrimSuffix(y, "-")
	year, err1 := strconv.Atoi(y)
	part, err2 := strconv.Atoi(p)
	return year, part, found && len(y) == 4 && len(p) <= 2 && err1 == nil && err2 == nil && year > 0
}

// weekStart is the Monday of an ISO week.
func weekStart(year, week int) time.Time {
	t := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC) // always in week 1
	monday := t.AddDate(0, 0, -(int(t.Weekday())+6)%7)
	return monday.AddDate(0, 0, 7*(week-1))
}
