package grad

import "github.com/recur-go/recur/internal/kernel"

// A leaf that many products of one way back read, as a cell's weights are at each
// step, is packed once for all of them. Its bits stay those of unpacked products.

// packAfter is the number of products with a leaf before it is packed.
const packAfter = 2

// A factor is a leaf w [k, n] as the right factor wᵀ.
type factor struct {
	uses   int // products in this run of Backward
	packed kernel.Packed
}

// timesT adds dy·wᵀ to the gradient of x, for dy [m, n] and w [k, n].
func (g *Tape) timesT(x *Var, m int, dy []Float, w *Var) {
	k, n := w.Dim(0), w.Dim(1)
	dx, unset := g.first(x)
	f := g.factor(w, m)
	switch {
	case f != nil && unset:
		f.packed.Mul(m, dy, n, nil, dx, k)
	case f != nil:
		f.packed.MulAdd(m, dy, n, dx, k)
	case unset:
		kernel.GemmNTBias(m, k, n, dy, n, w.Value.Data, n, nil, dx, k)
	default:
		kernel.GemmNT(m, k, n, dy, n, w.Value.Data, n, dx, k)
	}
}

// factor returns wᵀ packed, or nil if that is not worth while for m rows.
func (g *Tape) factor(w *Var, m int) *factor {
	if w.tape != nil || m < 2 {
		return nil
	}
	f := g.factors[w]
	if f == nil {
		if g.factors == nil {
			g.factors = map[*Var]*factor{}
		}
		f = new(factor)
		g.factors[w] = f
	}
	f.uses++
	if f.uses <= packAfter {
		return nil
	}
	if f.uses == packAfter+1 {
		f.packed.PackT(w.Dim(1), w.Dim(0), w.Value.Data, w.Dim(1))
	}
	return f
}

// forget makes the next run begin anew: the leaves may have changed.
func (g *Tape) forget() {
	for _, f := range g.factors {
		f.uses = 0
	}
}
