package data

import (
	"errors"
	"fmt"
	"time"
)

// InferFreq finds the step of rising times: the largest on whose grid all of them
// lie. Missing times are gaps; if more than nine of ten would be missing the times
// are irregular, which is an error.
func InferFreq(times []Time) (Freq, error) {
	if len(times) < 2 {
		return Freq{}, errors.New("the frequency cannot be found from a single time")
	}
	f := candidate(times)
	_, first := f.of(times)
	n, ok := f.Between(first, times[len(times)-1])
	if !ok || n >= 10*len(times)+100 {
		return f, fmt.Errorf("the times are irregular: %d times from %v to %v fit no step longer than %s", len(times), times[0], times[len(times)-1], f)
	}
	return f, nil
}

func candidate(times []Time) Freq {
	if times[0].IsIndex {
		step := 0
		for i := 1; i < len(times); i++ {
			step = gcd(step, int(times[i].Index-times[i-1].Index))
		}
		return Freq{Index, max(step, 1), false}
	}
	if f, ok := byMonths(times); ok {
		return f
	}
	step, workdays := 0, true
	for i, t := range times {
		workdays = workdays && !weekend(t.At)
		if i > 0 {
			step = gcd(step, seconds(times[i-1].At, t.At))
		}
	}
	const day = 24 * hour
	switch {
	case step%day != 0:
		return Freq{Second, max(step, 1), false}
	case step == day && workdays && len(times) >= 5 && businessBetween(times[0].At, times[len(times)-1].At) < seconds(times[0].At, times[len(times)-1].At)/day: // past a weekend
		return Freq{Business, 1, false}
	}
	return Freq{Day, step / day, false}
}

// byMonths finds a step of months: all times on the same day of the month or, in shorter months,
// on their last, or all on the last.
func byMonths(times []Time) (Freq, bool) {
	step := 0
	first := times[0].At
	for i, t := range times {
		if t.At.Sub(t.At.Truncate(24*time.Hour)) != first.Sub(first.Truncate(24*time.Hour)) {
			return Freq{}, false
		}
		if i > 0 {
			step = gcd(step, monthsBetween(times[i-1].At, t.At))
		}
	}
	day, ends := monthDay(times)
	return Freq{Month, max(step, 1), ends}, (day > 0 || ends) && step > 0
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
