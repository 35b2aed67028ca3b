package kernel

// PeakTile does the widest tile of the product n times on one core, with operands
// that stay in the first cache, and returns how many floating-point operations that
// was: the time it takes is the limit of the machine for everything else.
func PeakTile(n int) (flops int) {
	const k = 1024
	m, w := tileRows(), width()
	a, b, c := make([]Float, k), aligned(make([]Float, w+16), w), aligned(make([]Float, m*w+16), m*w)
	for range n {
		if tier == goTier {
			gemmGo(m, w, k, a, 0, 1, b, 0, 1, c, w)
		} else {
			sweep(m, w, k, a, 0, 0, 0, b, 0, 0, start{}, c, w)
		}
	}
	return 2 * m * w * k * n
}
