package main

import (
	"bytes"
	"fmt"
)

// A tile of the product holds rows × vectors of C in registers and runs down k:
//
//	for p := range k {
//		for i := range rows {
//			c[i][:] = fma(a[i*rsa+p*csa], b[p*ldb:][:], c[i][:])
//		}
//	}
//
// C is loaded first, so that an element is one chain of FMAs that begins with it.
// In AVX-512 it is loaded from a matrix of its own, which is C itself or a row with
// stride 0, and the lines of the tile to come are fetched ahead. Strides are in
// elements.

// gemm512 writes tiles of 1 to 14 rows × 1 or 2 vectors, whose last vector has a
// mask, and wide ones of few rows × 4 or 8 vectors, which lie in panels of 32
// columns, ps elements apart.
func gemm512(out, stubs *bytes.Buffer) {
	for _, vectors := range []int{1, 2, 4, 8} {
		for rows := 1; rows <= maxRows512[vectors]; rows++ {
			tile512(out, stubs, "gemm512", rows, vectors)
			tile512(out, stubs, "byte512", rows, vectors)
		}
	}
	choose512(stubs, "tile512", "gemm512")
	choose512(stubs, "byteTile512", "byte512")
	fmt.Fprintf(stubs, "\nconst maxRows512x4, maxRows512x8 = %d, %d\n", maxRows512[4], maxRows512[8])
	panel512(out, stubs, 1)
	panel512(out, stubs, 2)
}

// choose512 writes the function that runs the tile of rows × vectors.
func choose512(stubs *bytes.Buffer, name, tiles string) {
	fmt.Fprintf(stubs, "\n// %s runs the tile of rows × vectors.\n", name)
	fmt.Fprintf(stubs, "func %s(rows, vectors, k int, a *float32, rsa, csa int, b *float32, ldb, ps int, from *float32, ldf int, c *float32, ldc, mask int, next *float32) {\n", name)
	fmt.Fprint(stubs, "switch vectors {\n")
	for _, vectors := range []int{1, 2, 4, 8} {
		fmt.Fprintf(stubs, "case %d:\nswitch rows {\n", vectors)
		last := "mask"
		if vectors > 2 {
			last = "ps"
		}
		for rows := 1; rows <= maxRows512[vectors]; rows++ {
			fmt.Fprintf(stubs, "case %d: %sx%dx%d(k, a, rsa, csa, b, ldb, from, ldf, c, ldc, %s, next)\n", rows, tiles, rows, vectors, last)
		}
		fmt.Fprint(stubs, "}\n")
	}
	fmt.Fprint(stubs, "}\n}\n")
}

var maxRows512 = map[int]int{1: 14, 2: 14, 4: 6, 8: 2}

// tile512 writes a tile of floats, gemm512, or one in which every 4 bytes are four
// steps of k, byte512: bytes of A without a sign, bytes of B with one, and sums of 32
// bits in C.
func tile512(out, stubs *bytes.Buffer, kind string, rows, vectors int) {
	last := "mask"
	if vectors > 2 {
		last = "ps"
	}
	name := fmt.Sprintf("%sx%dx%d", kind, rows, vectors)
	sig := fmt.Sprintf("func %s(k int, a *float32, rsa, csa int, b *float32, ldb int, from *float32, ldf int, c *float32, ldc, %s int, next *float32)", name, last)
	fmt.Fprintf(stubs, "\n//go:noescape\n%s\n", sig)
	fmt.Fprintf(out, "\n// %s\nTEXT ·%s(SB), 0, $16-96\n", sig, name)
	p := func(format string, args ...any) { fmt.Fprintf(out, "\t"+format+"\n", args...) }

	// Rows come in threes: base, base + rsa, base + 2·rsa.
	bases := []string{"AX", "R9", "R10", "R11", "R12"}[:(rows+2)/3]
	row := func(i int) string {
		return bases[i/3] + map[int]string{0: "", 1: ")(BX*1", 2: ")(BX*2"}[i%3]
	}
	acc := func(i, j int) string { return fmt.Sprint("Z", i*vectors+j) }
	// Vector j of B or C: two vectors a panel for the wide tiles.
	bVec := func(j int) string {
		off := 64 * (j % 2)
		if vectors <= 2 {
			off = 64 * j
		}
		return fmt.Sprintf("%d(DX%s)", off, []string{"", ")(R10*1", ")(R10*2", ")(R11*1"}[j/2*btoi(vectors > 2)])
	}
	masked := func(j int) bool { return vectors <= 2 && j == vectors-1 }

	p("MOVQ from+48(FP), R9")
	p("MOVQ ldf+56(FP), R10")
	p("SHLQ $2, R10")
	p("MOVQ c+64(FP), DI")
	p("MOVQ ldc+72(FP), R13")
	p("SHLQ $2, R13")
	p("MOVQ next+88(FP), R11")
	if vectors <= 2 {
		p("MOVQ mask+80(FP), CX")
		p("KMOVW CX, K1")
	}
	for i := range rows {
		for j := range vectors {
			if masked(j) {
				p("VMOVUPS.Z %d(R9), K1, %s", 64*j, acc(i, j))
			} else {
				p("VMOVUPS %d(R9), %s", 64*j, acc(i, j))
			}
			p("PREFETCHT0 %d(R11)", 64*j)
		}
		if i < rows-1 {
			p("ADDQ R10, R9")
			p("ADDQ R13, R11")
			p("ADDQ R13, DI")
		}
	}
	if vectors > 2 {
		p("MOVQ ps+80(FP), R10")
		p("SHLQ $2, R10")
		p("LEAQ (R10)(R10*2), R11")
	}
	p("MOVQ k+0(FP), CX")
	p("MOVQ a+8(FP), AX")
	p("MOVQ rsa+16(FP), BX")
	p("SHLQ $2, BX")
	p("MOVQ csa+24(FP), SI")
	p("SHLQ $2, SI")
	p("MOVQ b+32(FP), DX")
	p("MOVQ ldb+40(FP), R8")
	p("SHLQ $2, R8")
	for i := 1; i < len(bases); i++ {
		p("LEAQ (%s)(BX*2), %s", bases[i-1], bases[i])
		p("ADDQ BX, %s", bases[i])
	}
	multiply := map[string]string{"gemm512": "VFMADD231PS", "byte512": "VPDPBUSD"}[kind]
	ahead := vectors == 2 && rows > 6
	if ahead { // the way to the third cache takes some 30 rows of B
		p("IMUL3Q $32, R8, R13")
	}
	out.WriteString("\nloop:\n")
	n := rows * vectors // the registers that are left: B, then broadcasts of A
	hold := n+vectors < 32
	for j := range vectors {
		switch {
		case !hold:
		case masked(j):
			p("VMOVUPS.Z %s, K1, Z%d", bVec(j), n+j)
		default:
			p("VMOVUPS %s, Z%d", bVec(j), n+j)
		}
	}
	if ahead {
		p("PREFETCHT0 (DX)(R13*1)")
		p("PREFETCHT0 64(DX)(R13*1)")
	}
	for i := range rows {
		bc := n + vectors + i%max(1, min(2, 32-n-vectors))
		p("VBROADCASTSS (%s), Z%d", row(i), bc)
		for j := range vectors {
			p("%s Z%d, Z%d, %s", multiply, n+j, bc, acc(i, j))
		}
	}
	p("ADDQ R8, DX")
	for _, base := range bases {
		p("ADDQ SI, %s", base)
	}
	p("DECQ CX")
	p("JNZ  loop")
	out.WriteByte('\n')
	if ahead {
		p("MOVQ ldc+72(FP), R13")
		p("SHLQ $2, R13")
	}
	for i := rows - 1; i >= 0; i-- {
		for j := range vectors {
			if masked(j) {
				p("VMOVUPS %s, K1, %d(DI)", acc(i, j), 64*j)
			} else {
				p("VMOVUPS %s, %d(DI)", acc(i, j), 64*j)
			}
		}
		if i > 0 {
			p("SUBQ R13, DI")
		}
	}
	p("VZEROUPPER")
	p("RET")
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// panel512 copies k rows of some columns into rows of 16 or 32, zeros after.
func panel512(out, stubs *bytes.Buffer, vectors int) {
	name := fmt.Sprintf("panel512x%d", vectors)
	sig := fmt.Sprintf("func %s(k int, src *float32, lds int, dst *float32, mask int)", name)
	fmt.Fprintf(stubs, "\n// %s copies the columns in mask, of k rows, to rows of %d with zeros elsewhere.\n//\n//go:noescape\n%s\n", name, 16*vectors, sig)
	fmt.Fprintf(out, "\n// %s\nTEXT ·%s(SB), 0, $16-40\n", sig, name)
	p := func(format string, args ...any) { fmt.Fprintf(out, "\t"+format+"\n", args...) }
	p("MOVQ k+0(FP), CX")
	p("MOVQ src+8(FP), SI")
	p("MOVQ lds+16(FP), R8")
	p("SHLQ $2, R8")
	p("MOVQ dst+24(FP), DI")
	p("MOVQ mask+32(FP), AX")
	for j := range vectors {
		p("KMOVW AX, K%d", j+1)
		p("SHRQ $16, AX")
	}
	out.WriteString("\nloop:\n")
	for j := range vectors {
		p("VMOVUPS.Z %d(SI), K%d, Z%d", 64*j, j+1, j)
		p("VMOVUPS Z%d, %d(DI)", j, 64*j)
	}
	p("ADDQ R8, SI")
	p("ADDQ $%d, DI", 64*vectors)
	p("DECQ CX")
	p("JNZ  loop")
	p("VZEROUPPER")
	p("RET")
}

// gemm256 writes tiles of 1 to 6 rows × 2 vectors and a wide one of one row × 8.
// C and B have all their columns.
func gemm256(out, stubs *bytes.Buffer) {
	for rows := 1; rows <= 6; rows++ {
		tile256(out, stubs, rows, 2)
	}
	tile256(out, stubs, 1, 8)
	fmt.Fprint(stubs, "\n// tile256 runs the tile of rows × 2 vectors.\n")
	fmt.Fprint(stubs, "func tile256(rows, k int, a *float32, rsa, csa int, b *float32, ldb int, c *float32, ldc int) {\nswitch rows {\n")
	for rows := 1; rows <= 6; rows++ {
		fmt.Fprintf(stubs, "case %d: gemm256x%dx2(k, a, rsa, csa, b, ldb, c, ldc)\n", rows, rows)
	}
	fmt.Fprint(stubs, "}\n}\n")
	transpose8(out, stubs)
}

func tile256(out, stubs *bytes.Buffer, rows, vectors int) {
	name := fmt.Sprintf("gemm256x%dx%d", rows, vectors)
	sig := fmt.Sprintf("func %s(k int, a *float32, rsa, csa int, b *float32, ldb int, c *float32, ldc int)", name)
	size := 64
	if vectors == 8 {
		sig = fmt.Sprintf("func %s(k int, a *float32, csa int, b *float32, ldb, ps int, c *float32)", name)
		size = 56
	}
	fmt.Fprintf(stubs, "\n//go:noescape\n%s\n", sig)
	fmt.Fprintf(out, "\n// %s\nTEXT ·%s(SB), 0, $16-%d\n", sig, name, size)
	p := func(format string, args ...any) { fmt.Fprintf(out, "\t"+format+"\n", args...) }
	bases := []string{"AX", "R9"}[:(rows+2)/3]
	row := func(i int) string { return bases[i/3] + map[int]string{0: "", 1: ")(BX*1", 2: ")(BX*2"}[i%3] }
	acc := func(i, j int) string { return fmt.Sprint("Y", i*vectors+j) }
	// The eight vectors of the wide tile are in four panels of 16 columns.
	bVec := func(j int) string {
		return fmt.Sprintf("%d(DX%s)", 32*(j%2), []string{"", ")(R10*1", ")(R10*2", ")(R11*1"}[j/2])
	}
	p("MOVQ k+0(FP), CX")
	p("MOVQ a+8(FP), AX")
	if vectors == 8 {
		p("MOVQ csa+16(FP), SI")
		p("MOVQ b+24(FP), DX")
		p("MOVQ ldb+32(FP), R8")
		p("MOVQ ps+40(FP), R10")
		p("SHLQ $2, R10")
		p("LEAQ (R10)(R10*2), R11")
		p("MOVQ c+48(FP), DI")
	} else {
		p("MOVQ rsa+16(FP), BX")
		p("SHLQ $2, BX")
		p("MOVQ csa+24(FP), SI")
		p("MOVQ b+32(FP), DX")
		p("MOVQ ldb+40(FP), R8")
		p("MOVQ c+48(FP), DI")
		p("MOVQ ldc+56(FP), R13")
		p("SHLQ $2, R13")
	}
	p("SHLQ $2, SI")
	p("SHLQ $2, R8")
	for i := 1; i < len(bases); i++ {
		p("LEAQ (%s)(BX*2), %s", bases[i-1], bases[i])
		p("ADDQ BX, %s", bases[i])
	}
	for i := range rows {
		for j := range vectors {
			p("VMOVUPS %d(DI), %s", 32*j, acc(i, j))
		}
		if i < rows-1 {
			p("ADDQ R13, DI")
		}
	}
	out.WriteString("\nloop:\n")
	n := rows * vectors
	if vectors == 8 {
		p("VBROADCASTSS (AX), Y15")
		for j := range vectors {
			p("VFMADD231PS %s, Y15, Y%d", bVec(j), j)
		}
	} else {
		for j := range vectors {
			p("VMOVUPS %s, Y%d", bVec(j), n+j)
		}
		if rows > 3 {
			p("PREFETCHT0 (DX)(R8*8)")
		}
		for i := range rows {
			p("VBROADCASTSS (%s), Y%d", row(i), n+2+i%2)
			for j := range vectors {
				p("VFMADD231PS Y%d, Y%d, %s", n+j, n+2+i%2, acc(i, j))
			}
		}
	}
	p("ADDQ R8, DX")
	for _, base := range bases {
		p("ADDQ SI, %s", base)
	}
	p("DECQ CX")
	p("JNZ  loop")
	out.WriteByte('\n')
	for i := rows - 1; i >= 0; i-- {
		for j := range vectors {
			p("VMOVUPS %s, %d(DI)", acc(i, j), 32*j)
		}
		if i > 0 {
			p("SUBQ R13, DI")
		}
	}
	p("VZEROUPPER")
	p("RET")
}

// transpose8 writes 8 rows of src, k columns (a multiple of 8), as k rows of 8.
func transpose8(out, stubs *bytes.Buffer) {
	sig := "func transpose8(k int, src *float32, lds int, dst *float32, ldd int)"
	fmt.Fprintf(stubs, "\n// transpose8 sets dst [k,8] to the transpose of src [8,k], k a multiple of 8.\n//\n//go:noescape\n%s\n", sig)
	fmt.Fprintf(out, "\n// %s\nTEXT ·transpose8(SB), 0, $16-40\n", sig)
	p := func(format string, args ...any) { fmt.Fprintf(out, "\t"+format+"\n", args...) }
	p("MOVQ k+0(FP), CX")
	p("MOVQ src+8(FP), SI")
	p("MOVQ lds+16(FP), R8")
	p("SHLQ $2, R8")
	p("MOVQ dst+24(FP), DI")
	p("MOVQ ldd+32(FP), R9")
	p("SHLQ $2, R9")
	p("LEAQ (R8)(R8*2), R10 // 3 rows")
	p("LEAQ (R9)(R9*2), R11")
	out.WriteString("\nloop:\n")
	p("LEAQ (SI)(R8*4), DX")
	p("LEAQ (DI)(R9*4), BX")
	src := []string{"(SI)", "(SI)(R8*1)", "(SI)(R8*2)", "(SI)(R10*1)", "(DX)", "(DX)(R8*1)", "(DX)(R8*2)", "(DX)(R10*1)"}
	dst := []string{"(DI)", "(DI)(R9*1)", "(DI)(R9*2)", "(DI)(R11*1)", "(BX)", "(BX)(R9*1)", "(BX)(R9*2)", "(BX)(R11*1)"}
	for i, s := range src {
		p("VMOVUPS %s, Y%d", s, i)
	}
	for i := 0; i < 8; i += 2 { // pairs of rows
		p("VUNPCKLPS Y%d, Y%d, Y%d", i+1, i, 8+i)
		p("VUNPCKHPS Y%d, Y%d, Y%d", i+1, i, 9+i)
	}
	for i := 0; i < 8; i += 4 { // fours
		p("VUNPCKLPD Y%d, Y%d, Y%d", 10+i, 8+i, i)
		p("VUNPCKHPD Y%d, Y%d, Y%d", 10+i, 8+i, i+1)
		p("VUNPCKLPD Y%d, Y%d, Y%d", 11+i, 9+i, i+2)
		p("VUNPCKHPD Y%d, Y%d, Y%d", 11+i, 9+i, i+3)
	}
	for i := range 4 { // halves
		p("VPERM2F128 $0x20, Y%d, Y%d, Y%d", i+4, i, 8+i)
		p("VPERM2F128 $0x31, Y%d, Y%d, Y%d", i+4, i, 12+i)
	}
	for i, d := range dst {
		p("VMOVUPS Y%d, %s", 8+i, d)
	}
	p("ADDQ $32, SI")
	p("LEAQ (DI)(R9*8), DI")
	p("SUBQ $8, CX")
	p("JNZ  loop")
	p("VZEROUPPER")
	p("RET")
}

// gemmNEON writes tiles of 1 to 6 rows × 4 vectors.
func gemmNEON(out, stubs *bytes.Buffer) {
	for rows := 1; rows <= 6; rows++ {
		tileNEON(out, stubs, rows)
	}
	fmt.Fprint(stubs, "\n// tileNEON runs the tile of rows × 4 vectors.\n")
	fmt.Fprint(stubs, "func tileNEON(rows, k int, a *float32, rsa, csa int, b *float32, ldb int, c *float32, ldc int) {\nswitch rows {\n")
	for rows := 1; rows <= 6; rows++ {
		fmt.Fprintf(stubs, "case %d: gemmNEONx%d(k, a, rsa, csa, b, ldb, c, ldc)\n", rows, rows)
	}
	fmt.Fprint(stubs, "}\n}\n")
}

func tileNEON(out, stubs *bytes.Buffer, rows int) {
	name := fmt.Sprintf("gemmNEONx%d", rows)
	sig := fmt.Sprintf("func %s(k int, a *float32, rsa, csa int, b *float32, ldb int, c *float32, ldc int)", name)
	fmt.Fprintf(stubs, "\n//go:noescape\n%s\n", sig)
	fmt.Fprintf(out, "\n// %s\nTEXT ·%s(SB), 0, $16-64\n", sig, name)
	p := func(format string, args ...any) { fmt.Fprintf(out, "\t"+format+"\n", args...) }
	p("MOVD k+0(FP), R0")
	p("MOVD a+8(FP), R1")
	p("MOVD rsa+16(FP), R7")
	p("LSL $2, R7")
	p("MOVD csa+24(FP), R8")
	p("LSL $2, R8")
	p("MOVD b+32(FP), R9")
	p("MOVD ldb+40(FP), R10")
	p("LSL $2, R10")
	p("MOVD c+48(FP), R11")
	p("MOVD ldc+56(FP), R12")
	p("LSL $2, R12")
	for i := 1; i < rows; i++ { // rows of A in R1 to R6
		p("ADD R7, R%d, R%d", i, i+1)
	}
	p("MOVD R11, R13")
	for i := range rows {
		p("VLD1 (R13), [V%d.S4, V%d.S4, V%d.S4, V%d.S4]", 4*i, 4*i+1, 4*i+2, 4*i+3)
		p("ADD R12, R13")
	}
	out.WriteString("\nloop:\n")
	p("VLD1 (R9), [V24.S4, V25.S4, V26.S4, V27.S4]")
	p("ADD R10, R9")
	for i := range rows {
		p("VLD1R (R%d), [V%d.S4]", i+1, 28+i%4)
		p("ADD R8, R%d", i+1)
		for j := range 4 {
			p("VFMLA V%d.S4, V%d.S4, V%d.S4", 24+j, 28+i%4, 4*i+j)
		}
	}
	p("SUB $1, R0")
	p("CBNZ R0, loop")
	out.WriteByte('\n')
	for i := range rows {
		p("VST1 [V%d.S4, V%d.S4, V%d.S4, V%d.S4], (R11)", 4*i, 4*i+1, 4*i+2, 4*i+3)
		p("ADD R12, R11")
	}
	p("RET")
}
