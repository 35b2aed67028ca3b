package main

import (
	"io"
	"os"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/recur-go/recur/task"
)

// size is that of the terminal that f is.
func size(f *os.File) (cols, rows int, ok bool) {
	cols, rows, err := term.GetSize(int(f.Fd()))
	return cols, rows, err == nil
}

// A bar shows progress on a terminal, and nothing elsewhere.
type bar struct {
	all *mpb.Progress
	one *mpb.Bar
}

func newBar(w io.Writer, name string, more ...decor.Decorator) *bar {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &bar{}
	}
	all := mpb.New(mpb.WithOutput(f), mpb.WithWidth(40))
	return &bar{all, all.AddBar(0,
		mpb.PrependDecorators(decor.Name("  "+name+" ")),
		mpb.AppendDecorators(append([]decor.Decorator{decor.Percentage(), decor.Name("  "), decor.AverageETA(decor.ET_STYLE_GO)}, more...)...),
	)}
}

// step shows that done of total steps are done.
func (b *bar) step(done, total int) {
	if b.one != nil {
		b.one.SetTotal(int64(total), false)
		b.one.SetCurrent(int64(done))
	}
}

// options are those of a training whose steps the bar shows.
func (b *bar) options() task.Options {
	return task.Options{OnStep: func(s task.Step) { b.step(s.Progress.Step, s.Of) }}
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
