package labelled

import (
	"strings"
)

// conll reads a token a line, in columns separated by blanks or tabs: the token first and
// its label last. A blank line ends a sentence; lines that begin with -DOCSTART- or a #
// and a blank are passed over.
func (r *reader) conll(s *source) error {
	n := 0
	var e Example
	flush := func() error {
		if len(e.Tokens) == 0 {
			return nil
		}
		full := e
		e = Example{}
		n++
		return r.add(full)
	}
	err := s.rows(func(row int, line string) error {
		f := strings.Fields(line)
		switch {
		case len(f) == 0:
			return flush()
		case f[0] == "-DOCSTART-" || f[0] == "#" && len(e.Tokens) == 0:
			return nil
		case len(f) == 1 && !r.Unlabelled:
			return s.wrong(row, "has a token but no label", "a line has a token, a space or tab, and its label; a blank line ends a sentence")
		}
		if len(e.Tokens) == 0 {
			e = Example{File: s.name, Row: row}
		}
		e.Tokens = append(e.Tokens, f[0])
		if len(f) > 1 {
			e.Labels = append(e.Labels, f[len(f)-1])
		}
		if len(e.Labels) > 0 && len(e.Labels) != len(e.Tokens) {
			return s.wrong(row, "has a token but no label, unlike those before it", "give every token a label, or none")
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	return s.endsWith(&n, err)
}
