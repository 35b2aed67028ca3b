package main

import (
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// size is that of the terminal that f is.
func size(f *os.File) (cols, rows int, ok bool) {
	cols, rows, err := term.GetSize(int(f.Fd()))
	return cols, rows, err == nil
}

// A bar shows progress on a terminal, and nothing elsewhere. It is as wide as the terminal
// leaves room for.
type bar struct {
	name     string
	terminal *os.File        // nil if there is none
	pieces   func() []string // texts behind the bar, as many as there is room for; nil for none
	all      *mpb.Progress   // nil before the first step
	one      *mpb.Bar
}

func newBar(w io.Writer, name string) *bar {
	b := &bar{name: name}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		b.terminal = f
	}
	return b
}

// Widths of a bar in columns.
const (
	narrowest = 12
	widest    = 40
)

// start begins to draw.
func (b *bar) start() {
	b.all = mpb.New(mpb.WithOutput(b.terminal), mpb.WithWidth(widest))
	b.one = b.all.AddBar(0,
		mpb.PrependDecorators(decor.Name("  "+b.name)),
		mpb.AppendDecorators(decor.Percentage(), decor.Name(" "), decor.AverageETA(decor.ET_STYLE_GO),
			decor.Any(func(s decor.Statistics) string {
				if b.pieces == nil {
					return ""
				}
				return fit(s.AvailableWidth-narrowest, b.pieces()...)
			})),
	)
}

// fit joins the first of the pieces, as many as have room in width columns.
func fit(width int, pieces ...string) string {
	s := ""
	for _, p := range pieces {
		if utf8.RuneCountInString(s+p) > width {
			break
		}
		s += p
	}
	return s
}

// step shows that done of total steps are done.
func (b *bar) step(done, total int) {
	if b.terminal == nil {
		return
	}
	if b.one == nil {
		b.start()
	}
	b.one.SetTotal(int64(total), false)
	b.one.SetCurrent(int64(done))
}

// line leaves a line above the bar.
func (b *bar) line(s string) {
	w := io.Writer(b.terminal)
	if b.all != nil {
		w = b.all
	}
	fmt.Fprintln(w, s)
}

// end leaves the bar as it is, or takes it away if the work failed.
func (b *bar) end(ok bool) {
	if b.one == nil {
		return
	}
	if ok {
		b.one.SetTotal(-1, true)
	} else {
		b.one.Abort(true)
	}
	b.all.Wait()
}
