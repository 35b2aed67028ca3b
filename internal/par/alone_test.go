package par

import (
	"runtime"
	"testing"
)

// onCaller notes the order of the pieces, which only one goroutine keeps.
type onCaller struct{ order []int }

func (c *onCaller) Piece(i int)   { c.order = append(c.order, i) }
func (c *onCaller) Step(t, i int) { c.order = append(c.order, 10*t+i) }

func TestAlone(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	quiet(t)
	outer, inner := Alone(), Alone()
	before := Calls()
	for range 2 { // with both, then with one of them
		if n := Cores(); n != 1 {
			t.Errorf("%d cores", n)
		}
		c := new(onCaller)
		Do(50, c)
		Steps(5, 10, c)
		for i, v := range c.order {
			if v != i%50 {
				t.Fatalf("piece %d came in place of %d", v, i%50)
			}
		}
		if len(c.order) != 100 {
			t.Errorf("%d pieces ran, want 100", len(c.order))
		}
		For(50, 1, func(int, int) {})
		inner()
		inner = func() {}
	}
	if n := Calls() - before; n != 0 {
		t.Errorf("helpers were called %d times", n)
	}
	outer()
	if n := Cores(); n != 4 {
		t.Errorf("%d cores once alone no more", n)
	}
	Do(4, meeting{make(chan bool)}) // would hang without helpers
	if n := Calls() - before; n < 1 {
		t.Errorf("helpers were called %d times, and did meet", n)
	}
}

func TestAloneEndsOnce(t *testing.T) {
	end := Alone()
	end()
	defer alone.Store(0)
	defer func() {
		if recover() == nil {
			t.Error("the end was called twice without a panic")
		}
	}()
	end()
}

func TestAloneDoesNotAllocate(t *testing.T) {
	c := new(count)
	if n := testing.AllocsPerRun(100, func() {
		defer Alone()()
		Do(4, c)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
