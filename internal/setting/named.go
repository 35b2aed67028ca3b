package setting

import (
	"fmt"
	"slices"
	"strings"
)

// Named sets v to the place of a name among those of its values, in letters of any case; the
// error of another name lists them.
func Named[E ~int](v *E, name []byte, what string, names []string) error {
	i := slices.Index(names, strings.ToLower(string(name)))
	if i < 0 {
		last := len(names) - 1
		return fmt.Errorf("unknown %s %q: use %s or %s", what, Cut(string(name)), strings.Join(names[:last], ", "), names[last])
	}
	*v = E(i)
	return nil
}
