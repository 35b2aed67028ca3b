package serve

import "math"

// decimal reads a number of JSON that starts at b[i] and is short enough for the result to
// be exact but for one rounding: at most 2⁵³ as digits without a point, times a power of ten
// up to 22. ok is false for others, valid or not. (Clinger, How to read floating point
// numbers accurately, 1990.)
func decimal(b []byte, i int) (f float64, end int, ok bool) {
	neg := i < len(b) && b[i] == '-'
	if neg {
		i++
	}
	var m uint64
	start := i
	for i < len(b) && b[i]-'0' <= 9 {
		m = 10*m + uint64(b[i]-'0')
		i++
	}
	digits := i - start
	if digits == 0 || digits > 1 && b[start] == '0' {
		return 0, 0, false
	}
	exp := 0
	if i < len(b) && b[i] == '.' {
		i++
		point := i
		for i < len(b) && b[i]-'0' <= 9 {
			m = 10*m + uint64(b[i]-'0')
			i++
		}
		if exp = point - i; exp == 0 {
			return 0, 0, false
		}
		digits -= exp
	}
	if digits > 19 || m > 1<<53 { // 19 digits fit in m
		return 0, 0, false
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		minus := i < len(b) && b[i] == '-'
		if i < len(b) && (b[i] == '-' || b[i] == '+') {
			i++
		}
		e, from := 0, i
		for i < len(b) && b[i]-'0' <= 9 && i < from+4 {
			e = 10*e + int(b[i]-'0')
			i++
		}
		if i == from {
			return 0, 0, false
		}
		if minus {
			e = -e
		}
		exp += e
	}
	if i == len(b) || b[i] != ',' && b[i] != ']' && b[i] != ' ' && b[i] != '\n' {
		return 0, 0, false
	}
	f = float64(m)
	switch {
	case exp < -22 || exp > 22:
		return 0, 0, false
	case exp < 0:
		f /= powers[-exp]
	default:
		f *= powers[exp]
	}
	if neg {
		f = -f
	}
	return f, i, true
}

var powers = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// single rounds f, which is the nearest float64 to some number, to the float32 that is
// nearest to that number. ok is false where f alone does not tell which that is: half way
// between two, or beyond the normal ones.
func single(f float64) (g float32, ok bool) {
	const below = 1<<29 - 1 // bits that a float32 does not have
	a := math.Abs(f)
	if a != 0 && (a < 0x1p-126 || a >= 0x1p127) || math.Float64bits(f)&below == 1<<28 {
		return 0, false
	}
	return float32(f), true
}
