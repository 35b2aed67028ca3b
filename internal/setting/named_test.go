package setting

import "testing"

func TestNamed(t *testing.T) {
	type kind int
	names := []string{"long", "wide", "found"}
	k := kind(7)
	if err := Named(&k, []byte("Wide"), "kind", names); err != nil || k != 1 {
		t.Error(k, err)
	}
	if err := Named(&k, []byte("flat"), "kind", names); err == nil || err.Error() != `unknown kind "flat": use long, wide or found` || k != 1 {
		t.Error(k, err)
	}
}
