package data

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var quoted = regexp.MustCompile(`"[^"]*"`)

// hintOf is the choice of layouts for a date, "" for none.
func hintOf(s string) string {
	if fit := layoutsOf(s); fit != nil {
		return choice(fit)
	}
	return ""
}

// readBy checks that each layout of a hint for the date s reads it.
func readBy(t *testing.T, hint, s string) {
	t.Helper()
	layouts := quoted.FindAllString(hint, -1)
	if hint != "" && len(layouts) == 0 {
		t.Errorf("%q: the hint %q has no layout", s, hint)
	}
	for _, q := range layouts {
		layout, err := strconv.Unquote(q)
		if err == nil {
			_, err = parseLayout(layout, s)
		}
		if err != nil {
			t.Errorf("%q by %s: %v", s, q, err)
		}
	}
}

// The hint for a date that is not ISO is a layout that reads it.
func TestLayoutLike(t *testing.T) {
	for s, want := range map[string]string{
		"Jan 1 2000":               `"Jan 2 2006"`,
		"January 21, 2000":         `"January 2, 2006"`,
		"1 Jan 2000 10:30":         `"2 Jan 2006 15:04"`,
		"Sat, 1 Jan 2000":          `"Mon, 2 Jan 2006"`,
		"Jan-18":                   `"Jan-06"`,
		"1-Jan-18":                 `"2-Jan-06"`,
		"Jan 2000":                 `"Jan 2006"`,
		"2018년 9월 1일":              `"2006년 1월 2일"`,
		"2018년 12월":                `"2006년 1월"`,
		"2018년 12월 11일 09:00":      `"2006년 1월 2일 15:04"`,
		"2018. 9. 1.":              `"2006. 1. 2."`,
		"2018. 10. 11.":            `"2006. 1. 2."`,
		"2018. 9. 1. 10:30":        `"2006. 1. 2. 15:04"`,
		"2018年9月1日":                `"2006年1月2日"`,
		"2018.09.01":               `"2006.01.02"`,
		"2018-9-1":                 `"2006-1-2"`,
		"01.02.2018":               `"02.01.2006"`,
		"1.2.2018":                 `"2.1.2006"`,
		"31.12.18":                 `"02.01.06" (day first) or "06.01.02" (year first)`,
		"24/01/01":                 `"02/01/06" (day first) or "06/01/02" (year first)`,
		"04/05/06":                 `"01/02/06" (month first), "02/01/06" (day first) or "06/01/02" (year first)`,
		"24-03-05":                 `"02-01-06" (day first) or "06-01-02" (year first)`,
		"2010.1/4":                 "",
		"13/02/2024 10:30":         `"02/01/2006 15:04"`,
		"02/13/2024":               `"01/02/2006"`,
		"2/3/2024":                 `"1/2/2006" (month first) or "2/1/2006" (day first)`,
		"2/13/2024 3:04:05 PM":     `"1/2/2006 3:04:05 PM"`,
		"13-02-2024 10:30 +09:00":  `"02-01-2006 15:04 -07:00"`,
		"05/2024":                  `"01/2006"`,
		"week 3 2018":              "",
		"2018년 하반기":                "",
		"soon":                     "",
		"1.5":                      "",
		"":                         "",
		"32.13.2018":               "",
		"Jan Feb 2018":             "",
		"2018-09-01T10:00:00+0900": `"2006-01-02T15:04:05-0700"`,
		"18/Sep/01":                `"2/Jan/06"`,
		"01-JAN-2018 10:00 PM":     `"2-Jan-2006 3:04 PM"`,
		"1.2.18":                   `"2.1.06"`,
		"2018-13-45":               "",
		"Sept 1, 2018":             `"Jan 2, 2006"`,
		"1 sept. 2018 10:00":       `"2 Jan. 2006 15:04"`,
		"13/02/2024 10:30 UTC":     `"02/01/2006 15:04 MST"`,
		"1.2.2024 10:30 CET":       `"2.1.2006 15:04 MST"`,
		"1.2.2024 10:30 XYZ":       "",
		"Septuary 1, 2018":         "",
		"2018/9/1 오전 10:00":        `"2006/1/2 오후 3:04"`,
		"2018-09-01 오후 1:02:03":    `"2006-01-02 오후 3:04:05"`,
		"2018. 9. 1. 오후 12:30":     `"2006. 1. 2. 오후 3:04"`,
		"2018/9/1 오전10:00":         `"2006/1/2 오후3:04"`,
		"2018/9/1 오전 13:00":        "",
		"2018\xeb9\xeb1":           "",
	} {
		got := hintOf(s)
		if got != want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
		readBy(t, got, s)
	}
	if got := hintOf(strings.Repeat("1 ", 8<<20)); got != "" { // at once
		t.Errorf("a long text: %s", got)
	}
}

func FuzzLayoutLike(f *testing.F) {
	for _, s := range []string{"2018-13-45", "1.2.18", "Sept 1, 2018", "01-JAN-2018 10:00 PM", "2018/9/1 오전 10:00", "Tue 2/3/2024 3:04:05.5 pm +0900", "2018년 12월 11일", "18/Sep/01", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { readBy(t, hintOf(s), s) })
}
