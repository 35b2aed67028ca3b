package setting

import (
	"fmt"
	"strings"

	"github.com/recur-go/recur/internal/fault"
)

// Unknown is the error for a name that is none of the known ones, which it lists: a preset,
// a task, a kind of cell. It is of class fault.Usage.
func Unknown[S ~string](what string, name S, known []S) error {
	return fault.Errorf(fault.Usage, "there is no %s %q; there are %s", what, string(name), List(known))
}

// List writes names as text.
func List[S ~string](names []S) string {
	var b strings.Builder
	for i, n := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprint(&b, string(n))
	}
	return b.String()
}
