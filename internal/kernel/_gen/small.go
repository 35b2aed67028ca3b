package main

import (
	"bytes"
	"fmt"
)

// small512 writes what turns rows to bytes and back, and halves to floats.
func small512(out, stubs *bytes.Buffer) {
	p := func(format string, args ...any) { fmt.Fprintf(out, "\t"+format+"\n", args...) }
	begin := func(doc, sig string, size int) {
		name, _, _ := bytes.Cut([]byte(sig), []byte("("))
		fmt.Fprintf(stubs, "\n// %s\n//\n//go:noescape\nfunc %s\n", doc, sig)
		fmt.Fprintf(out, "\n// func %s\nTEXT ·%s(SB), 0, $16-%d\n", sig, name, size)
		p("MOVQ n+0(FP), CX")
	}
	// each writes a loop over whole vectors of 16, and its body once more for the rest,
	// with their mask in K1.
	each := func(body func(), next func()) {
		p("MOVQ CX, DX")
		p("ANDQ $15, DX")
		p("SHRQ $4, CX")
		p("JZ   rest")
		p("MOVQ $0xffff, AX")
		p("KMOVW AX, K1")
		out.WriteString("\nloop:\n")
		body()
		next()
		p("DECQ CX")
		p("JNZ  loop")
		out.WriteString("\nrest:\n")
		p("TESTQ DX, DX")
		p("JZ   done")
		p("MOVQ DX, CX")
		p("MOVQ $1, AX")
		p("SHLQ CX, AX")
		p("DECQ AX")
		p("KMOVW AX, K1")
		body()
		out.WriteString("\ndone:\n")
	}

	begin("absMax512 returns the bits of the largest |x|, which are those of a NaN if there is one.", "absMax512(n int, x *float32) (max int32)", 20)
	p("MOVQ x+8(FP), SI")
	p("MOVL $0x7fffffff, AX")
	p("VPBROADCASTD AX, Z1")
	p("VPXORD Z0, Z0, Z0")
	each(func() {
		p("VMOVUPS.Z (SI), K1, Z2")
		p("VPANDD Z1, Z2, Z2")
		p("VPMAXSD Z2, Z0, Z0")
	}, func() { p("ADDQ $64, SI") })
	p("VEXTRACTI64X4 $1, Z0, Y2")
	p("VPMAXSD Y2, Y0, Y0")
	p("VEXTRACTI128 $1, Y0, X2")
	p("VPMAXSD X2, X0, X0")
	p("VPSHUFD $0x4e, X0, X2")
	p("VPMAXSD X2, X0, X0")
	p("VPSHUFD $0xb1, X0, X2")
	p("VPMAXSD X2, X0, X0")
	p("VMOVD X0, AX")
	p("MOVL AX, max+16(FP)")
	p("VZEROUPPER")
	p("RET")

	begin("quantize512 sets q to x·inv rounded to even, and 128.", "quantize512(n int, x *float32, inv float32, q *uint8)", 32)
	p("MOVQ x+8(FP), SI")
	p("VBROADCASTSS inv+16(FP), Z1")
	p("MOVQ q+24(FP), DI")
	p("MOVL $128, AX")
	p("VPBROADCASTD AX, Z3")
	each(func() {
		p("VMOVUPS.Z (SI), K1, Z0")
		p("VMULPS Z1, Z0, Z0")
		p("VCVTPS2DQ Z0, Z0")
		p("VPADDD Z3, Z0, Z0")
		p("VPMOVDB Z0, K1, (DI)")
	}, func() {
		p("ADDQ $64, SI")
		p("ADDQ $16, DI")
	})
	p("VZEROUPPER")
	p("RET")

	begin("dequantize512 does c += acc∘(s·scale).", "dequantize512(n int, acc *int32, scale *float32, s float32, c *float32)", 40)
	p("MOVQ acc+8(FP), SI")
	p("MOVQ scale+16(FP), R8")
	p("VBROADCASTSS s+24(FP), Z1")
	p("MOVQ c+32(FP), DI")
	each(func() {
		p("VMOVDQU32.Z (SI), K1, Z0")
		p("VCVTDQ2PS Z0, Z0")
		p("VMOVUPS.Z (R8), K1, Z2")
		p("VMULPS Z1, Z2, Z2")
		p("VMULPS Z2, Z0, Z0")
		p("VMOVUPS.Z (DI), K1, Z2")
		p("VADDPS Z2, Z0, Z0")
		p("VMOVUPS Z0, K1, (DI)")
	}, func() {
		p("ADDQ $64, SI")
		p("ADDQ $64, R8")
		p("ADDQ $64, DI")
	})
	p("VZEROUPPER")
	p("RET")

	begin("widen512 sets x to the halves h.", "widen512(n int, h *uint16, x *float32)", 24)
	p("MOVQ h+8(FP), SI")
	p("MOVQ x+16(FP), DI")
	each(func() {
		p("VMOVDQU16.Z (SI), K1, Y0")
		p("VCVTPH2PS Y0, Z0")
		p("VMOVUPS Z0, K1, (DI)")
	}, func() {
		p("ADDQ $32, SI")
		p("ADDQ $64, DI")
	})
	p("VZEROUPPER")
	p("RET")
}

// small256 writes a row times a panel of bytes, without VPMADDUBSW, which saturates:
// bytes become words, pairs of their products doublewords, two for each column, which
// are added at the end.
func small256(out, stubs *bytes.Buffer) {
	p := func(format string, args ...any) { fmt.Fprintf(out, "\t"+format+"\n", args...) }
	sig := "bytes256(k4 int, a *int16, b *int8, c *int32)"
	fmt.Fprintf(stubs, "\n// bytes256 sets c [32] to the product of a [k4·4] and a panel b [k4][32][4].\n//\n//go:noescape\nfunc %s\n", sig)
	fmt.Fprintf(out, "\n// func %s\nTEXT ·bytes256(SB), 0, $16-32\n", sig)
	p("MOVQ k4+0(FP), CX")
	p("MOVQ a+8(FP), SI")
	p("MOVQ b+16(FP), DX")
	p("MOVQ c+24(FP), DI")
	for j := range 8 { // four columns each
		p("VPXOR Y%d, Y%d, Y%d", j, j, j)
	}
	out.WriteString("\nloop:\n")
	p("VPBROADCASTQ (SI), Y8")
	for j := range 8 {
		t := 9 + j%4
		p("VPMOVSXBW %d(DX), Y%d", 16*j, t)
		p("VPMADDWD Y8, Y%d, Y%d", t, t)
		p("VPADDD Y%d, Y%d, Y%d", t, j, j)
	}
	p("ADDQ $8, SI")
	p("ADDQ $128, DX")
	p("DECQ CX")
	p("JNZ  loop")
	out.WriteByte('\n')
	for j := 0; j < 8; j += 2 {
		p("VPHADDD Y%d, Y%d, Y%d", j+1, j, j)
		p("VPERMQ $0xd8, Y%d, Y%d", j, j)
		p("VMOVDQU Y%d, %d(DI)", j, 16*j)
	}
	p("VZEROUPPER")
	p("RET")
}
