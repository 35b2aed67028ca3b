package main

import "math"

// A value is the number of the instruction that made it.
type value int

type inst struct {
	op   string
	args []value
	bits uint32 // bits of a constant
	name string // name of a pointer or scalar
}

// body is one iteration of an elementwise kernel: straight-line code on vectors.
type body struct {
	isa    string // avx512, avx2 or neon, for the few things that differ
	insts  []inst
	consts map[uint32]value
	loads  map[string]value
}

func newBody(isa string) *body {
	return &body{isa: isa, consts: map[uint32]value{}, loads: map[string]value{}}
}

func (b *body) emit(op string, args ...value) value {
	b.insts = append(b.insts, inst{op: op, args: args})
	return value(len(b.insts) - 1)
}

func (b *body) bits(u uint32) value {
	v, ok := b.consts[u]
	if !ok {
		b.insts = append(b.insts, inst{op: "const", bits: u})
		v = value(len(b.insts) - 1)
		b.consts[u] = v
	}
	return v
}

func (b *body) num(f float32) value { return b.bits(math.Float32bits(f)) }

func (b *body) load(ptr string) value {
	b.insts = append(b.insts, inst{op: "load", name: ptr})
	return value(len(b.insts) - 1)
}

// scalar is an argument in every lane.
func (b *body) scalar(name string) value {
	v, ok := b.loads[name]
	if !ok {
		b.insts = append(b.insts, inst{op: "scalar", name: name})
		v = value(len(b.insts) - 1)
		b.loads[name] = v
	}
	return v
}

func (b *body) store(ptr string, v value) {
	b.insts = append(b.insts, inst{op: "store", name: ptr, args: []value{v}})
}

func (b *body) add(x, y value) value     { return b.emit("add", x, y) }
func (b *body) sub(x, y value) value     { return b.emit("sub", x, y) }
func (b *body) mul(x, y value) value     { return b.emit("mul", x, y) }
func (b *body) div(x, y value) value     { return b.emit("div", x, y) }
func (b *body) sqrt(x value) value       { return b.emit("sqrt", x) }
func (b *body) fma(x, y, z value) value  { return b.emit("fma", x, y, z) }  // x·y + z
func (b *body) fnma(x, y, z value) value { return b.emit("fnma", x, y, z) } // z - x·y
func (b *body) and(x, y value) value     { return b.emit("and", x, y) }
func (b *body) or(x, y value) value      { return b.emit("or", x, y) }
func (b *body) shl23(x value) value      { return b.emit("shl23", x) }
func (b *body) sar1(x value) value       { return b.emit("sar1", x) }
func (b *body) iadd(x, y value) value    { return b.emit("iadd", x, y) }
func (b *body) isub(x, y value) value    { return b.emit("isub", x, y) }

// min and max return x where x is NaN; y is a number.
func (b *body) min(x, y value) value { return b.emit("min", x, y) }
func (b *body) max(x, y value) value { return b.emit("max", x, y) }

// gt is x > y ? p : q, q where either is NaN.
func (b *body) gt(x, y, p, q value) value { return b.emit("gt", x, y, p, q) }

// allocation gives each value its register; regs are reused after the last use.
type allocation struct {
	b      *body
	last   []int
	reg    map[value]int
	pinned map[value]bool
	free   []int
}

func allocate(b *body, n int, pin func(inst) bool) *allocation {
	a := &allocation{b: b, last: make([]int, len(b.insts)), reg: map[value]int{}, pinned: map[value]bool{}}
	for i, in := range b.insts {
		for _, v := range in.args {
			a.last[v] = i
		}
	}
	for i, in := range b.insts {
		if pin(in) {
			n--
			a.reg[value(i)] = n
			a.pinned[value(i)] = true
		}
	}
	for r := n - 1; r >= 0; r-- {
		a.free = append(a.free, r)
	}
	return a
}

func (a *allocation) take() int {
	if len(a.free) == 0 {
		panic("out of registers")
	}
	r := a.free[len(a.free)-1]
	a.free = a.free[:len(a.free)-1]
	return r
}

func (a *allocation) give(r int) { a.free = append(a.free, r) }

// dies reports whether v is used for the last time by instruction i.
func (a *allocation) dies(v value, i int) bool {
	_, held := a.reg[v]
	return held && !a.pinned[v] && a.last[v] == i
}

// release frees the registers of the arguments that die at i, but for keep.
func (a *allocation) release(i int, keep value) {
	done := map[value]bool{keep: true}
	for _, v := range a.b.insts[i].args {
		if !done[v] && a.dies(v, i) {
			a.give(a.reg[v])
		}
		done[v] = true
	}
}
