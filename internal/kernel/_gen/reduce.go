package main

import (
	"bytes"
	"fmt"
)

// A reduction adds n elements, a multiple of 16, into 16 lanes of float64 (of
// float32 for max): element i goes to lane i mod 16, whatever the instruction set,
// and the products of dot and sumSq are exact, so every tier has the same bits.
var reductions = []struct{ name, slices, acc string }{
	{"sum", "x", "float64"},
	{"sumSq", "x", "float64"},
	{"dot", "x y", "float64"},
	{"maxs", "x", "float32"},
}

func reduceHead(out, stubs *bytes.Buffer, i int, suffix string) {
	r := reductions[i]
	sig := fmt.Sprintf("func %s%s(n int, %s *float32, acc *[16]%s)", r.name, suffix, commas(r.slices), r.acc)
	fmt.Fprintf(stubs, "\n//go:noescape\n%s\n", sig)
	size := 24
	if r.slices == "x y" {
		size = 32
	}
	fmt.Fprintf(out, "\n// %s\nTEXT ·%s%s(SB), 0, $16-%d\n", sig, r.name, suffix, size)
}

func reductions512(out, stubs *bytes.Buffer) { reductionsX86(out, stubs, 512) }
func reductions256(out, stubs *bytes.Buffer) { reductionsX86(out, stubs, 256) }

func reductionsX86(out, stubs *bytes.Buffer, width int) {
	v := map[int]string{512: "Z", 256: "Y"}[width]
	bytesWide, parts := width/8, 1024/width // of 16 float64
	for i, r := range reductions {
		reduceHead(out, stubs, i, fmt.Sprint(width))
		p := func(format string, args ...any) { fmt.Fprintf(out, "\t"+format+"\n", args...) }
		p("MOVQ n+0(FP), CX")
		p("MOVQ x+8(FP), SI")
		if r.slices == "x y" {
			p("MOVQ y+16(FP), DX")
			p("MOVQ acc+24(FP), DI")
		} else {
			p("MOVQ acc+16(FP), DI")
		}
		n := parts
		if r.name == "maxs" {
			n /= 2
		}
		for j := range n {
			p("VMOVUPS %d(DI), %s%d", j*bytesWide, v, j)
		}
		p("SHRQ $4, CX")
		p("JZ   done")
		out.WriteString("\nloop:\n")
		for j := range n {
			x, y := fmt.Sprintf("%s%d", v, n+2*j), fmt.Sprintf("%s%d", v, n+2*j+1)
			switch r.name {
			case "sum":
				p("VCVTPS2PD %d(SI), %s", j*bytesWide/2, x)
				p("VADDPD %s, %s%d, %s%d", x, v, j, v, j)
			case "sumSq":
				p("VCVTPS2PD %d(SI), %s", j*bytesWide/2, x)
				p("VFMADD231PD %s, %s, %s%d", x, x, v, j)
			case "dot":
				p("VCVTPS2PD %d(SI), %s", j*bytesWide/2, x)
				p("VCVTPS2PD %d(DX), %s", j*bytesWide/2, y)
				p("VFMADD231PD %s, %s, %s%d", x, y, v, j)
			case "maxs":
				p("VMAXPS %d(SI), %s%d, %s%d", j*bytesWide, v, j, v, j)
			}
		}
		p("ADDQ $64, SI")
		if r.slices == "x y" {
			p("ADDQ $64, DX")
		}
		p("DECQ CX")
		p("JNZ  loop")
		out.WriteString("\ndone:\n")
		for j := range n {
			p("VMOVUPS %s%d, %d(DI)", v, j, j*bytesWide)
		}
		p("VZEROUPPER")
		p("RET")
	}
}

func reductionsNEON(out, stubs *bytes.Buffer) {
	for i, r := range reductions {
		reduceHead(out, stubs, i, "NEON")
		p := func(format string, args ...any) { fmt.Fprintf(out, "\t"+format+"\n", args...) }
		two := r.slices == "x y"
		p("MOVD n+0(FP), R0")
		p("MOVD x+8(FP), R1")
		if two {
			p("MOVD y+16(FP), R2")
			p("MOVD acc+24(FP), R3")
		} else {
			p("MOVD acc+16(FP), R3")
		}
		n := 8
		if r.name == "maxs" {
			n = 4
		}
		p("MOVD R3, R4")
		for j := 0; j < n; j += 4 {
			p("VLD1.P 64(R4), [V%d.S4, V%d.S4, V%d.S4, V%d.S4]", j, j+1, j+2, j+3)
		}
		p("LSR $4, R0")
		p("CBZ R0, done")
		out.WriteString("\nloop:\n")
		p("VLD1.P 64(R1), [V16.S4, V17.S4, V18.S4, V19.S4]")
		if two {
			p("VLD1.P 64(R2), [V20.S4, V21.S4, V22.S4, V23.S4]")
		}
		for j := range n {
			if r.name == "maxs" {
				p("%s", word("FMAX", 0x4E20F400, j, j, 16+j))
				continue
			}
			widen := func(dst, src int) {
				if j%2 == 0 {
					p("%s", word("FCVTL", 0x0E617800, dst, src, -1))
				} else {
					p("%s", word("FCVTL2", 0x4E617800, dst, src, -1))
				}
			}
			widen(24, 16+j/2)
			switch r.name {
			case "sum":
				p("%s", word("FADD.2D", 0x4E60D400, j, j, 24))
			case "sumSq":
				p("%s", word("FMLA.2D", 0x4E60CC00, j, 24, 24))
			case "dot":
				widen(25, 20+j/2)
				p("%s", word("FMLA.2D", 0x4E60CC00, j, 24, 25))
			}
		}
		p("SUB $1, R0")
		p("CBNZ R0, loop")
		out.WriteString("\ndone:\n")
		for j := 0; j < n; j += 4 {
			p("VST1.P [V%d.S4, V%d.S4, V%d.S4, V%d.S4], 64(R3)", j, j+1, j+2, j+3)
		}
		p("RET")
	}
}
