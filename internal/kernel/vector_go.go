package kernel

// The definitions of the elementwise kernels. Products are rounded by conversion,
// so that no compiler fuses them.

func addGo(dst, a, b []Float) {
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

func subGo(dst, a, b []Float) {
	for i := range dst {
		dst[i] = a[i] - b[i]
	}
}

func mulGo(dst, a, b []Float) {
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

func mulAddGo(dst, a, b []Float) {
	for i := range dst {
		dst[i] += Float(a[i] * b[i])
	}
}

func addToGo(dst, a []Float) {
	for i := range dst {
		dst[i] += a[i]
	}
}

func axpyGo(y, x []Float, alpha Float) {
	for i := range y {
		y[i] += Float(alpha * x[i])
	}
}

func scaleGo(x []Float, alpha Float) {
	for i := range x {
		x[i] *= alpha
	}
}

func lerpGo(dst, a, b, w []Float) {
	for i := range dst {
		dst[i] = a[i] + Float(w[i]*(b[i]-a[i]))
	}
}
