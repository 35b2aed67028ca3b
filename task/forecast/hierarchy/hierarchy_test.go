package hierarchy

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func made(t *testing.T) *Hierarchy {
	t.Helper()
	h, err := New([][]string{{"north", "a"}, {"north", "b"}, {"south", "a"}, {"south", "c"}, {"south", "d"}})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestNew(t *testing.T) {
	h := made(t)
	if want := []string{"total", "north", "south", "north/a", "north/b", "south/a", "south/c", "south/d"}; !slices.Equal(h.Names, want) {
		t.Errorf("%q, want %q", h.Names, want)
	}
	if got, want := fmt.Sprint(h.Sums), "[[3 4 5 6 7] [3 4] [5 6 7]]"; got != want || h.Bottom() != 3 || h.Level(0) != 0 || h.Level(2) != 1 || h.Level(7) != 2 {
		t.Errorf("sums %s, want %s", got, want)
	}
	for _, bad := range [][][]string{nil, {{"a"}}, {{"a"}, {"a"}}, {{"a", "b"}, {"a"}}, {{"total"}, {"b"}}, {{"total", "a"}, {"b", "c"}}, {{}, {}}} {
		if _, err := New(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

// addsUp reports whether all sums are those of the bottom.
func addsUp(h *Hierarchy, f [][]float64) bool {
	for i, sum := range h.Sums {
		for t := range f[i] {
			var of float64
			for _, b := range sum {
				of += f[b][t]
			}
			if of != f[i][t] {
				return false
			}
		}
	}
	return true
}

// What MinT gives adds up, leaves alone what does already, and is the projection of its
// definition, S·(Sᵀ·W⁻¹·S)⁻¹·Sᵀ·W⁻¹·f.
func TestMinT(t *testing.T) {
	h := made(t)
	r := rand.New(rand.NewPCG(1, 2))
	n := len(h.Names)
	draw := func(steps int) [][]float64 {
		v := make([][]float64, n)
		for i := range v {
			for range steps {
				v[i] = append(v[i], 10+r.NormFloat64())
			}
		}
		return v
	}
	for name, errs := range map[string][][]float64{"by counts": nil, "by errors": draw(30), "no errors": make([][]float64, n)} {
		p, err := h.MinT(errs)
		if err != nil {
			t.Fatal(err)
		}
		f := draw(4)
		got := p.Apply(f)
		if !addsUp(h, got) {
			t.Errorf("%s: %v does not add up", name, got)
		}
		again := p.Apply(got)
		want := h.direct(h.weights(errs), f)
		for i := range got {
			for k := range got[i] {
				if math.Abs(again[i][k]-got[i][k]) > 1e-9 || math.Abs(want[i][k]-got[i][k]) > 1e-8 {
					t.Errorf("%s: series %d, step %d: %v, again %v, want %v", name, i, k, got[i][k], again[i][k], want[i][k])
				}
			}
		}
	}
	up := h.BottomUp(draw(3))
	if !addsUp(h, up) {
		t.Error("bottom-up does not add up")
	}
	if _, err := h.MinT(draw(3)[:4]); err == nil {
		t.Error("errors of too few series are accepted")
	}
}

// direct is the textbook form, in dense matrices.
func (h *Hierarchy) direct(w func(i, j int) float64, f [][]float64) [][]float64 {
	n, first := len(h.Names), h.Bottom()
	m := n - first
	s := func(i, b int) float64 {
		if i >= first && i-first == b || i < first && slices.Contains(h.Sums[i], first+b) {
			return 1
		}
		return 0
	}
	full := make([][]float64, n)
	for i := range full {
		full[i] = make([]float64, n)
		for j := range full[i] {
			full[i][j] = w(i, j)
		}
	}
	l, _ := cholesky(full)
	inverse := make([][]float64, n)
	for i := range inverse {
		e := make([]float64, n)
		e[i] = 1
		inverse[i] = l.solve(e)
	}
	swi := make([][]float64, m) // Sᵀ·W⁻¹
	for b := range swi {
		swi[b] = make([]float64, n)
		for j := range n {
			for i := range n {
				swi[b][j] += s(i, b) * inverse[i][j]
			}
		}
	}
	normal := make([][]float64, m)
	for a := range normal {
		normal[a] = make([]float64, m)
		for b := range normal[a] {
			for j := range n {
				normal[a][b] += swi[a][j] * s(j, b)
			}
		}
	}
	l, _ = cholesky(normal)
	out := make([][]float64, n)
	for i := range out {
		out[i] = make([]float64, len(f[0]))
	}
	for k := range f[0] {
		right := make([]float64, m)
		for b := range right {
			for j := range n {
				right[b] += swi[b][j] * f[j][k]
			}
		}
		bottom := l.solve(right)
		for i := range out {
			for b := range bottom {
				out[i][k] += s(i, b) * bottom[b]
			}
		}
	}
	return out
}

// Where sums are known well and parts are not, parts learn from sums.
func TestMinTLearnsFromSums(t *testing.T) {
	h, err := New([][]string{{"a"}, {"b"}})
	if err != nil {
		t.Fatal(err)
	}
	errs := [][]float64{{0.1, -0.1, 0.1, -0.1}, {5, -5, -5, 5}, {5, 5, -5, -5}}
	p, err := h.MinT(errs)
	if err != nil {
		t.Fatal(err)
	}
	f := p.Apply([][]float64{{20}, {8}, {8}})
	if math.Abs(f[0][0]-20) > 0.1 || math.Abs(f[1][0]-10) > 0.1 {
		t.Errorf("%v, want the parts to rise to the sum", f)
	}
}

func ExampleHierarchy_MinT() {
	h, err := New([][]string{{"north", "a"}, {"north", "b"}, {"south", "c"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := h.MinT(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	f := p.Apply([][]float64{{60}, {30}, {20}, {10}, {20}, {20}}) // of total, north, south, a, b and c
	for i, name := range h.Names {
		fmt.Printf("%s %.1f\n", name, f[i][0])
	}
	// Output:
	// total 53.3
	// north 32.2
	// south 21.1
	// north/a 11.1
	// north/b 21.1
	// south/c 21.1
}
