package chart

import (
	"math"
	"strconv"
	"strings"
)

// Digits writes a value with four figures, or all of its whole part.
func Digits(v float64) string {
	a := math.Abs(v)
	switch {
	case v == 0:
		return "0"
	case !isFinite(v), a >= 1e15, a < 1e-4:
		return scientific(v, 3)
	}
	return strconv.FormatFloat(v, 'f', max(0, 3-magnitude(v, 3)), 64)
}

// magnitude is the power of ten of v once it is rounded to so many decimals of a mantissa, so
// that 999.97 counts as 1000.
func magnitude(v float64, decimals int) int {
	_, power, _ := strings.Cut(strconv.FormatFloat(v, 'e', decimals, 64), "e")
	n, _ := strconv.Atoi(power)
	return n
}

// scientific writes 1.5e-7, the power without sign or zeros that tell nothing.
func scientific(v float64, decimals int) string {
	mantissa, power, ok := strings.Cut(strconv.FormatFloat(v, 'e', decimals, 64), "e")
	if n, err := strconv.Atoi(power); ok && err == nil {
		return mantissa + "e" + strconv.Itoa(n)
	}
	return mantissa // none, or endless
}

// units are what stands for thousands and more on axes and in short numbers, from the size on.
var units = []struct {
	from, size float64
	name       string
}{{1e12, 1e12, "T"}, {1e9, 1e9, "G"}, {1e6, 1e6, "M"}, {1e4, 1e3, "k"}}

// axisLabels are the labels of places on an axis that are multiples of step: of one unit, with
// as many decimals as step takes.
func axisLabels(places []float64, step float64) []string {
	most := 0.0
	for _, v := range places {
		most = max(most, math.Abs(v))
	}
	decimals := func(step float64) int {
		if !(step > 0) {
			return 0
		}
		return min(max(0, int(math.Ceil(-math.Log10(step)-1e-9))), 20)
	}
	write := func(v float64) string { return strconv.FormatFloat(v, 'f', decimals(step), 64) }
	switch power := math.Floor(math.Log10(most) + 1e-12); {
	case most >= 1e15 || most < 1e-3:
		size := math.Pow(10, power)
		write = func(v float64) string {
			return strconv.FormatFloat(v/size, 'f', min(decimals(step/size), 6), 64) + "e" + strconv.Itoa(int(power))
		}
		if !(size > 0) || math.IsInf(most/size, 0) {
			write = func(v float64) string { return scientific(v, 0) }
		}
	default:
		for _, u := range units {
			if d := decimals(step / u.size); most >= u.from && d <= 2 {
				write = func(v float64) string { return strconv.FormatFloat(v/u.size, 'f', d, 64) + u.name }
				break
			}
		}
	}
	labels := make([]string, len(places))
	for i, v := range places {
		if labels[i] = write(v); math.Abs(v) < step/1e6 {
			labels[i] = "0"
		}
	}
	return labels
}

// short writes a number in few characters: 1200 as 1200, 45000 as 45k.
func short(v float64) string {
	a := math.Abs(v)
	if a >= 1e15 || a > 0 && a < 0.001 {
		mantissa, power, _ := strings.Cut(scientific(v, 2), "e")
		return trim(mantissa) + "e" + power
	}
	for _, u := range units {
		if a >= u.from {
			return trim(strconv.FormatFloat(v/u.size, 'f', 2, 64)) + u.name
		}
	}
	switch {
	case a == 0:
		return "0"
	case a < 10:
		return trim(strconv.FormatFloat(v, 'f', 3, 64))
	}
	return trim(strconv.FormatFloat(v, 'f', 1, 64))
}

func trim(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
