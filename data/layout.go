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
var clock = regexp.MustCompile(`^(.*\d\p{L}?\.?,?[ T]+)((?:오전|오후) ?)?(\d{1,2}):(\d\d)(:\d\d)?([.,]\d+)?( ?[AaPp][Mm])?( ?[+-]\d\d:?\d\d)?$`)

// layoutsOf are the layouts of package time that read the date s, the likeliest first: several if
// its order is not clear.
func layoutsOf(s string) (fit []string) {
	s = strings.TrimSpace(s)
	if len(s) > longestDate || !utf8.ValidString(s) {
		return nil
	}
	date, rest := s, ""
	if before, name, ok := cutZone(s); ok {
		if _, known := abbreviations[name]; known {
			for _, layout := range layoutsOf(before) {
				if _, err := parseLayout(layout+" MST", s); err == nil {
					fit = append(fit, layout+" MST")
				}
			}
			return fit
		}
	}
	if m := clock.FindStringSubmatch(s); m != nil {
		date, rest = m[1], clockLayout(m[2:])
	}
	for _, layout := range dateLayouts(date) {
		if _, err := parseLayout(layout+rest, s); err == nil {
			fit = append(fit, layout+rest)
		}
	}
	if len(fit) > 1 && !strings.Contains(date, "/") && order(fit[0]) == "day" && order(fit[1]) == "month" {
		fit = slices.Delete(fit, 1, 2) // with points and dashes months do not stand first
	}
	return fit
}

// choice lists layouts in quotation marks, with what stands first in them if they are several.
func choice(fit []string) string {
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

// words are those that package time does not know, and what it has for them: in times, and in
// layouts, where either stands for both.
var (
	words       = strings.NewReplacer("오전", "AM", "오후", "PM")
	layoutWords = strings.NewReplacer("오전", "PM", "오후", "PM")
)

// knownWords is a text with the words that package time knows.
func knownWords(s string) string {
	s = words.Replace(s)
	if i := strings.Index(strings.ToLower(s), "sept"); i >= 0 && len(s) == len(strings.ToLower(s)) {
		if end := i + len("sept"); end == len(s) || !letter(s[end]) {
			s = s[:i+3] + s[end:]
		}
	}
	return s
}

// parseLayout reads a time in a form of package time, in which 오후 may stand for PM. It reads
// Sept and 오전, too, and takes zones by their names.
func parseLayout(layout, s string) (Time, error) {
	layout = layoutWords.Replace(layout)
	t, err := time.Parse(layout, knownWords(strings.TrimSpace(s)))
	if err != nil {
		return Time{}, err
	}
	switch {
	case strings.Contains(layout, "MST") && !strings.Contains(layout, "07"):
		name := t.Location().String()
		at, known := zone(name)
		if !known {
			return Time{}, errZone(name)
		}
		return byClock(t, at), nil
	case strings.Contains(layout, "Z07"), strings.Contains(layout, "-07"):
		return in(t), nil
	}
	return Time{At: t.UTC()}, nil
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
	marker, hour, seconds := m[0], "15", ""
	if m = m[1:]; m[4] != "" || marker != "" {
		hour = "3"
	}
	if m[2] != "" {
		seconds = ":05"
	}
	layout := strings.Replace(marker, "오전", "오후", 1) + hour + ":04" + seconds // fractions of a second are read without being asked for
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
	word = knownWords(word)
	for _, layout := range []string{"Jan", "January", "Mon", "Monday"} {
		if _, err := time.Parse(layout, word); err == nil {
			return layout
		}
	}
	return ""
}
