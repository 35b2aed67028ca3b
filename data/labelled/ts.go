package labelled

import (
	"fmt"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/tensor"
)

// ts reads the format of sktime and of the UEA and UCR archives: a header of lines that
// begin with @, and a series a line, its channels separated by colons, the values of each by
// commas, and its label last.
func (r *reader) ts(s *source) error {
	n, width := 0, 0
	inData, labelled := false, false
	return s.endsWith(&n, s.rows(func(row int, line string) error {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "%"):
			return nil
		case !inData && !strings.HasPrefix(line, "@"):
			return s.wrong(row, "stands before @data", "a .ts file begins with lines such as @problemName, and @data before the first series")
		case !inData:
			f := strings.Fields(strings.ToLower(line))
			switch {
			case f[0] == "@data":
				inData = true
			case f[0] == "@timestamps" && len(f) > 1 && f[1] == "true":
				return s.wrong(row, "the series have time stamps, which are not read", "write the values alone, and @timeStamps false")
			case f[0] == "@targetlabel" && len(f) > 1 && f[1] == "true":
				return s.wrong(row, "the series have numbers for targets, not labels", "give them @classLabel true and labels")
			case f[0] == "@classlabel":
				labelled = len(f) > 1 && f[1] == "true"
			}
			if inData && !labelled && !r.Unlabelled {
				return s.wrong(row, "the series have no labels", "the header needs @classLabel true and the labels")
			}
			return nil
		}
		n++
		channels := strings.Split(line, ":")
		e := Example{File: s.name, Row: row}
		if labelled {
			last := len(channels) - 1
			var bad *data.Error
			if e.Labels, bad = r.labels(strings.Clone(channels[last])); bad != nil {
				bad.File, bad.Row = s.name, row
				return bad
			}
			channels = channels[:last]
		}
		if n == 1 {
			width = len(channels)
		}
		if len(channels) != width || width == 0 {
			return s.wrong(row, fmt.Sprintf("has %s, the first series has %d", plural(len(channels), "channel"), width), "part channels by colons, and put the label after the last")
		}
		if err := s.channels(row, channels, &e); err != nil {
			return err
		}
		return r.add(e)
	}))
}

// channels reads those of one series.
func (s *source) channels(row int, channels []string, e *Example) error {
	e.Width = len(channels)
	steps := 0
	for c, channel := range channels {
		if strings.HasPrefix(strings.TrimSpace(channel), "(") {
			return &data.Error{File: s.name, Row: row, Column: fmt.Sprint(c + 1), Reason: "has time stamps, which are not read", Hint: "write the values alone"}
		}
		n := strings.Count(channel, ",") + 1
		if c == 0 {
			steps = n
			e.X = make([]tensor.Float, steps*e.Width)
		}
		if n != steps {
			return &data.Error{File: s.name, Row: row, Column: fmt.Sprint(c + 1), Reason: fmt.Sprintf("has %s, the first channel has %d", plural(n, "value"), steps), Hint: "give all channels of a series the same length, with ? for values that are not known"}
		}
		t := 0
		for f := range strings.SplitSeq(channel, ",") {
			v, bad := number(f, false)
			if bad != nil {
				bad.File, bad.Row, bad.Column = s.name, row, fmt.Sprintf("%d, step %d", c+1, t+1)
				return bad
			}
			e.X[t*e.Width+c] = v
			t++
		}
	}
	return nil
}
