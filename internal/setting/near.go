package setting

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/recur-go/recur/internal/fault"
)

// Unknown is the error for a name that is none of the known ones: a preset, a task, a kind
// of cell. It names what is near, or else all of them, and is of class fault.Usage.
func Unknown[S ~string](what string, name S, known []S) error {
	return fault.Errorf(fault.Usage, "there is no %s %q; %s", what, Cut(string(name)), Suggest(name, known))
}

// Suggest names what is near name, or else all that is known.
func Suggest[S ~string](name S, known []S) string {
	if now, ok := renamed[string(name)]; ok && slices.Contains(known, S(now)) {
		return fmt.Sprintf("it is called %q now", now)
	}
	if meant := Meant(name, known); meant != "" {
		return meant
	}
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = string(k)
	}
	return "choose from " + strings.Join(names, ", ")
}

// Meant asks whether the nearest known name was meant; "" if none is near enough.
func Meant[S ~string](name S, known []S) string {
	if near, ok := Nearest(name, known); ok {
		return fmt.Sprintf("did you mean %q?", string(near))
	}
	return ""
}

// Nearest returns the known name that is meant by name, if one is near enough: a few
// letters differ, or it alone begins so.
func Nearest[S ~string](name S, known []S) (nearest S, ok bool) {
	given := strings.ToLower(string(name))
	if len(given) > 64 { // no slip of a finger
		return "", false
	}
	least, longer := len(given)+1, 0
	var whole S
	for _, k := range known {
		lower := strings.ToLower(string(k))
		if d := distance(given, lower); d < least {
			nearest, least = k, d
		}
		if len(given) >= 3 && strings.HasPrefix(lower, given) {
			whole = k
			longer++
		}
	}
	switch {
	case least <= max(2, len(given)/3) && 2*least <= len(given):
		return nearest, true
	case longer == 1:
		return whole, true
	}
	return "", false
}

// distance is the number of letters to change, add, take away, or swap with the next
// (optimal string alignment; Damerau 1964).
func distance(a, b string) int {
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}

// Cut shortens a text of the input to at most a line, for an error.
func Cut(s string) string {
	const most = 60
	if line, _, more := strings.Cut(s, "\n"); more {
		s = line + "…"
	}
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// Plural counts things for a message, 1 step or 2 steps.
func Plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Quoted lists names for a message, "a", "b", at most twelve of them.
func Quoted(names []string) string {
	const most = 12
	var b strings.Builder
	for i, name := range names[:min(len(names), most)] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(Cut(name)))
	}
	if more := len(names) - most; more > 0 {
		fmt.Fprintf(&b, " and %d more", more)
	}
	return b.String()
}
