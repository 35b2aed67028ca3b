package rnn

import (
	"maps"
	"slices"
)

// Registered are the names of all registered cells, of which describe gives that of c.
func Registered() []string { return slices.Sorted(maps.Keys(kinds)) }

// RegisteredName is the name of the kind of c, empty if it has none.
func RegisteredName(c Cell) string {
	config, err := ConfigOf(c)
	if err != nil {
		return ""
	}
	k, err := config.kind()
	if err != nil {
		return ""
	}
	return k.name
}
