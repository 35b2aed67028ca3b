package lm

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/internal/bounded"
)

// longestLine is the most bytes of a line, more than which no text has.
const longestLine = 1 << 24

// A source yields the lines of a text, newlines included. The first error ends it and goes
// to err.
type source func(err *error) iter.Seq[string]

func fromFiles(files []string) source {
	return func(err *error) iter.Seq[string] { return lines(files, err) }
}

func fromText(s string) source { return func(*error) iter.Seq[string] { return strings.Lines(s) } }

// lines yields the lines of the text files, gzip or not, newlines included but at the
// end of a file that has none. The first error ends it and goes to err.
func lines(files []string, err *error) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, file := range files {
			if more, e := fileLines(file, yield); e != nil || !more {
				*err = e
				return
			}
		}
	}
}

func fileLines(file string, yield func(string) bool) (more bool, err error) {
	f, err := data.Open(file)
	if err != nil {
		return false, err
	}
	defer f.Close()
	f.Text()
	in := bufio.NewReader(f)
	for n := 1; ; n++ {
		line, err := bounded.Line(in, longestLine)
		switch {
		case err == bounded.ErrLong:
			return false, &data.Error{File: file, Row: n, Reason: fmt.Sprintf("the line is longer than %d bytes", longestLine), Hint: "this is not a text file"}
		case err != nil && err != io.EOF:
			return false, f.Failed(n, err)
		case line == "":
			return true, nil
		case strings.HasPrefix(line, "\xff\xfe") || strings.HasPrefix(line, "\xfe\xff"):
			return false, &data.Error{File: file, Row: n, Reason: "it is UTF-16", Hint: "convert it to UTF-8"}
		case strings.IndexByte(line, 0) >= 0:
			return false, &data.Error{File: file, Row: n, Reason: "it has a zero byte", Hint: "this is not a text file, or not UTF-8"}
		case !utf8.ValidString(line):
			return false, &data.Error{File: file, Row: n, Reason: "it is not UTF-8", Hint: "convert it"}
		}
		if n == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if strings.HasSuffix(line, "\r\n") {
			line = line[:len(line)-2] + "\n"
		}
		if !yield(line) {
			return false, nil
		}
	}
}

// A corpus is a text as ids, and how many characters it has.
type corpus struct {
	ids   []int32
	chars int
}

func read(from source, codec *text.Codec, ended bool) (c corpus, err error) {
	for line := range from(&err) {
		c.chars += utf8.RuneCountInString(line)
		for _, id := range encode(codec, line, ended) {
			c.ids = append(c.ids, int32(id))
		}
	}
	return c, err
}

// encode gives the ids of a line: with End for its newline if lines are ended, else
// with the newline itself.
func encode(codec *text.Codec, line string, ended bool) []int {
	if !ended {
		return codec.Encode(line)
	}
	return append(codec.Encode(strings.TrimSuffix(line, "\n")), text.End)
}

// cut parts the share at the end from a corpus. Of the characters each part gets its
// share.
func (c corpus) cut(share float64) (head, tail corpus) {
	n := len(c.ids) - int(share*float64(len(c.ids)))
	chars := int(float64(c.chars) * float64(n) / float64(max(len(c.ids), 1)))
	return corpus{c.ids[:n:n], chars}, corpus{c.ids[n:], c.chars - chars}
}

// A window is some steps of the text in every row, time-major, and the ids that come
// next. The first of an epoch begins the state anew.
type window struct {
	in, want []int
	batch    int
	first    bool
}

// windows cuts a text into rows that stand side by side, and these into windows. What
// does not fill the rows is left out. With fewer than two ids to a row there are none.
func windows(ids []int32, batch, steps int) iter.Seq[window] {
	row := len(ids) / batch
	return cut(ids, batch, row, row-1, steps)
}

// batchify cuts a text into rows that stand side by side, the last of which may be shorter,
// so that each id but the first is wanted once. Past the end of a row -1 is wanted, which
// does not count.
func batchify(ids []int32, batch, steps int) iter.Seq[window] {
	n := len(ids) - 1
	batch = max(1, min(batch, n))
	row := (n + batch - 1) / batch
	return cut(ids, batch, row, row, steps)
}

// cut yields windows of rows that begin row ids apart, up to the id at end of each.
func cut(ids []int32, batch, row, end, steps int) iter.Seq[window] {
	return func(yield func(window) bool) {
		for lo := 0; lo < end; lo += steps {
			n := min(steps, end-lo)
			w := window{make([]int, n*batch), make([]int, n*batch), batch, lo == 0}
			for t := range n {
				for r := range batch {
					w.want[t*batch+r] = -1
					if at := r*row + lo + t; at < len(ids)-1 {
						w.in[t*batch+r], w.want[t*batch+r] = int(ids[at]), int(ids[at+1])
					}
				}
			}
			if !yield(w) {
				return
			}
		}
	}
}
