package data

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A clocks keeps what the times of a table are by: the names of their zones.
type clocks struct{ zones []string }

// met notes the name of a zone.
func (c *clocks) met(name string) {
	const most = 8 // in a note
	if name != "" && len(c.zones) < most && !slices.Contains(c.zones, name) {
		c.zones = append(c.zones, strings.Clone(name))
	}
}

// local decides by which clock the times of the table are read, which all have an offset from
// UTC: by local ones, if all are at one time of day there, such as midnights over a change of
// clocks, and in UTC otherwise, so that hours stay hours.
func (b *Builder) local() {
	var offsets []int32
	all, alone, midnight := true, true, true // all have offsets, one local time of day, midnights of UTC
	clock := -1
	for _, id := range b.order {
		for _, t := range b.rows[id].times {
			if !t.zoned {
				all = false
				continue
			}
			if len(offsets) < 8 && !slices.Contains(offsets, t.offset) {
				offsets = append(offsets, t.offset)
			}
			if clock < 0 {
				clock = ofDay(t, t.offset)
			}
			alone = alone && ofDay(t, t.offset) == clock
			midnight = midnight && ofDay(t, 0) == 0
		}
	}
	if offsets == nil || slices.Equal(offsets, []int32{0}) {
		if len(b.zones) > 0 {
			b.note("times are in UTC")
		}
		if !b.midnights() {
			b.written(offsets, all && midnight)
		}
		return
	}
	slices.Sort(offsets)
	var names []string
	for _, o := range offsets {
		names = append(names, "UTC"+time.Unix(0, 0).In(fixed(int(o))).Format("-07:00"))
	}
	where := strings.Join(names, ", ")
	if len(b.zones) > 0 {
		where = fmt.Sprintf("%s: %s", strings.Join(b.zones, ", "), where)
	}
	if !all || !alone || midnight {
		b.note("times with offsets (%s) are read in UTC", where)
		b.written(offsets, all && midnight)
		return
	}
	b.note("times are at %s by local clocks (%s), and are read by these", clockName(clock), where)
	for _, o := range b.rows {
		o.times = walls(o.times)
	}
}

// wall is a time as the clock that it was written by shows it, without its offset from UTC.
func (t Time) wall() Time { return Time{At: t.At.Add(time.Duration(t.offset) * time.Second)} }

func walls(times []Time) []Time {
	all := make([]Time, len(times))
	for i, t := range times {
		all[i] = t.wall()
	}
	return all
}

// written decides how times that are read in UTC are written, if any of the given offsets was met:
// days without, others by the offset that all have, or with Z.
func (b *Builder) written(offsets []int32, days bool) {
	if len(offsets) == 0 {
		return
	}
	for _, o := range b.rows {
		for i := range o.times {
			switch t := &o.times[i]; {
			case days:
				t.zoned, t.offset = false, 0
			case len(offsets) > 1 || !t.zoned:
				t.zoned, t.offset = true, 0
			}
		}
	}
}

// ofDay is the time of day, in seconds, of a clock that is ahead of UTC by an offset.
func ofDay(t Time, offset int32) int {
	const day = 24 * hour
	return int(((t.At.Unix()+int64(offset))%day + day) % day)
}

// clockName is a time of day as a clock shows it.
func clockName(seconds int) string { return time.Unix(int64(seconds), 0).UTC().Format("15:04") }

// midnights moves times in UTC to the days that they stand for, if they are midnights of a place
// whose clocks change: such as 23:00 in winter and 22:00 in summer. It reports whether it has.
func (b *Builder) midnights() (moved bool) {
	if b.index || b.opts.Freq != nil && b.opts.Freq.Unit == Second {
		return false
	}
	const day = 24 * hour
	var clocks []int // the times of day, in seconds
	for _, id := range b.order {
		changes, times := 0, b.rows[id].times
		for i, t := range times {
			clock := ofDay(t, 0)
			if !slices.Contains(clocks, clock) {
				if clocks = append(clocks, clock); len(clocks) > 2 || t.At.Nanosecond() != 0 {
					return false
				}
			}
			if i == 0 {
				continue
			}
			apart := seconds(times[i-1].At, t.At)
			if apart < 23*hour {
				return false
			}
			if apart%day != 0 {
				changes++
			}
		}
		if years := seconds(times[0].At, times[len(times)-1].At) / (365 * day); changes > 2*years+2 {
			return false
		}
	}
	slices.Sort(clocks)
	if len(clocks) != 2 || clocks[1]-clocks[0] != hour && clocks[1]-clocks[0] != 23*hour {
		return false
	}
	b.note("times are at %s and %s, midnights of a place whose clocks change, and are read as days", clockName(clocks[0]), clockName(clocks[1]))
	for _, o := range b.rows {
		for i, t := range o.times {
			o.times[i] = Time{At: t.At.Add(day / 2 * time.Second).Truncate(day * time.Second)}
		}
	}
	return true
}

// unixUnits are the units of Unix times, and how many of them a second has.
var unixUnits = []struct {
	name      string
	perSecond int64
}{{"seconds", 1}, {"milliseconds", 1e3}, {"microseconds", 1e6}, {"nanoseconds", 1e9}}

// The seconds of Unix times from 1980 to 2100: numbers outside of these are those of steps.
const unixFrom, unixTo = 315532800, 4102444800

// unixUnit is the unit in which n is a Unix time, as a place of unixUnits; -1 if it is none.
func unixUnit(n int64) int {
	for i, u := range unixUnits {
		if n/u.perSecond >= unixFrom && n/u.perSecond < unixTo {
			return i
		}
	}
	return -1
}

// unix reads whole numbers as Unix times, if all are of their size in one unit and their steps
// are seconds or longer. Numbers of fewer than ten digits are seconds only if their steps are minutes.
func (b *Builder) unix() {
	if !b.index || b.opts.Freq != nil && b.opts.Freq.Unit == Index {
		return
	}
	first := b.rows[b.order[0]].times[0].Index
	unit, step, least, most := unixUnit(first), 0, first, first
	for _, id := range b.order {
		times := b.rows[id].times
		for i, t := range times {
			if least, most = min(least, t.Index), max(most, t.Index); i > 0 {
				step = gcd(step, int(t.Index-times[i-1].Index))
			}
		}
	}
	if unit < 0 || unixUnit(least) != unit || unixUnit(most) != unit {
		if most > largestIndex {
			b.Problem(&Error{Value: fmt.Sprint(most), Reason: "is too large for the number of a step"})
		}
		return
	}
	u := unixUnits[unit]
	given := b.opts.Freq != nil
	switch {
	case given || step > 0 && step%int(u.perSecond) == 0 && (unit > 0 || least >= 1e9 || step%minute == 0):
	case unit == 0 || step == 0:
		return
	default:
		if most > largestIndex {
			b.Problem(&Error{Value: fmt.Sprint(most), Reason: "looks like Unix " + u.name + ", but these times have no step of a second or longer", Hint: "resample the data to regular times, of seconds at least, or number the steps"})
			return
		}
		b.note("whole numbers such as %d look like Unix %s, but have no step of a second or longer: they number the steps", first, u.name)
		return
	}
	b.note("whole numbers such as %d are read as Unix %s (--freq i has them number the steps)", first, u.name)
	b.index = false
	for _, o := range b.rows {
		for i, t := range o.times {
			n := t.Index
			o.times[i] = Time{At: time.Unix(n/u.perSecond, n%u.perSecond*(1e9/u.perSecond)).UTC()}
		}
	}
}
