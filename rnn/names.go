package rnn

import (
	"fmt"
	"slices"
	"strings"
)

// nameOf is the name of a value of an enumeration that begins at 0.
func nameOf[E ~int](v E, what string, names []string) string {
	if v < 0 || int(v) >= len(names) {
		return fmt.Sprintf("%s(%d)", what, int(v))
	}
	return names[v]
}

// parseName sets v to the value of that name.
func parseName[E ~int](v *E, name []byte, what string, names []string) error {
	i := slices.Index(names, string(name))
	if i < 0 {
		return fmt.Errorf("rnn: %s %q is none of %s", what, name, strings.Join(names, ", "))
	}
	*v = E(i)
	return nil
}
