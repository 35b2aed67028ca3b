package classify

import (
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/recur-go/recur/task"
)

// Columns of a table for a terminal are straight, with letters of Hangul two columns wide,
// composed.
func TestTableOfHangul(t *testing.T) {
	got := table(task.Part{Head: []string{"label", "F1"}, Rows: [][]string{{norm.NFD.String("긍정적"), "0.900"}, {"no", "1"}}})
	const want = "  label      F1\n  긍정적  0.900\n  no          1\n"
	if got != want {
		t.Errorf("\n%s, want\n%s", got, want)
	}
}
