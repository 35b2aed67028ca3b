package kernel

import "math"

// In float32, against the exact value: Tanh and Sigmoid are right to 2.6 units in
// the last place and 1e-7, Exp to 1.5 units, over their whole range, subnormal
// results included. NaN gives NaN. In the recur_f64 build they are those of package
// math.

// Tanhs sets dst = tanh(src), for the length of src.
func Tanhs(dst, src []Float) { tanhs(dst[:len(src)], src) }

// Sigmoids sets dst = σ(src) = 1/(1+e^-src), for the length of src.
func Sigmoids(dst, src []Float) { sigmoids(dst[:len(src)], src) }

// Exps sets dst = e^src, for the length of src.
func Exps(dst, src []Float) { exps(dst[:len(src)], src, 0) }

// Tanh is Tanhs of one number.
func Tanh(x Float) Float {
	v := [1]Float{x}
	tanhs(v[:], v[:])
	return v[0]
}

// Sigmoid is Sigmoids of one number.
func Sigmoid(x Float) Float {
	v := [1]Float{x}
	sigmoids(v[:], v[:])
	return v[0]
}

// ReLU sets dst = max(src, 0), for the length of src.
func ReLU(dst, src []Float) { relu(dst[:len(src)], src) }

// ReLUGrad does dx += dy where y > 0, for the length of y.
func ReLUGrad(dx, dy, y []Float) { reluGrad(dx[:len(y)], dy[:len(y)], y) }

// TanhGrad does dx += dy∘(1-y²) with y = tanh(x), for the length of y.
func TanhGrad(dx, dy, y []Float) { tanhGrad(dx[:len(y)], dy[:len(y)], y) }

// SigmoidGrad does dx += dy∘y∘(1-y) with y = σ(x), for the length of y.
func SigmoidGrad(dx, dy, y []Float) { sigmoidGrad(dx[:len(y)], dy[:len(y)], y) }

func tanhsGo(dst, src []Float) {
	for i, x := range src {
		dst[i] = tanh(x)
	}
}

func sigmoidsGo(dst, src []Float) {
	for i, x := range src {
		dst[i] = sigmoid(x)
	}
}

func expsGo(dst, src []Float, shift Float) {
	for i, x := range src {
		dst[i] = exp(x - shift)
	}
}

func reluGo(dst, src []Float) {
	for i, x := range src {
		dst[i] = max(x, 0)
	}
}

func reluGradGo(dx, dy, y []Float) {
	for i, v := range y {
		if v > 0 {
			dx[i] += dy[i]
		}
	}
}

func tanhGradGo(dx, dy, y []Float) {
	for i, v := range y {
		dx[i] += Float(dy[i] * (1 - Float(v*v)))
	}
}

func sigmoidGradGo(dx, dy, y []Float) {
	for i, v := range y {
		dx[i] += Float(dy[i] * Float(v*(1-v)))
	}
}

// root is √x.
func root(x Float) Float { return Float(math.Sqrt(float64(x))) }
