package columns

import (
	"slices"
	"testing"
)

func TestWidth(t *testing.T) {
	for text, want := range map[string]int{"": 0, "abc": 3, "한글": 4, "한 a…": 5, "한": 2, "e\u0301": 1, "█": 1} {
		if got := Width(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
	if got := Pad("한글", 6); got != "한글  " {
		t.Errorf("%q", got)
	}
	if got := Wrap("하나 둘 셋 pneumonoultramicroscopic  네", 10); !slices.Equal(got, []string{"하나 둘 셋", "pneumonoultramicroscopic", "네"}) {
		t.Errorf("%q", got)
	}
}
