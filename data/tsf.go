package data

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/recur-go/recur/internal/bounded"
)

// ReadTSF reads the format of the Monash forecasting archive (Godahewa et al. 2021):
// lines of comments, which begin with #, then lines about the file, then a line
// for each series,
//
//	@attribute series_name string
//	@attribute start_timestamp date
//	@frequency monthly
//	@horizon 12
//	@data
//	T1:1979-01-01 00-00-00:25.0,24.5,?,23.9
//
// in which ? is a missing value. The attribute series_name, or else the first that is a
// string, names the series, and the first that is a date is its first time. Without one
// the times are indices, and the table's Season is that of the frequency, which Options may
// give too.
func ReadTSF(r io.Reader, name string, o Options) (*Table, error) {
	return readTSF(plainFile(r, name), o)
}

func init() {
	Register(".tsf", "@", TableReader(readTSF))
	Register(".tsf", "#", TableReader(readTSF))
}

func readTSF(in *File, o Options) (*Table, error) {
	t := &tsf{in: in, id: -1, start: -1}
	t.Builder = NewBuilder(in.Name, o)
	in.Text()
	if err := t.head(); err != nil {
		return nil, err
	}
	switch {
	case t.start >= 0 && o.Freq == nil && t.freq != nil:
		o.Freq = t.freq
	case t.start < 0 && o.Freq != nil && o.Freq.Unit != Index:
		t.freq, o.Freq = o.Freq, nil // it is that of the steps, which are counted
	}
	t.Builder.opts = o
	if t.start < 0 && t.freq != nil {
		t.note("steps are %s; the file has no start times, so they are numbered from 1", t.freq.Name())
	}
	if err := t.rows(); err != nil {
		return nil, err
	}
	t.noteEncoding(in)
	tab, err := t.Table()
	if err != nil {
		return nil, err
	}
	tab.Horizon = cmp.Or(t.horizon, tab.Horizon)
	if t.freq != nil && t.start < 0 {
		tab.Season = t.freq.Season()
	}
	return tab, nil
}

// maxLine is the longest line in bytes.
const maxLine = 64 << 20

type tsf struct {
	*Builder
	in         *File
	row        int
	attributes []string
	id, start  int // attributes, -1 without one
	freq       *Freq
	horizon    int
}

// line is the next one that is neither blank nor a comment.
func (t *tsf) line() (string, error) {
	for {
		t.row++
		line, err := bounded.Line(t.in.Reader, maxLine)
		if err == bounded.ErrLong {
			return "", t.fail(&Error{Reason: fmt.Sprintf("is longer than %d bytes", maxLine), Hint: "put each series on a line of its own"})
		}
		if err == io.EOF && line == "" {
			return "", err
		}
		if err != nil && err != io.EOF {
			return "", t.in.Failed(t.row, err)
		}
		line = strings.TrimSpace(line)
		if t.row == 1 {
			line = strings.TrimPrefix(line, string(bom))
		}
		if len(line) > 0 && line[0] != '#' {
			return line, nil
		}
	}
}

// fail is the error of a line, and of those before.
func (t *tsf) fail(e *Error) error {
	e.Row = t.row
	t.Problem(e)
	return t.err()
}

// head reads up to @data.
func (t *tsf) head() error {
	for {
		line, err := t.line()
		if err == io.EOF {
			return t.fail(&Error{Reason: "the file ends before @data", Hint: "is the .tsf file complete?"})
		}
		if err != nil {
			return err
		}
		f := strings.Fields(line)
		arg := strings.Join(f[1:], " ")
		switch key := strings.ToLower(f[0]); key {
		case "@data":
			if len(t.attributes) == 0 {
				return t.fail(&Error{Reason: "no @attribute comes before @data", Hint: "declare what comes before the values of a series"})
			}
			return nil
		case "@attribute":
			if len(f) != 3 {
				return t.fail(&Error{Value: line, Reason: "has no name and type", Hint: "write @attribute NAME string, date or numeric"})
			}
			at := len(t.attributes)
			t.attributes = append(t.attributes, f[1])
			switch kind := strings.ToLower(f[2]); {
			case kind == "date" && t.start < 0:
				t.start = at
			case kind == "string" && (t.id < 0 || f[1] == "series_name"):
				t.id = at
			}
		case "@frequency":
			if t.freq, err = tsfFreq(arg); err != nil {
				return t.fail(&Error{Value: arg, Reason: "is not a known frequency", Hint: "write yearly, quarterly, monthly, weekly, daily, hourly, half_hourly, minutely, or such as 10_minutes or 4_seconds"})
			}
		case "@horizon":
			if t.horizon, err = strconv.Atoi(arg); err != nil || t.horizon < 0 {
				return t.fail(&Error{Value: arg, Reason: "is not a horizon", Hint: "write a whole number"})
			}
		default:
			if !strings.HasPrefix(key, "@") {
				return t.fail(&Error{Value: line, Reason: "comes before @data but is not an @ line", Hint: "write @data before the series"})
			}
		}
	}
}

func tsfFreq(s string) (*Freq, error) {
	s = strings.ToLower(s)
	if n, unit, ok := strings.Cut(s, "_"); ok {
		if n == "half" {
			n, unit = "30", "minutes"
		}
		s = n + map[string]string{"seconds": "s", "minutes": "min", "hours": "h", "days": "D"}[unit]
	}
	f, err := ParseFreq(s)
	return &f, err
}

// rows reads the series.
func (t *tsf) rows() error {
	seen := map[string]int{}
	for {
		line, err := t.line()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		f := strings.Split(line, ":")
		if len(f) != len(t.attributes)+1 {
			t.fail(&Error{Reason: fmt.Sprintf("has %s separated by colons, but needs %s and the values", plural(len(f), "part", "parts"), plural(len(t.attributes), "attribute", "attributes")), Hint: "the attributes are " + strings.Join(t.attributes, ", ")})
			continue
		}
		id := fmt.Sprintf("T%d", len(seen)+1)
		if t.id >= 0 {
			id = strings.TrimSpace(f[t.id])
		}
		if e := badID(id); e != nil {
			e.Column = t.attributes[t.id]
			t.fail(e)
			continue
		}
		if seen[id] > 0 {
			t.fail(&Error{Value: id, Reason: fmt.Sprintf("is also the name of the series in row %d", seen[id]), Hint: "give each series a name of its own"})
			continue
		}
		seen[id] = t.row
		if e := t.series(id, f); e != nil {
			t.fail(e)
		}
	}
}

// series adds that of a line.
func (t *tsf) series(id string, f []string) *Error {
	at, step := Time{Index: 1, IsIndex: true}, Freq{Index, 1, false}
	if t.start >= 0 {
		s := strings.TrimSpace(f[t.start])
		u, err := time.Parse("2006-01-02 15-04-05", s)
		at = Time{At: u}
		if err != nil {
			var e *Error
			if at, e = t.ParseTime(s); e != nil {
				return e.in(t.attributes[t.start])
			}
		}
		if t.opts.Freq == nil {
			return &Error{Reason: "the file has start times but no @frequency", Hint: "add one, such as @frequency monthly, or pass --freq"}
		}
		step = *t.opts.Freq
	}
	values := strings.Split(f[len(f)-1], ",")
	if !slices.ContainsFunc(values, func(s string) bool { return strings.TrimSpace(s) != "?" }) {
		return &Error{Reason: of(id, "has no values"), Hint: "leave the line out"}
	}
	for i, s := range values {
		if s = strings.TrimSpace(s); s == "?" {
			s = ""
		} else if s == "" {
			return &Error{Column: strconv.Itoa(i + 1), Reason: "is empty", Hint: "write ? for a missing value"}
		}
		y, e := t.ParseValue(s)
		if e != nil {
			return e.in(strconv.Itoa(i + 1))
		}
		t.Add(t.row, id, step.Add(at, i), y)
	}
	return nil
}
