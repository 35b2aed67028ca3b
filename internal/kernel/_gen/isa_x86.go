package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// x86 writes AVX-512 (width 512) and AVX2 with FMA (width 256).
type x86 struct {
	width  int
	consts []uint32 // constants of all kernels, in their table
}

func newX86(width int) *x86 { return &x86{width: width} }

func (m *x86) suffix() string { return fmt.Sprint(m.width) }
func (m *x86) lanes() int     { return m.width / 32 }

func (m *x86) name(r int) string {
	if m.width == 512 {
		return fmt.Sprint("Z", r)
	}
	return fmt.Sprint("Y", r)
}

var x86Pointers = []string{"DI", "SI", "DX", "R8", "R9", "R10", "R11", "R12"}

// constant is the address of a constant, once in the table for AVX-512, which can
// broadcast it, and once a lane for AVX2, which reads it as an operand.
func (m *x86) constant(bits uint32) string {
	i := slices.Index(m.consts, bits)
	if i < 0 {
		i = len(m.consts)
		m.consts = append(m.consts, bits)
	}
	if m.width == 512 {
		return fmt.Sprintf("consts512<>+%d(SB)", 4*i)
	}
	return fmt.Sprintf("consts256<>+%d(SB)", 32*i)
}

func (m *x86) data(out *bytes.Buffer) {
	out.WriteByte('\n')
	copies := 1
	if m.width == 256 {
		copies = 8
	}
	for i, bits := range m.consts {
		for j := range copies {
			fmt.Fprintf(out, "DATA consts%d<>+%d(SB)/4, $0x%08x\n", m.width, 4*(i*copies+j), bits)
		}
	}
	fmt.Fprintf(out, "GLOBL consts%d<>(SB), RODATA|NOPTR, $%d\n", m.width, 4*copies*len(m.consts))
	if m.width == 256 {
		out.WriteString("\n// Seven lanes on, then eight off: a mask of n lanes begins at 4·(8-n).\n")
		for i := range 16 {
			v := uint32(0)
			if i < 8 {
				v = 0xffffffff
			}
			fmt.Fprintf(out, "DATA lanes256<>+%d(SB)/4, $0x%08x\n", 4*i, v)
		}
		out.WriteString("GLOBL lanes256<>(SB), RODATA|NOPTR, $64\n")
	}
}

func (m *x86) vector(out *bytes.Buffer, k kernel) {
	ptrs, scalars, size := k.offsets()
	b := newBody(map[int]string{512: "avx512", 256: "avx2"}[m.width])
	k.body(b)
	regs := 32
	if m.width == 256 {
		regs = 15 // Y15 is the mask of the last lanes
	}
	pin := func(in inst) bool { return in.op == "scalar" || in.op == "const" && m.width == 512 }

	p := func(format string, args ...any) { fmt.Fprintf(out, "\t"+format+"\n", args...) }
	fmt.Fprintf(out, "\n// %s\nTEXT ·%s%d(SB), 0, $16-%d\n", signature(k, m.suffix()), k.name, m.width, size)
	p("MOVQ n+0(FP), CX")
	if k.parted() {
		p("MOVQ stride+8(FP), BX")
		p("SHLQ $2, BX")
		p("LEAQ (BX)(BX*2), AX")
	}
	for i, s := range k.each() {
		p("MOVQ %s+%d(FP), %s", s.name, ptrs+8*i, x86Pointers[i])
	}
	a := allocate(b, regs, pin)
	for i, in := range b.insts {
		switch {
		case in.op == "scalar":
			p("VBROADCASTSS %s+%d(FP), %s", in.name, scalars+4*slices.Index(strings.Fields(k.scalars), in.name), m.name(a.reg[value(i)]))
		case in.op == "const" && m.width == 512:
			p("VBROADCASTSS %s, %s", m.constant(in.bits), m.name(a.reg[value(i)]))
		}
	}
	if !k.parted() {
		p("XORQ AX, AX")
	}
	p("SUBQ $%d, CX", m.lanes())
	p("JLT  tail")
	out.WriteString("\nloop:\n")
	m.body(out, k, b, allocate(b, regs, pin), false)
	if k.parted() {
		for i := range k.each() {
			p("ADDQ $%d, %s", m.width/8, x86Pointers[i])
		}
	} else {
		p("ADDQ $%d, AX", m.lanes())
	}
	p("SUBQ $%d, CX", m.lanes())
	p("JGE  loop")
	out.WriteString("\ntail:\n")
	p("ADDQ $%d, CX", m.lanes())
	p("JLE  done")
	if m.width == 512 {
		p("MOVQ $1, R13")
		p("SHLQ CX, R13")
		p("DECQ R13")
		p("KMOVW R13, K1")
	} else {
		p("LEAQ lanes256<>+32(SB), R13")
		p("SHLQ $2, CX")
		p("SUBQ CX, R13")
		p("VMOVUPS (R13), Y15")
	}
	m.body(out, k, b, allocate(b, regs, pin), true)
	out.WriteString("\ndone:\n")
	p("VZEROUPPER")
	p("RET")
}

func (m *x86) body(out *bytes.Buffer, k kernel, b *body, a *allocation, masked bool) {
	p := func(format string, args ...any) { fmt.Fprintf(out, "\t"+format+"\n", args...) }
	// An index in AX serves all slices; with parts the pointers move, and BX and AX
	// are one and three strides.
	mem := func(name string) string {
		i, part := k.pointer(name)
		if !k.parted() {
			return fmt.Sprintf("(%s)(AX*4)", x86Pointers[i])
		}
		return fmt.Sprintf("(%s%s)", x86Pointers[i], []string{"", ")(BX*1", ")(BX*2", ")(AX*1"}[part])
	}
	isConst := func(v value) bool { return m.width == 256 && b.insts[v].op == "const" }
	var temps []int
	// reg is v in a register, rm in a register or in memory.
	reg := func(v value) string {
		if isConst(v) {
			r := a.take()
			temps = append(temps, r)
			p("VMOVUPS %s, %s", m.constant(b.insts[v].bits), m.name(r))
			return m.name(r)
		}
		return m.name(a.reg[v])
	}
	rm := func(v value) string {
		if isConst(v) {
			return m.constant(b.insts[v].bits)
		}
		return reg(v)
	}
	wide := func(zmm, ymm string) string {
		if m.width == 512 {
			return zmm
		}
		return ymm
	}
	three := map[string]string{
		"add": "VADDPS", "sub": "VSUBPS", "mul": "VMULPS", "div": "VDIVPS",
		"and": wide("VPANDD", "VPAND"), "or": wide("VPORD", "VPOR"),
		"iadd": "VPADDD", "isub": "VPSUBD", "scalef": "VSCALEFPS",
	}
	commutes := map[string]bool{"add": true, "mul": true, "and": true, "or": true, "iadd": true}
	for i, in := range b.insts {
		temps = temps[:0]
		result := func() string { // a register for the result, after the arguments that die gave theirs
			a.release(i, -1)
			r := a.take()
			a.reg[value(i)] = r
			return m.name(r)
		}
		switch in.op {
		case "const", "scalar":
		case "load":
			dst := result()
			switch {
			case !masked:
				p("VMOVUPS %s, %s", mem(in.name), dst)
			case m.width == 512:
				p("VMOVUPS.Z %s, K1, %s", mem(in.name), dst)
			default:
				p("VMASKMOVPS %s, Y15, %s", mem(in.name), dst)
			}
		case "store":
			src := reg(in.args[0])
			switch {
			case !masked:
				p("VMOVUPS %s, %s", src, mem(in.name))
			case m.width == 512:
				p("VMOVUPS %s, K1, %s", src, mem(in.name))
			default:
				p("VMASKMOVPS %s, Y15, %s", src, mem(in.name))
			}
			a.release(i, -1)
		case "add", "sub", "mul", "div", "and", "or", "iadd", "isub", "scalef":
			x, y := in.args[0], in.args[1]
			if commutes[in.op] && isConst(x) {
				x, y = y, x
			}
			rx, ry := reg(x), rm(y)
			p("%s %s, %s, %s", three[in.op], ry, rx, result())
		case "min", "max": // the second source comes out where one is NaN
			op := map[string]string{"min": "VMINPS", "max": "VMAXPS"}[in.op]
			rx, ry := reg(in.args[0]), reg(in.args[1])
			p("%s %s, %s, %s", op, rx, ry, result())
		case "sqrt":
			rx := reg(in.args[0])
			p("VSQRTPS %s, %s", rx, result())
		case "shl23":
			rx := reg(in.args[0])
			p("VPSLLD $23, %s, %s", rx, result())
		case "sar1":
			rx := reg(in.args[0])
			p("VPSRAD $1, %s, %s", rx, result())
		case "gt":
			x, y, yes, no := in.args[0], in.args[1], in.args[2], in.args[3]
			rx, ry := reg(x), rm(y)
			if m.width == 512 {
				p("VCMPPS $0x1e, %s, %s, K2", ry, rx)
				ryes, rno := reg(yes), reg(no)
				p("VBLENDMPS %s, %s, K2, %s", ryes, rno, result())
			} else {
				t := a.take()
				temps = append(temps, t)
				p("VCMPPS $0x1e, %s, %s, %s", ry, rx, m.name(t))
				ryes, rno := rm(yes), reg(no)
				p("VBLENDVPS %s, %s, %s, %s", m.name(t), ryes, rno, result())
			}
		case "fma", "fnma":
			m.fma(in, i, a, p, reg, rm, isConst)
		default:
			panic(in.op)
		}
		for _, t := range temps {
			a.give(t)
		}
	}
}

// fma picks the form whose overwritten operand is dead.
func (m *x86) fma(in inst, i int, a *allocation, p func(string, ...any), reg, rm func(value) string, isConst func(value) bool) {
	op := map[string]string{"fma": "VFMADD", "fnma": "VFNMADD"}[in.op]
	x, y, z := in.args[0], in.args[1], in.args[2]
	if isConst(x) || !a.dies(x, i) && a.dies(y, i) {
		x, y = y, x
	}
	dst := value(-1)
	switch {
	case a.dies(z, i) && z != x && z != y: // z += x·y
		dst = z
		rx, ry := reg(x), rm(y)
		p("%s231PS %s, %s, %s", op, ry, rx, m.name(a.reg[z]))
	case a.dies(x, i) && x != y && x != z: // x = x·y + z
		dst = x
		ry, rz := reg(y), rm(z)
		p("%s213PS %s, %s, %s", op, rz, ry, m.name(a.reg[x]))
	default:
		rx, ry, rz := reg(x), reg(y), rm(z)
		r := a.take()
		p("VMOVUPS %s, %s", rz, m.name(r))
		p("%s231PS %s, %s, %s", op, ry, rx, m.name(r))
		a.release(i, -1)
		a.reg[value(i)] = r
		return
	}
	a.release(i, dst)
	a.reg[value(i)] = a.reg[dst]
}
