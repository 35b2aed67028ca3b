package bounded

import "io"

// LineEnds reads In with \n for every end of line: those of Unix, Windows and old Macs.
type LineEnds struct {
	In io.Reader
	cr bool // the last byte was \r
}

func (l *LineEnds) Read(p []byte) (n int, err error) {
	for {
		got, err := l.In.Read(p)
		out := p[:0]
		for _, c := range p[:got] {
			if c == '\n' && l.cr {
				l.cr = false
				continue
			}
			if l.cr = c == '\r'; l.cr {
				c = '\n'
			}
			out = append(out, c)
		}
		if len(out) > 0 || got == 0 || err != nil { // else all that there was is a \n after \r
			return len(out), err
		}
	}
}
