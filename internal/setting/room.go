package setting

import (
	"fmt"
	"strings"

	"github.com/recur-go/recur/internal/fault"
)

// What training may take. A value has 4 bytes.
const (
	// MaxParams bounds the parameters of a net: with their gradients, the averages of Adam and
	// the copy of the best they take 6 GiB.
	MaxParams = 1 << 28
	// MaxValues bounds what the layers of a net keep in a step of training: 16 GiB.
	MaxValues = 1 << 32
)

// A Size is a setting that makes a net or a step of training large.
type Size struct {
	Name string
	N    int
}

// Room is an error of class fault.Usage if a net has more parameters than MaxParams, which is
// because of the sizes.
func Room(system string, params int, of ...Size) error {
	return room(system, float64(params), MaxParams, "a net of %.3g parameters, want at most %d", of)
}

// StepRoom is Room for the values that layers of a width in all keep in a step of training, of
// so many rows of so many steps in time.
func StepRoom(system string, rows, steps, width int, of ...Size) error {
	return room(system, float64(rows)*float64(steps)*float64(width), MaxValues, "steps of training of %.3g values, want at most %d", of)
}

func room(system string, n float64, most int, format string, of []Size) error {
	if n >= 0 && n <= float64(most) {
		return nil
	}
	var sizes []string
	var largest Size // the first to make smaller: 512 has room in most nets
	for _, s := range of {
		if s.N > largest.N {
			largest = s
		}
		sizes = append(sizes, fmt.Sprintf("%s %d", s.Name, s.N))
	}
	return fault.Errorf(fault.Usage, "%s: %s would make "+format+": give smaller ones, such as --set %s=%d",
		system, strings.Join(sizes, ", "), n, most, largest.Name, max(1, min(largest.N/4, 512)))
}
