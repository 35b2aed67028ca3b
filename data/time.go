package data

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Time is a place on the time axis of a table: a moment, or an index.
type Time struct {
	At      time.Time // in UTC
	Index   int64
	IsIndex bool

	year bool // written as four digits, which may be an index after all
}

// asIndex is a year taken as the number that it was written as.
func (t Time) asIndex() Time { return Time{Index: int64(t.At.Year()), IsIndex: true} }

// Before reports whether t comes before u, which must be of the same kind.
func (t Time) Before(u Time) bool {
	if t.IsIndex {
		return t.Index < u.Index
	}
	return t.At.Before(u.At)
}

// String is the index, or the date, with the time of day if there is one.
func (t Time) String() string {
	switch {
	case t.IsIndex:
		return strconv.FormatInt(t.Index, 10)
	case t.At.Equal(t.At.Truncate(24 * time.Hour)):
		return t.At.Format(time.DateOnly)
	case t.At.Nanosecond() != 0:
		return t.At.Format("2006-01-02T15:04:05.999999999")
	case t.At.Second() != 0:
		return t.At.Format("2006-01-02T15:04:05")
	}
	return t.At.Format("2006-01-02T15:04")
}

// largestIndex leaves room for differences.
const largestIndex = 1e15

var layouts = []string{
	"2006-01-02", "2006-01", "2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02T15", "20060102T150405Z07:00", "20060102T150405", "2006/01/02", "2006/01",
}

// ParseTime reads a date or time in a form of ISO 8601 - 2024-05-06, 2024-05,
// 2024-05-06T07:08:09.5+02:00 or with a blank for the T, 2024-W19, 2024-Q2 - or a
// whole number as an index. Four digits from 1000 to 2999 are a year; a table in
// which such numbers cannot be years is read as indices. Times with an offset are
// turned to UTC; without one they are taken to be in UTC.
func ParseTime(s string) (Time, error) {
	s = strings.TrimSpace(s)
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if len(s) == 4 && n >= 1000 && n <= 2999 {
			return Time{At: time.Date(int(n), 1, 1, 0, 0, 0, 0, time.UTC), year: true}, nil
		}
		if n < -largestIndex || n > largestIndex {
			return Time{}, fmt.Errorf("is too large for an index")
		}
		return Time{Index: n, IsIndex: true}, nil
	}
	if len(s) > 40 {
		return Time{}, fmt.Errorf("is too long for a time")
	}
	iso := s
	if len(s) > 10 && s[10] == ' ' {
		iso = s[:10] + "T" + strings.TrimSpace(s[11:])
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, iso); err == nil {
			return Time{At: t.UTC()}, nil
		}
	}
	if year, part, ok := cutQuarterOrWeek(strings.ToUpper(s), "Q"); ok && part >= 1 && part <= 4 {
		return Time{At: time.Date(year, time.Month(3*part-2), 1, 0, 0, 0, 0, time.UTC)}, nil
	}
	if year, part, ok := cutQuarterOrWeek(strings.ToUpper(s), "W"); ok && part >= 1 && part <= 53 {
		monday := weekStart(year, part)
		if y, w := monday.ISOWeek(); y == year && w == part {
			return Time{At: monday}, nil
		}
	}
	return Time{}, fmt.Errorf("is no time")
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
