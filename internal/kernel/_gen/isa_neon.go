package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// neon writes arm64. What Go's assembler has no name for is a WORD with the
// instruction beside it.
type neon struct{ consts []uint32 }

func newNEON() *neon { return &neon{} }

func (m *neon) suffix() string { return "NEON" }

// word encodes Vd, Vn, Vm; m < 0 where there is none.
func word(name string, op uint32, d, n, m int) string {
	op |= uint32(n)<<5 | uint32(d)
	if m < 0 {
		return fmt.Sprintf("WORD $0x%08x // %s V%d, V%d", op, name, d, n)
	}
	return fmt.Sprintf("WORD $0x%08x // %s V%d, V%d, V%d", op|uint32(m)<<16, name, d, n, m)
}

func (m *neon) data(out *bytes.Buffer) {
	out.WriteByte('\n')
	for i, bits := range m.consts {
		fmt.Fprintf(out, "DATA constsNEON<>+%d(SB)/4, $0x%08x\n", 4*i, bits)
	}
	fmt.Fprintf(out, "GLOBL constsNEON<>(SB), RODATA|NOPTR, $%d\n", 4*len(m.consts))
}

func (m *neon) vector(out *bytes.Buffer, k kernel) {
	ptrs, scalars, size := k.offsets()
	b := newBody("neon")
	k.body(b)
	a := allocate(b, 32, func(in inst) bool { return in.op == "scalar" || in.op == "const" })

	p := func(format string, args ...any) { fmt.Fprintf(out, "\t"+format+"\n", args...) }
	fmt.Fprintf(out, "\n// %s\nTEXT ·%sNEON(SB), 0, $16-%d\n", signature(k, "NEON"), k.name, size)
	p("MOVD n+0(FP), R0")
	// Every part of a slice has its own pointer, from R1 on.
	if k.parted() {
		p("MOVD stride+8(FP), R20")
		p("LSL $2, R20")
	}
	var first []int // the register of part 0
	next := 1
	for i, s := range k.each() {
		p("MOVD %s+%d(FP), R%d", s.name, ptrs+8*i, next)
		first = append(first, next)
		for range s.parts - 1 {
			p("ADD R20, R%d, R%d", next, next+1)
			next++
		}
		next++
	}
	if next > 18 {
		panic(k.name + " has too many slices")
	}
	mem := func(name string) string {
		i, part := k.pointer(name)
		return fmt.Sprintf("(R%d)", first[i]+part)
	}
	if slices.ContainsFunc(b.insts, func(in inst) bool { return in.op == "const" }) {
		p("MOVD $constsNEON<>(SB), R19")
	}
	for i, in := range b.insts {
		r := a.reg[value(i)]
		switch in.op {
		case "scalar":
			p("MOVWU %s+%d(FP), R20", in.name, scalars+4*slices.Index(strings.Fields(k.scalars), in.name))
			p("VDUP R20, V%d.S4", r)
		case "const":
			j := slices.Index(m.consts, in.bits)
			if j < 0 {
				j = len(m.consts)
				m.consts = append(m.consts, in.bits)
			}
			p("MOVWU %d(R19), R20", 4*j)
			p("VDUP R20, V%d.S4", r)
		}
	}
	p("LSR $2, R0")
	p("CBZ R0, done")
	out.WriteString("\nloop:\n")
	m.body(out, b, a, mem)
	for r := 1; r < next; r++ {
		p("ADD $16, R%d", r)
	}
	p("SUB $1, R0")
	p("CBNZ R0, loop")
	out.WriteString("\ndone:\n")
	p("RET")
}

func (m *neon) body(out *bytes.Buffer, b *body, a *allocation, mem func(name string) string) {
	p := func(format string, args ...any) { fmt.Fprintf(out, "\t"+format+"\n", args...) }
	ops := map[string]struct {
		name string
		code uint32
	}{
		"add": {"FADD", 0x4E20D400}, "sub": {"FSUB", 0x4EA0D400}, "mul": {"FMUL", 0x6E20DC00}, "div": {"FDIV", 0x6E20FC00},
		"min": {"FMIN", 0x4EA0F400}, "max": {"FMAX", 0x4E20F400},
		"and": {"AND", 0x4E201C00}, "or": {"ORR", 0x4EA01C00}, "iadd": {"ADD", 0x4EA08400}, "isub": {"SUB", 0x6EA08400},
	}
	for i, in := range b.insts {
		arg := func(j int) int { return a.reg[in.args[j]] }
		result := func() int {
			a.release(i, -1)
			r := a.take()
			a.reg[value(i)] = r
			return r
		}
		switch in.op {
		case "const", "scalar":
		case "load":
			p("VLD1 %s, [V%d.S4]", mem(in.name), result())
		case "store":
			p("VST1 [V%d.S4], %s", arg(0), mem(in.name))
			a.release(i, -1)
		case "sqrt":
			x := arg(0)
			p("%s", word("FSQRT", 0x6EA1F800, result(), x, -1))
		case "shl23":
			x := arg(0)
			p("VSHL $23, V%d.S4, V%d.S4", x, result())
		case "sar1":
			x := arg(0)
			p("%s", word("SSHR$1", 0x4F3F0400, result(), x, -1))
		case "gt":
			x, y, yes, no := arg(0), arg(1), arg(2), arg(3)
			t := a.take() // before the arguments are given back
			p("%s", word("FCMGT", 0x6EA0E400, t, x, y))
			p("%s", word("BSL", 0x6E601C00, t, yes, no))
			a.release(i, -1)
			a.reg[value(i)] = t
		case "fma", "fnma":
			name, code := "FMLA", uint32(0x4E20CC00)
			if in.op == "fnma" {
				name, code = "FMLS", 0x4EA0CC00
			}
			x, y, z := in.args[0], in.args[1], in.args[2]
			dst := z
			if !a.dies(z, i) || z == x || z == y {
				t := a.take()
				p("VMOV V%d.B16, V%d.B16", a.reg[z], t)
				p("%s", word(name, code, t, a.reg[x], a.reg[y]))
				a.release(i, -1)
				a.reg[value(i)] = t
				continue
			}
			p("%s", word(name, code, a.reg[z], a.reg[x], a.reg[y]))
			a.release(i, dst)
			a.reg[value(i)] = a.reg[dst]
		default:
			op, ok := ops[in.op]
			if !ok {
				panic(in.op)
			}
			x, y := arg(0), arg(1)
			p("%s", word(op.name, op.code, result(), x, y))
		}
	}
}
