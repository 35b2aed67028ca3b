package main

import (
	"bytes"
	"fmt"
	"math"
	"strings"
)

// An elementwise kernel: slices, the first of them the one whose length counts,
// scalars, and the body. The comment is the Go it equals.
type kernel struct {
	name    string
	slices  string // "dst a b"; pointers into them
	scalars string
	body    func(b *body)
}

var kernels = []kernel{
	{"add", "dst a b", "", func(b *body) {
		b.store("dst", b.add(b.load("a"), b.load("b")))
	}},
	{"sub", "dst a b", "", func(b *body) {
		b.store("dst", b.sub(b.load("a"), b.load("b")))
	}},
	{"mul", "dst a b", "", func(b *body) {
		b.store("dst", b.mul(b.load("a"), b.load("b")))
	}},
	{"mulAdd", "dst a b", "", func(b *body) {
		b.store("dst", b.fma(b.load("a"), b.load("b"), b.load("dst")))
	}},
	{"addTo", "dst a", "", func(b *body) {
		b.store("dst", b.add(b.load("dst"), b.load("a")))
	}},
	{"axpy", "y x", "alpha", func(b *body) {
		b.store("y", b.fma(b.load("x"), b.scalar("alpha"), b.load("y")))
	}},
	{"scale", "x", "alpha", func(b *body) {
		b.store("x", b.mul(b.load("x"), b.scalar("alpha")))
	}},
	{"lerp", "dst a b w", "", func(b *body) {
		a := b.load("a")
		b.store("dst", b.fma(b.load("w"), b.sub(b.load("b"), a), a))
	}},
	{"relu", "dst src", "", func(b *body) {
		b.store("dst", b.max(b.load("src"), b.num(0)))
	}},
	{"reluGrad", "dx dy y", "", func(b *body) {
		zero := b.num(0)
		b.store("dx", b.add(b.load("dx"), b.gt(b.load("y"), zero, b.load("dy"), zero)))
	}},
	{"tanhGrad", "dx dy y", "", func(b *body) {
		y := b.load("y")
		b.store("dx", b.fma(b.load("dy"), b.fnma(y, y, b.num(1)), b.load("dx")))
	}},
	{"sigmoidGrad", "dx dy y", "", func(b *body) {
		y := b.load("y")
		b.store("dx", b.fma(b.load("dy"), b.fnma(y, y, y), b.load("dx")))
	}},
	{"tanhs", "dst src", "", func(b *body) {
		b.store("dst", b.tanh(b.load("src")))
	}},
	{"sigmoids", "dst src", "", func(b *body) {
		b.store("dst", b.sigmoid(b.load("src")))
	}},
	{"exps", "dst src", "shift", func(b *body) { // e^(src-shift)
		x := b.sub(b.load("src"), b.scalar("shift"))
		b.store("dst", b.exp(b.min(x, b.num(expMax))))
	}},
	{"norm", "dst x gain bias", "mean rstd", func(b *body) {
		x := b.mul(b.sub(b.load("x"), b.scalar("mean")), b.scalar("rstd"))
		b.store("dst", b.fma(x, b.load("gain"), b.load("bias")))
	}},
	{"normGrad", "dx dy x gain", "mean rstd s1 s2", func(b *body) {
		x := b.mul(b.sub(b.load("x"), b.scalar("mean")), b.scalar("rstd"))
		d := b.fma(b.load("dy"), b.load("gain"), b.scalar("s1"))
		b.store("dx", b.fma(b.fma(x, b.scalar("s2"), d), b.scalar("rstd"), b.load("dx")))
	}},
	{"normParams", "dgain dbias dy x", "mean rstd", func(b *body) {
		x := b.mul(b.sub(b.load("x"), b.scalar("mean")), b.scalar("rstd"))
		dy := b.load("dy")
		b.store("dgain", b.fma(dy, x, b.load("dgain")))
		b.store("dbias", b.add(b.load("dbias"), dy))
	}},
	{"adam", "p grad m v", "b1 a1 b2 a2 keep rate scale eps", func(b *body) {
		d := b.load("grad")
		m := b.fma(d, b.scalar("a1"), b.mul(b.load("m"), b.scalar("b1")))
		b.store("m", m)
		v := b.fma(b.mul(d, d), b.scalar("a2"), b.mul(b.load("v"), b.scalar("b2")))
		b.store("v", v)
		step := b.div(b.mul(m, b.scalar("rate")), b.fma(b.sqrt(v), b.scalar("scale"), b.scalar("eps")))
		b.store("p", b.sub(b.mul(b.load("p"), b.scalar("keep")), step))
	}},
	{"momentum", "p grad m", "lr mu decay", func(b *body) {
		p := b.load("p")
		m := b.fma(b.load("m"), b.scalar("mu"), b.fma(p, b.scalar("decay"), b.load("grad")))
		b.store("m", m)
		b.store("p", b.fnma(m, b.scalar("lr"), p))
	}},
	{"nesterov", "p grad m", "lr mu decay", func(b *body) {
		p := b.load("p")
		d := b.fma(p, b.scalar("decay"), b.load("grad"))
		m := b.fma(b.load("m"), b.scalar("mu"), d)
		b.store("m", m)
		b.store("p", b.fnma(b.fma(m, b.scalar("mu"), d), b.scalar("lr"), p))
	}},
}

// The exponential (Cody & Waite 1980): with n = round(x/ln 2) and r = x - n·ln 2,
// |r| <= ln 2 / 2, e^x = 2ⁿ(1 + r + r²q(r)), where q interpolates
// (e^r - 1 - r)/r² in the Chebyshev points of the interval. Adding magic rounds to
// an integer and leaves it in the low bits of the sum.
const (
	magic  = 3 << 22
	log2e  = math.Log2E
	ln2Hi  = 0x1.62e4p-1 // 14 bits, so that n·ln2Hi is exact
	ln2Lo  = math.Ln2 - ln2Hi
	expMin = -104 // below, e^x rounds to 0
	expMax = 89   // above, to +Inf
)

const sign, one = 1 << 31, 127 << 23

// expPoly are the coefficients of q, constant first.
var expPoly = func() []float64 {
	const n, width = 5, math.Ln2 / 2 * 1.01
	var xs, ys []float64
	for i := range n {
		x := width * math.Cos(math.Pi*(float64(i)+0.5)/n)
		var y, f float64 = 0, 0.5 // Σ x^j/(j+2)!
		for j := 2; j < 24; j++ {
			y += f
			f *= x / float64(j+1)
		}
		xs, ys = append(xs, x), append(ys, y)
	}
	// Newton's divided differences, then expanded to powers.
	for j := 1; j < n; j++ {
		for i := n - 1; i >= j; i-- {
			ys[i] = (ys[i] - ys[i-1]) / (xs[i] - xs[i-j])
		}
	}
	c := make([]float64, n)
	for i := n - 1; i >= 0; i-- {
		for j := n - 1; j > 0; j-- {
			c[j] = c[j-1] - xs[i]*c[j]
		}
		c[0] = ys[i] - xs[i]*c[0]
	}
	return c
}()

// reduce returns t = n + magic, n and p = e^r - 1.
func (b *body) reduce(x value) (t, n, p value) {
	m := b.num(magic)
	t = b.fma(x, b.num(log2e), m)
	n = b.sub(t, m)
	r := b.fnma(n, b.num(float32(ln2Lo)), b.fnma(n, b.num(ln2Hi), x))
	q := b.num(float32(expPoly[len(expPoly)-1]))
	for i := len(expPoly) - 2; i >= 0; i-- {
		q = b.fma(q, r, b.num(float32(expPoly[i])))
	}
	return t, n, b.fma(b.mul(r, r), q, r)
}

// exp is e^x for x <= expMax. The result may be subnormal, so 2ⁿ comes in two
// factors where the machine has no instruction for it.
func (b *body) exp(x value) value {
	t, n, p := b.reduce(b.max(x, b.num(expMin)))
	e := b.add(p, b.num(1))
	if b.isa == "avx512" {
		return b.emit("scalef", e, n)
	}
	i := b.isub(t, b.num(magic))
	h := b.sar1(i)
	e = b.mul(e, b.iadd(b.shl23(h), b.bits(one)))
	return b.mul(e, b.iadd(b.shl23(b.isub(i, h)), b.bits(one)))
}

// sigmoid is 1/(1+z) or z/(1+z) with z = e^-|x|.
func (b *body) sigmoid(x value) value {
	z := b.exp(b.or(x, b.bits(sign)))
	num := b.gt(x, b.num(0), b.num(1), z)
	return b.div(num, b.add(z, b.num(1)))
}

// tanh is u/(u+2) with u = e^(2|x|) - 1 = 2ⁿp + (2ⁿ-1), and the sign of x.
func (b *body) tanh(x value) value {
	a := b.and(x, b.bits(sign-1))
	a = b.min(a, b.num(10))
	t, _, p := b.reduce(b.add(a, a))
	s := b.iadd(b.shl23(t), b.bits(one))
	u := b.fma(s, p, b.sub(s, b.num(1)))
	y := b.div(u, b.add(u, b.num(2)))
	return b.or(y, b.and(x, b.bits(sign)))
}

// An isa writes one kernel of this instruction set.
type isa interface {
	suffix() string
	vector(out *bytes.Buffer, k kernel)
	data(out *bytes.Buffer)
}

func vectors(to isa, out, stubs *bytes.Buffer) {
	for _, k := range kernels {
		to.vector(out, k)
		fmt.Fprintf(stubs, "\n//go:noescape\nfunc %s%s(n int, %s *float32%s)\n", k.name, to.suffix(), commas(k.slices), scalarParams(k, "float32"))
	}
	to.data(out)
}

func commas(fields string) string { return strings.Join(strings.Fields(fields), ", ") }

func scalarParams(k kernel, typ string) string {
	if k.scalars == "" {
		return ""
	}
	return ", " + commas(k.scalars) + " " + typ
}

func scalarArgs(k kernel) string {
	if k.scalars == "" {
		return ""
	}
	return ", " + commas(k.scalars)
}

// constants writes the numbers above for the Go twins.
func constants(out *bytes.Buffer) {
	out.WriteString("\nconst (\n")
	for _, c := range []struct {
		name string
		v    float64
	}{{"log2e", log2e}, {"ln2Hi", ln2Hi}, {"ln2Lo", ln2Lo}, {"expMin", expMin}, {"expMax", expMax}} {
		fmt.Fprintf(out, "%s = %v\n", c.name, float32(c.v))
	}
	out.WriteString(")\n\n// expPoly are the coefficients of (e^r-1-r)/r², constant first.\nvar expPoly = [...]float32{")
	for _, c := range expPoly {
		fmt.Fprintf(out, "%v, ", float32(c))
	}
	out.WriteString("}\n")
}

func params(k kernel) (ptrs, scalars []string, size int) {
	ptrs, scalars = strings.Fields(k.slices), strings.Fields(k.scalars)
	return ptrs, scalars, 8 + 8*len(ptrs) + 4*len(scalars)
}

func signature(k kernel, suffix string) string {
	return fmt.Sprintf("func %s%s(n int, %s *float32%s)", k.name, suffix, commas(k.slices), scalarParams(k, "float32"))
}

// The dispatchers: a switch of the tier, in runs short enough for the garbage
// collector to stop between them.

func dispatchHead(out *bytes.Buffer, k kernel) {
	fmt.Fprintf(out, "\nfunc %s(%s []Float%s) {\n", k.name, commas(k.slices), scalarParams(k, "Float"))
}

func goCall(k kernel) string {
	return fmt.Sprintf("%sGo(%s%s)", k.name, commas(k.slices), scalarArgs(k))
}

func refs(k kernel, index string) string {
	var s []string
	for _, p := range strings.Fields(k.slices) {
		s = append(s, fmt.Sprintf("&%s[%s]", p, index))
	}
	return strings.Join(s, ", ")
}

// lead is the slice whose length counts: the last one, which is always read.
func lead(k kernel) string {
	f := strings.Fields(k.slices)
	return f[len(f)-1]
}

func dispatchAMD64(out *bytes.Buffer) {
	for _, k := range kernels {
		dispatchHead(out, k)
		fmt.Fprintf(out, "if tier == goTier {\n%s\nreturn\n}\n", goCall(k))
		fmt.Fprintf(out, "for i, n := 0, len(%s); i < n; i += run {\n", lead(k))
		fmt.Fprintf(out, "if tier == avx512Tier {\n%s512(min(run, n-i), %s%s)\n", k.name, refs(k, "i"), scalarArgs(k))
		fmt.Fprintf(out, "} else {\n%s256(min(run, n-i), %s%s)\n}\n}\n}\n", k.name, refs(k, "i"), scalarArgs(k))
	}
}

// NEON has no masks: the last lanes go through a vector on the stack.
func dispatchARM64(out *bytes.Buffer) {
	for _, k := range kernels {
		dispatchHead(out, k)
		fmt.Fprintf(out, "if tier == goTier {\n%s\nreturn\n}\n", goCall(k))
		fmt.Fprintf(out, "n := len(%s)\nfull := n &^ 3\n", lead(k))
		fmt.Fprintf(out, "for i := 0; i < full; i += run {\n%sNEON(min(run, full-i), %s%s)\n}\n", k.name, refs(k, "i"), scalarArgs(k))
		ptrs := strings.Fields(k.slices)
		fmt.Fprintf(out, "if full < n {\nvar t [%d][4]Float\n", len(ptrs))
		var args []string
		for i, p := range ptrs {
			fmt.Fprintf(out, "copy(t[%d][:n-full], %s[full:])\n", i, p)
			args = append(args, fmt.Sprintf("&t[%d][0]", i))
		}
		fmt.Fprintf(out, "%sNEON(4, %s%s)\n", k.name, strings.Join(args, ", "), scalarArgs(k))
		stored := map[string]bool{}
		b := newBody("neon")
		k.body(b)
		for _, in := range b.insts {
			if in.op == "store" {
				stored[in.name] = true
			}
		}
		for i, p := range ptrs {
			if stored[p] {
				fmt.Fprintf(out, "copy(%s[full:n], t[%d][:])\n", p, i)
			}
		}
		out.WriteString("}\n}\n")
	}
}

func dispatchGo(out *bytes.Buffer) {
	for _, k := range kernels {
		dispatchHead(out, k)
		fmt.Fprintf(out, "%s\n}\n", goCall(k))
	}
}
