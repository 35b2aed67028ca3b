package data

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// longestDate is the most bytes in which a date is looked for.
const longestDate = 100

// piece matches the parts of a date: numbers, words, one mark at a time.
var piece = regexp.MustCompile(`\d+|\p{Hangul}+|\p{Han}|[A-Za-z]+|.`)

// clock matches a time of day and its offset from UTC at the end of a text.
var clock = regexp.MustCompile(`^(.*\d\p{L}?\.?,?[ T]+)(\d{1,2}):(\d\d)(:\d\d)?([.,]\d+)?( ?[AaPp][Mm])?( ?[+-]\d\d:?\d\d)?$`)

// layoutLike is a layout of package time that reads the date s, in quotation marks, or those
// that do if its order is not clear; "" if there is none.
func layoutLike(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > longestDate || !utf8.ValidString(s) {
		return ""
	}
	date, rest := s, ""
	if m := clock.FindStringSubmatch(s); m != nil {
		date, rest = m[1], clockLayout(m[2:])
	}
	var fit []string
	for _, layout := range dateLayouts(date) {
		if _, err := time.Parse(layout+rest, s); err == nil {
			fit = append(fit, layout+rest)
		}
	}
	if len(fit) > 1 && !strings.Contains(date, "/") && order(fit[0]) == "day" && order(fit[1]) == "month" {
		fit = slices.Delete(fit, 1, 2) // with points and dashes months do not stand first
	}
	if fit == nil {
		return ""
	}
	hint := strconv.Quote(fit[0])
	if len(fit) == 1 || strings.Contains(fit[0], "Jan") {
		return hint
	}
	hint += " (" + order(fit[0]) + " first)"
	for i, layout := range fit[1:] {
		between := ", "
		if i == len(fit)-2 {
			between = " or "
		}
		hint += between + strconv.Quote(layout) + " (" + order(layout) + " first)"
	}
	return hint
}

// order is what stands first in a layout of numbers.
func order(layout string) string {
	switch {
	case strings.HasPrefix(layout, "06"):
		return "year"
	case strings.HasPrefix(strings.TrimLeft(layout, "0"), "1"):
		return "month"
	}
	return "day"
}

// clockLayout is the layout of the parts that clock finds.
func clockLayout(m []string) string {
	hour, seconds := "15", ""
	if m[4] != "" {
		hour = "3"
	}
	if m[2] != "" {
		seconds = ":05"
	}
	layout := hour + ":04" + seconds // fractions of a second are read without being asked for
	if m[4] != "" {
		layout += m[4][:len(m[4])-2] + "PM"
		if m[4][len(m[4])-2] >= 'a' {
			layout = layout[:len(layout)-2] + "pm"
		}
	}
	if zone := m[5]; zone != "" {
		blank := zone[:len(zone)-len(strings.TrimLeft(zone, " "))]
		layout += blank + "-0700"
		if strings.Contains(zone, ":") {
			layout = layout[:len(layout)-2] + ":00"
		}
	}
	return layout
}

// dateLayouts are the layouts that a date may have, the likeliest first.
func dateLayouts(date string) []string {
	pieces := piece.FindAllString(date, -1)
	var numbers []int // places of those that are not yet known
	year, named, padded := -1, false, true
	for i, p := range pieces {
		switch {
		case p[0] >= '0' && p[0] <= '9':
			n, _ := strconv.Atoi(p)
			switch {
			case len(p) == 4 && n >= 1000 && n < 3000 && year < 0:
				year = i
			case len(p) <= 2:
				numbers = append(numbers, i)
				padded = padded && len(p) == 2
			default:
				return nil
			}
		case strings.Contains("년월일年月日T", p):
			padded = padded && p == "T"
		case 'A' <= p[0] && p[0] <= 'Z' || 'a' <= p[0] && p[0] <= 'z':
			layout := wordLayout(p)
			if layout == "" || named && layout[0] == 'J' {
				return nil
			}
			pieces[i] = layout
			named, padded = named || layout[0] == 'J', false
		case p == " ":
			padded = padded && i == len(pieces)-1
		case !strings.Contains(".,-/", p):
			return nil
		}
	}
	if strings.Contains(date, "/") && strings.ContainsAny(date, ".-") {
		return nil // a quarter, as 2010.1/4
	}
	month, day := "1", "2"
	if padded {
		month, day = "01", "02"
	}
	with := func(parts ...string) string {
		all := append([]string{}, pieces...)
		if year >= 0 {
			all[year] = "2006"
		}
		for k, part := range parts {
			all[numbers[k]] = part
		}
		return strings.Join(all, "")
	}
	dayFirst := func(rest ...string) []string {
		two := []string{with(append([]string{month, day}, rest...)...), with(append([]string{day, month}, rest...)...)}
		if !strings.Contains(date, "/") {
			two[0], two[1] = two[1], two[0]
		}
		return two
	}
	switch n := len(numbers); {
	case named && year >= 0 && n == 1:
		return []string{with(day)}
	case named && year >= 0 && n == 0:
		return []string{with()}
	case named && n == 2:
		return []string{with(day, "06"), with("06", day)}
	case named && n == 1:
		return []string{with("06")}
	case named:
	case year >= 0 && n == 1:
		return []string{with(month)}
	case year >= 0 && n == 2 && year < numbers[0]:
		return []string{with(month, day)}
	case year >= 0 && n == 2:
		return dayFirst()
	case year < 0 && n == 3:
		return append(dayFirst("06"), with("06", month, day))
	}
	return nil
}

// wordLayout is the layout of the name of a month or of a day of the week, "" for others.
func wordLayout(word string) string {
	for _, layout := range []string{"Jan", "January", "Mon", "Monday"} {
		if _, err := time.Parse(layout, word); err == nil {
			return layout
		}
	}
	return ""
}
