package main

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// An elementwise kernel. A slice "gates/4" has four parts, g.0 to g.3, stride apart.
// The definition is the Go function of the same name and the ending Go.
type kernel struct {
	name    string
	slices  string
	scalars string
	body    func(b *body)
}

type slice struct {
	name  string
	parts int
}

func (k kernel) each() (list []slice) {
	for _, f := range strings.Fields(k.slices) {
		name, parts, _ := strings.Cut(f, "/")
		n, _ := strconv.Atoi(parts)
		list = append(list, slice{name, max(n, 1)})
	}
	return list
}

// parted reports whether a slice has parts: then the kernel takes n and stride.
func (k kernel) parted() bool { return strings.Contains(k.slices, "/") }

func (k kernel) names() string {
	var s []string
	for _, x := range k.each() {
		s = append(s, x.name)
	}
	return strings.Join(s, ", ")
}

// pointer splits the name of a load or store into the slice and the part.
func (k kernel) pointer(name string) (index, part int) {
	name, p, _ := strings.Cut(name, ".")
	part, _ = strconv.Atoi(p)
	return slices.IndexFunc(k.each(), func(s slice) bool { return s.name == name }), part
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
		b.store("dx", b.fma(b.load("dy"), b.mul(y, b.sub(b.num(1), y)), b.load("dx")))
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
	{"shift", "dst x", "by", func(b *body) {
		b.store("dst", b.sub(b.load("x"), b.scalar("by")))
	}},
	{"norm", "y xhat gain bias", "inv", func(b *body) { // xhat begins as x - mean
		x := b.mul(b.load("xhat"), b.scalar("inv"))
		b.store("xhat", x)
		b.store("y", b.fma(x, b.load("gain"), b.load("bias")))
	}},
	{"normGrad", "dx dy xhat gain", "inv mean along", func(b *body) {
		d := b.sub(b.mul(b.load("dy"), b.load("gain")), b.scalar("mean"))
		d = b.fnma(b.load("xhat"), b.scalar("along"), d)
		b.store("dx", b.fma(d, b.scalar("inv"), b.load("dx")))
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
	{"lstm", "gates/4 c tc m", "", func(b *body) {
		i := b.sigmoid(b.load("gates.0"))
		b.store("gates.0", i)
		u := b.tanh(b.load("gates.2"))
		b.store("gates.2", u)
		iu := b.mul(i, u)
		f := b.sigmoid(b.load("gates.1"))
		b.store("gates.1", f)
		c := b.fma(f, b.load("c"), iu)
		b.store("c", c)
		t := b.tanh(c)
		b.store("tc", t)
		o := b.sigmoid(b.load("gates.3"))
		b.store("gates.3", o)
		b.store("m", b.mul(o, t))
	}},
	{"lstmGrad", "dg/4 dc dm gates/4 c tc", "", func(b *body) {
		one := b.num(1)
		o, t, d := b.load("gates.3"), b.load("tc"), b.load("dm")
		do := b.mul(d, o)
		b.store("dg.3", b.mul(b.mul(do, t), b.sub(one, o)))
		e := b.fma(do, b.fnma(t, t, one), b.load("dc"))
		i, u := b.load("gates.0"), b.load("gates.2")
		ei := b.mul(e, i)
		b.store("dg.0", b.mul(b.mul(ei, u), b.sub(one, i)))
		b.store("dg.2", b.mul(ei, b.fnma(u, u, one)))
		f := b.load("gates.1")
		ef := b.mul(e, f)
		b.store("dg.1", b.mul(b.mul(ef, b.load("c")), b.sub(one, f)))
		b.store("dc", ef)
	}},
	{"lstmPeep", "gates/4 c tc m p/3", "low high", func(b *body) {
		last := b.load("c")
		i := b.sigmoid(b.fma(last, b.load("p.0"), b.load("gates.0")))
		b.store("gates.0", i)
		u := b.tanh(b.load("gates.2"))
		b.store("gates.2", u)
		iu := b.mul(i, u)
		f := b.sigmoid(b.fma(last, b.load("p.1"), b.load("gates.1")))
		b.store("gates.1", f)
		c := b.max(b.min(b.fma(f, last, iu), b.scalar("high")), b.scalar("low"))
		b.store("c", c)
		o := b.sigmoid(b.fma(c, b.load("p.2"), b.load("gates.3")))
		b.store("gates.3", o)
		t := b.tanh(c)
		b.store("tc", t)
		b.store("m", b.mul(o, t))
	}},
	{"lstmPeepGrad", "dg/4 dc tc dm gates/4 c p/3", "low high", func(b *body) {
		one, zero := b.num(1), b.num(0)
		o, t := b.load("gates.3"), b.load("tc")
		do := b.mul(b.load("dm"), o)
		a := b.mul(b.mul(do, t), b.sub(one, o))
		e := b.fma(do, b.fnma(t, t, one), b.load("dc"))
		e = b.fma(a, b.load("p.2"), e)
		b.store("dg.3", a)
		i, u, f, last := b.load("gates.0"), b.load("gates.2"), b.load("gates.1"), b.load("c")
		c := b.fma(f, last, b.mul(i, u))
		e = b.gt(c, b.scalar("high"), zero, b.gt(b.scalar("low"), c, zero, e))
		b.store("tc", b.max(b.min(c, b.scalar("high")), b.scalar("low")))
		ei := b.mul(e, i)
		b.store("dg.2", b.mul(ei, b.fnma(u, u, one)))
		ai := b.mul(b.mul(ei, u), b.sub(one, i))
		b.store("dg.0", ai)
		ef := b.mul(e, f)
		af := b.mul(b.mul(ef, last), b.sub(one, f))
		b.store("dg.1", af)
		b.store("dc", b.fma(af, b.load("p.1"), b.fma(ai, b.load("p.0"), ef)))
	}},
	{"gru", "gates/3 q y w/3 h", "", func(b *body) {
		r := b.sigmoid(b.add(b.load("gates.0"), b.load("w.0")))
		b.store("gates.0", r)
		q := b.load("w.2")
		b.store("q", q)
		u := b.tanh(b.fma(r, q, b.load("gates.2")))
		b.store("gates.2", u)
		z := b.sigmoid(b.add(b.load("gates.1"), b.load("w.1")))
		b.store("gates.1", z)
		b.store("y", b.fma(z, b.sub(b.load("h"), u), u))
	}},
	{"gruGrad", "dg/3 dw/3 d gates/3 h q", "", func(b *body) {
		one := b.num(1)
		e, z, u := b.load("d"), b.load("gates.1"), b.load("gates.2")
		ez := b.mul(e, z)
		b.store("d", ez)
		y := b.sub(one, z)
		dz := b.mul(b.mul(ez, b.sub(b.load("h"), u)), y)
		b.store("dg.1", dz)
		b.store("dw.1", dz)
		du := b.mul(b.mul(e, y), b.fnma(u, u, one))
		b.store("dg.2", du)
		r := b.load("gates.0")
		dur := b.mul(du, r)
		b.store("dw.2", dur)
		dr := b.mul(b.mul(dur, b.load("q")), b.sub(one, r))
		b.store("dg.0", dr)
		b.store("dw.0", dr)
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
		fmt.Fprintf(stubs, "\n//go:noescape\n%s\n", signature(k, to.suffix()))
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

// offsets of the arguments in the frame: n, stride, pointers, scalars.
func (k kernel) offsets() (pointers, scalars, size int) {
	pointers = 8
	if k.parted() {
		pointers = 16
	}
	scalars = pointers + 8*len(k.each())
	return pointers, scalars, scalars + 4*len(strings.Fields(k.scalars))
}

func signature(k kernel, suffix string) string {
	n := "n"
	if k.parted() {
		n = "n, stride"
	}
	return fmt.Sprintf("func %s%s(%s int, %s *float32%s)", k.name, suffix, n, k.names(), scalarParams(k, "float32"))
}

// The dispatchers: a switch of the tier, in runs short enough for the garbage
// collector to stop between them.

func dispatchHead(out *bytes.Buffer, k kernel) {
	n := ""
	if k.parted() {
		n = "n, stride int, "
	}
	fmt.Fprintf(out, "\nfunc %s(%s%s []Float%s) {\n", k.name, n, k.names(), scalarParams(k, "Float"))
}

func goCall(k kernel) string {
	n := ""
	if k.parted() {
		n = "n, stride, "
	}
	return fmt.Sprintf("%sGo(%s%s%s)", k.name, n, k.names(), scalarArgs(k))
}

// args are the arguments of a run of n elements from index on.
func args(k kernel, n, index string) string {
	s := []string{n}
	if k.parted() {
		s = append(s, "stride")
	}
	for _, p := range k.each() {
		s = append(s, fmt.Sprintf("&%s[%s]", p.name, index))
	}
	return strings.Join(s, ", ") + scalarArgs(k)
}

// length is how many elements a kernel handles.
func length(k kernel) string {
	if k.parted() {
		return "n"
	}
	all := k.each()
	return fmt.Sprintf("len(%s)", all[len(all)-1].name)
}

func dispatchAMD64(out *bytes.Buffer) {
	for _, k := range kernels {
		dispatchHead(out, k)
		fmt.Fprintf(out, "if tier == goTier {\n%s\nreturn\n}\n", goCall(k))
		fmt.Fprintf(out, "for i, n := 0, %s; i < n; i += run {\n", length(k))
		fmt.Fprintf(out, "if tier == avx512Tier {\n%s512(%s)\n", k.name, args(k, "min(run, n-i)", "i"))
		fmt.Fprintf(out, "} else {\n%s256(%s)\n}\n}\n}\n", k.name, args(k, "min(run, n-i)", "i"))
	}
}

// NEON has no masks: the last lanes go through vectors on the stack.
func dispatchARM64(out *bytes.Buffer) {
	for _, k := range kernels {
		dispatchHead(out, k)
		fmt.Fprintf(out, "if tier == goTier {\n%s\nreturn\n}\n", goCall(k))
		if !k.parted() {
			fmt.Fprintf(out, "n := %s\n", length(k))
		}
		fmt.Fprintf(out, "full := n &^ 3\n")
		fmt.Fprintf(out, "for i := 0; i < full; i += run {\n%sNEON(%s)\n}\n", k.name, args(k, "min(run, full-i)", "i"))
		fmt.Fprintf(out, "if full < n {\n")
		in := "4"
		if k.parted() {
			in = "4, 4"
		}
		stored := storedBy(k)
		var load, save string
		for i, s := range k.each() {
			fmt.Fprintf(out, "var t%d [%d]Float\n", i, 4*s.parts)
			in += fmt.Sprintf(", &t%d[0]", i)
			for part := range s.parts {
				at, name := "full:", s.name
				if s.parts > 1 {
					at, name = fmt.Sprintf("%d*stride+full:", part), fmt.Sprintf("%s.%d", s.name, part)
				}
				load += fmt.Sprintf("copy(t%d[%d:][:n-full], %s[%s])\n", i, 4*part, s.name, at)
				if stored[name] {
					save += fmt.Sprintf("copy(%s[%s][:n-full], t%d[%d:])\n", s.name, at, i, 4*part)
				}
			}
		}
		fmt.Fprintf(out, "%s%sNEON(%s%s)\n%s}\n}\n", load, k.name, in, scalarArgs(k), save)
	}
}

// storedBy are the slices and parts that k writes.
func storedBy(k kernel) map[string]bool {
	stored := map[string]bool{}
	b := newBody("neon")
	k.body(b)
	for _, in := range b.insts {
		if in.op == "store" {
			stored[in.name] = true
		}
	}
	return stored
}

func dispatchGo(out *bytes.Buffer) {
	for _, k := range kernels {
		dispatchHead(out, k)
		fmt.Fprintf(out, "%s\n}\n", goCall(k))
	}
}
