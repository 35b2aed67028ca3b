package data

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// abbreviations are the minutes by which zones are ahead of UTC. Of those that several parts of
// the world use it is the one that is met most often; a note has what was taken.
var abbreviations = map[string]int{
	"UTC": 0, "UT": 0, "GMT": 0, "Z": 0,
	"WET": 0, "WEST": 60, "BST": 60, "CET": 60, "CEST": 120, "MET": 60, "MEST": 120, "EET": 120, "EEST": 180, "MSK": 180, "SAST": 120,
	"IST": 330, "HKT": 480, "SGT": 480, "KST": 540, "JST": 540,
	"AWST": 480, "ACST": 570, "ACDT": 630, "AEST": 600, "AEDT": 660, "NZST": 720, "NZDT": 780,
	"BRT": -180, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420, "AKST": -540, "AKDT": -480, "HST": -600,
}

// places are the zones of the tz database that were asked for.
var places sync.Map // of *time.Location by name

// zone finds a zone by its name: UTC, CET, GMT+9, Europe/Berlin.
func zone(name string) (*time.Location, bool) {
	if minutes, ok := abbreviations[strings.ToUpper(name)]; ok {
		return fixed(minutes * 60), true
	}
	if digits := strings.TrimPrefix(strings.TrimPrefix(name, "UTC"), "GMT"); len(digits) > 1 && (digits[0] == '+' || digits[0] == '-') {
		if len(digits) == 2 {
			digits = digits[:1] + "0" + digits[1:]
		}
		for _, layout := range []string{"-07:00", "-0700", "-07"} {
			if t, err := time.Parse(layout, digits); err == nil {
				return fixed(offset(t)), true
			}
		}
		return nil, false
	}
	if at, ok := places.Load(name); ok {
		return at.(*time.Location), true
	}
	if !strings.Contains(name, "/") {
		return nil, false
	}
	at, err := time.LoadLocation(name)
	if err == nil {
		places.Store(name, at)
	}
	return at, err == nil
}

func fixed(seconds int) *time.Location {
	if seconds == 0 {
		return time.UTC
	}
	return time.FixedZone("", seconds)
}

// offset is by how many seconds the clock of t is ahead of UTC.
func offset(t time.Time) int {
	_, n := t.Zone()
	return n
}

// cutZone takes the name of a zone off the end of a time: after a blank, or in square brackets.
func cutZone(s string) (rest, name string, ok bool) {
	if inner, found := strings.CutSuffix(s, "]"); found {
		rest, name, ok = strings.Cut(inner, "[")
	} else if i := strings.LastIndexByte(s, ' '); i > 0 {
		rest, name, ok = s[:i], s[i+1:], true
	}
	letters := name != "" && !slices.ContainsFunc([]byte(name), func(c byte) bool {
		return !(c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("/_+-:", c) >= 0)
	})
	first := strings.ToUpper(name + " ")[0]
	return strings.TrimSpace(rest), name, ok && letters && first >= 'A' && first <= 'Z'
}

// withOffset writes the offset at the end of a time as +02:00, after +02, +0200 or a blank.
func withOffset(s string) (string, bool) {
	i := strings.LastIndexAny(s, "+-")
	if i <= len("2006-01-02") || !strings.Contains(s[:i], ":") {
		return s, false
	}
	digits := s[i+1:]
	switch {
	case len(digits) == 2:
		digits += ":00"
	case len(digits) == 4:
		digits = digits[:2] + ":" + digits[2:]
	case len(digits) != 5:
		return s, false
	}
	return strings.TrimSpace(s[:i]) + s[i:i+1] + digits, true
}

// errZone is that of a time whose zone is not known.
type errZone string

func (e errZone) Error() string {
	return fmt.Sprintf("ends in %s, which is not a known zone", string(e))
}

// moment reads a date or time, and the name of the zone at its end, if it has one.
func moment(s string) (t Time, name string, err error) {
	if at, ok := plain(s); ok {
		return at, "", nil
	}
	if t, ok := iso(s); ok {
		return t, "", nil
	}
	if long, ok := withOffset(s); ok {
		if t, ok := iso(long); ok {
			return t, "", nil
		}
	}
	if rest, name, ok := cutZone(s); ok {
		t, inner, err := moment(rest)
		switch at, known := zone(name); {
		case err != nil || inner != "":
		case t.zoned:
			return t, name, nil
		case !known:
			return t, "", errZone(name)
		default:
			return byClock(t.At, at), name, nil
		}
	}
	return Time{}, "", errors.New("is not a date or time")
}

// InZone is a moment by the clock of a zone, which may have a name as in ParseTime or be an offset
// such as +02:00; one that is not known is UTC.
func InZone(t time.Time, name string) Time {
	at, ok := zone(name)
	if !ok {
		at = time.UTC
	}
	return in(t.In(at))
}

// byClock is when the clock of a place shows what t reads.
func byClock(t time.Time, place *time.Location) Time {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	return in(time.Date(year, month, day, hour, minute, second, t.Nanosecond(), place))
}

// in is a time with an offset from UTC.
func in(t time.Time) Time {
	return Time{At: t.UTC(), zoned: true, offset: int32(offset(t))}
}

// plain reads 2006-01-02, 2006-01-02T15:04 and 2006-01-02T15:04:05, with a blank for the T or not,
// and an offset or none: what most files have, without the cost of trying all forms.
func plain(s string) (t Time, ok bool) {
	number := func(from, to int) int {
		n := 0
		for _, c := range []byte(s[from:to]) {
			if c < '0' || c > '9' {
				return -1
			}
			n = 10*n + int(c-'0')
		}
		return n
	}
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return t, false
	}
	year, month, day := number(0, 4), number(5, 7), number(8, 10)
	if year < 0 || month < 1 || month > 12 || day < 1 || day > 31 {
		return t, false
	}
	hour, minute, second, at := 0, 0, 0, time.UTC
	if rest := len(s); rest > 10 {
		if rest < 16 || s[10] != 'T' && s[10] != ' ' || s[13] != ':' {
			return t, false
		}
		hour, minute, rest = number(11, 13), number(14, 16), 16
		if len(s) >= 19 && s[16] == ':' {
			second, rest = number(17, 19), 19
		}
		if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
			return t, false
		}
		switch zone := s[rest:]; {
		case zone == "":
		case zone == "Z":
			t.zoned = true
		case len(zone) == 6 && (zone[0] == '+' || zone[0] == '-') && zone[3] == ':':
			h, m := number(rest+1, rest+3), number(rest+4, rest+6)
			if h < 0 || h > 23 || m < 0 || m > 59 {
				return t, false
			}
			if t.zoned, t.offset = true, int32(h*3600+m*60); zone[0] == '-' {
				t.offset = -t.offset
			}
		default:
			return t, false
		}
	}
	t.At = time.Date(year, time.Month(month), day, hour, minute, second-int(t.offset), 0, at)
	local := t.At.Add(time.Duration(t.offset) * time.Second)
	return t, local.Day() == day // the 31st of April is none
}
