package data

import (
	"cmp"
	"slices"
	"time"
)

// near moves the times of all series to the grid of f, if each is next to a place of its own there: to
// its month, to its day, or to the nearest step, of which it is at most a quarter off. It reports
// whether it has, and f with months at their ends if the times are there.
func (b *Builder) near(f Freq) (Freq, bool) {
	if f.Unit == Index || b.index {
		return f, false
	}
	if f.Unit == Month && !f.End {
		f.End = true
		for _, o := range b.rows {
			f.End = f.End && !slices.ContainsFunc(o.times, func(t Time) bool { return t.wall().At.Day() < 16 })
		}
	}
	moved := map[string][]Time{}
	var from, to Time
	for _, id := range b.order {
		times := b.rows[id].times
		on, ok := f.nearest(times)
		if !ok {
			return f, false
		}
		moved[id] = on
		for i, t := range times {
			if from.At.IsZero() && !t.At.Equal(on[i].At) {
				from, to = t, on[i]
			}
		}
	}
	for id, times := range moved {
		b.rows[id].times = times
	}
	b.note("times are near those of a grid (%s) and are moved to them, such as %v to %v", f.Name(), from, to)
	return f, true
}

// nearest moves rising times to the grid of f; ok is false if they are no rising times there. Days and
// months are those of the clock that a time was written by.
func (f Freq) nearest(times []Time) (on []Time, ok bool) {
	if f.Unit != Second {
		times = walls(times)
	}
	on = make([]Time, len(times))
	step, unit := f.N, max(f.N/4, 1) // of the grid and of where it begins, in seconds
	switch f.Unit {
	case Day, Business:
		step, unit = f.N*24*hour, 24*hour
	case Month:
		phase := months(times[0].At) % f.N
		for i, t := range times {
			if months(t.At)%f.N != phase {
				return nil, false
			}
			first := time.Date(t.At.Year(), t.At.Month(), 1, 0, 0, 0, 0, time.UTC)
			if on[i].At = first; f.End {
				on[i].At = first.AddDate(0, 1, -1)
			}
		}
		return on, rising(on)
	}
	if f.Unit != Second && f.N == 1 {
		for i, t := range times {
			on[i].At = t.At.Truncate(24 * time.Hour)
			if f.Unit == Business && weekend(on[i].At) {
				return nil, false
			}
		}
		return on, rising(on)
	}
	off := make([]int, len(times))
	for i, t := range times {
		off[i] = round(seconds(times[0].At, t.At), step)
		off[i] = seconds(times[0].At, t.At) - off[i]
	}
	slices.Sort(off)
	begin := round(int(times[0].At.Unix())+off[len(off)/2], unit)
	for i, t := range times {
		at := begin + round(int(t.At.Unix())-begin, step)
		if far := int(t.At.Unix()) - at; 4*far > step || 4*far < -step {
			return nil, false
		}
		on[i] = t
		on[i].clock = f.Unit == Second
		on[i].At = time.Unix(int64(at), 0).UTC()
	}
	return on, rising(on)
}

// round is the multiple of step that is nearest to n.
func round(n, step int) int {
	r := ((n+step/2)%step + step) % step
	return n + step/2 - r
}

func months(t time.Time) int { return 12*t.Year() + int(t.Month()) - 1 }

func rising(times []Time) bool {
	return slices.IsSortedFunc(times, func(t, u Time) int { return cmp.Or(t.compare(u), -1) })
}

// roughly is the step that irregular times nearly have: ok is false if they have none, or if more than
// half of them would be missing.
func roughly(times []Time) (f Freq, ok bool) {
	const few = 8
	if len(times) < few || times[0].IsIndex {
		return f, false
	}
	var apart []int
	for i := 1; i < len(times); i++ {
		apart = append(apart, seconds(times[i-1].At, times[i].At))
	}
	slices.Sort(apart)
	const day = 24 * hour
	middle := apart[len(apart)/2]
	for _, c := range []struct {
		f       Freq
		seconds int
	}{
		{Freq{Second, 10, false}, 10}, {Freq{Second, 30, false}, 30}, {Freq{Second, minute, false}, minute}, {Freq{Second, 5 * minute, false}, 5 * minute},
		{Freq{Second, 10 * minute, false}, 10 * minute}, {Freq{Second, 15 * minute, false}, 15 * minute}, {Freq{Second, 30 * minute, false}, 30 * minute},
		{Freq{Second, hour, false}, hour}, {Freq{Second, 6 * hour, false}, 6 * hour}, {Freq{Second, 12 * hour, false}, 12 * hour},
		{Freq{Day, 1, false}, day}, {Freq{Day, week, false}, week * day},
		{Freq{Month, 1, false}, 30 * day}, {Freq{Month, quarter, false}, 91 * day}, {Freq{Month, year, false}, 365 * day},
	} {
		if 10*middle < 9*c.seconds || 10*middle > 11*c.seconds {
			continue
		}
		on, near := c.f.nearest(times)
		if !near {
			return c.f, false
		}
		n, _ := c.f.Between(on[0], on[len(on)-1])
		return c.f, n < 2*len(on)
	}
	return f, false
}
