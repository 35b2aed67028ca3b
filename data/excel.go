package data

import (
	"slices"
	"strings"
	"time"
)

// The days that Excel counts, of which those from 1954 to 2064 are looked for, and the one before its
// first.
const excelFrom, excelTo = 20000, 60000

var excelZero = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)

// dateNames are names of columns that hold dates, but no numbers of steps.
var dateNames = []string{"ds", "date", "day", "month", "datum", "tag", "monat", "fecha", "날짜", "일자", "일시", "년월"}

// excel reads whole numbers as the days by which Excel counts dates, if all are of their size and the
// column is named as one of dates, or a frequency of dates is given.
func (b *Builder) excel() {
	dated := b.opts.Freq != nil
	if !b.index || dated && b.opts.Freq.Unit == Index || !dated && !slices.Contains(dateNames, strings.ToLower(b.ds)) {
		return
	}
	for _, o := range b.rows {
		for _, t := range o.times {
			if t.Index < excelFrom || t.Index >= excelTo {
				return
			}
		}
	}
	b.note("whole numbers such as %d are read as days that Excel counts (--freq i has them number the steps)", b.rows[b.order[0]].times[0].Index)
	b.index = false
	for _, o := range b.rows {
		for i, t := range o.times {
			o.times[i] = Time{At: excelZero.AddDate(0, 0, int(t.Index))}
		}
	}
}
