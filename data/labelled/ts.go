package labelled

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/tensor"
)

// ts reads the format of sktime and of the UEA and UCR archives: a header of lines that
// begin with @, and a series a line, its channels separated by colons, the values of each by
// commas, and its label last.
func (r *reader) ts(s *source) error {
	n, width := 0, 0
	inData := false
	var h tsHeader
	return s.endsWith(&n, s.rows(func(row int, line string) error {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "%"):
			return nil
		case !inData && !strings.HasPrefix(line, "@"):
			return s.wrong(row, "comes before @data", "a .ts file begins with lines such as @problemName, and @data before the first series")
		case !inData:
			var bad *data.Error
			if inData, bad = h.line(line); bad == nil && inData && !h.labelled && !r.Unlabelled {
				bad = &data.Error{Reason: "the series have no labels", Hint: "the header needs @classLabel true and the labels"}
			}
			if bad != nil {
				bad.File, bad.Row = s.name, row
				return bad
			}
			return nil
		}
		n++
		channels := strings.Split(line, ":")
		e := Example{File: s.name, Row: row}
		if h.labelled {
			last := len(channels) - 1
			bad := h.label(strings.TrimSpace(channels[last]), r.Unlabelled)
			if bad == nil {
				e.Labels, bad = r.labels(strings.Clone(channels[last]))
			}
			if bad != nil {
				bad.File, bad.Row = s.name, row
				return bad
			}
			channels = channels[:last]
		}
		from := "the header declares"
		if h.width > 0 {
			width = h.width
		} else {
			from = "the first series has"
			if n == 1 {
				width = len(channels)
			}
		}
		if len(channels) != width || width == 0 {
			return s.wrong(row, fmt.Sprintf("has %s, but %s %d", setting.Plural(len(channels), "channel"), from, width), "separate channels by colons, and put the label after the last")
		}
		if err := s.channels(row, channels, &e); err != nil {
			return err
		}
		if h.steps > 0 && e.Steps() != h.steps {
			return s.wrong(row, fmt.Sprintf("has %s, and @seriesLength is %d", setting.Plural(e.Steps(), "value"), h.steps), "correct the series, or write @equalLength false if they differ in length")
		}
		return r.add(e)
	}))
}

// A tsHeader is what the lines before @data declare.
type tsHeader struct {
	labelled bool
	classes  []string // labels that are listed
	width    int      // channels, 0 if it is not declared
	steps    int      // length of every series, 0 if it is not declared or differs
	unequal  bool
	seen     []string
}

// line takes one; inData reports whether it is @data.
func (h *tsHeader) line(line string) (inData bool, bad *data.Error) {
	f := strings.Fields(line)
	key, arg := strings.ToLower(f[0]), ""
	if len(f) > 1 {
		arg = strings.ToLower(f[1])
	}
	if slices.Contains(h.seen, key) {
		return false, &data.Error{Value: f[0], Reason: "appears twice", Hint: "keep one of the lines"}
	}
	h.seen = append(h.seen, key)
	count := func(n *int) *data.Error {
		v, err := strconv.Atoi(arg)
		if err != nil || v < 0 {
			return &data.Error{Value: line, Reason: "needs a whole number", Hint: "for example " + f[0] + " 3"}
		}
		*n = v
		return nil
	}
	switch key {
	case "@data":
		if h.unequal {
			h.steps = 0
		}
		return true, nil
	case "@timestamps":
		if arg == "true" {
			return false, &data.Error{Reason: "the series have timestamps, which are not supported", Hint: "write only the values, and @timeStamps false"}
		}
	case "@targetlabel":
		if arg == "true" {
			return false, &data.Error{Reason: "the targets are numbers, not labels", Hint: "use @classLabel true and labels"}
		}
	case "@classlabel":
		if h.labelled = arg == "true"; h.labelled {
			h.classes = f[2:]
		}
	case "@univariate":
		if arg == "true" {
			h.width = 1
		}
	case "@dimensions", "@dimension":
		return false, count(&h.width)
	case "@equallength":
		h.unequal = arg == "false"
	case "@serieslength":
		return false, count(&h.steps)
	}
	return false, nil
}

// label reports one that the header does not list.
func (h *tsHeader) label(label string, unlabelled bool) *data.Error {
	switch {
	case len(h.classes) == 0 || slices.Contains(h.classes, label):
		return nil
	case unlabelled && (label == "" || label == "?"):
		return nil
	}
	return &data.Error{Value: label, Reason: fmt.Sprintf("is not one of the labels that @classLabel lists: %.200s", strings.Join(h.classes, " ")), Hint: "correct it, or add it there"}
}

// channels reads those of one series.
func (s *source) channels(row int, channels []string, e *Example) error {
	e.Width = len(channels)
	steps := 0
	for c, channel := range channels {
		if strings.HasPrefix(strings.TrimSpace(channel), "(") {
			return &data.Error{File: s.name, Row: row, Column: fmt.Sprint(c + 1), Reason: "has timestamps, which are not supported", Hint: "write only the values"}
		}
		n := strings.Count(channel, ",") + 1
		if c == 0 {
			steps = n
			e.X = make([]tensor.Float, steps*e.Width)
		}
		if n != steps {
			return &data.Error{File: s.name, Row: row, Column: fmt.Sprint(c + 1), Reason: fmt.Sprintf("has %s, the first channel has %d", setting.Plural(n, "value"), steps), Hint: "give all channels of a series the same length, with ? for unknown values"}
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
