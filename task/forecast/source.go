package forecast

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/calendar"
	"github.com/recur-go/recur/data/sets"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/setting"
)

// A Source is how series are read from a file, and what is beside their values. A model
// file keeps it, so that other files are read as that of the training. The zero value
// finds out; see data.Options.
type Source struct {
	ID        string      `json:"id,omitempty"`          // name of the column of series
	Time      string      `json:"time,omitempty"`        // name of the column of times
	Value     string      `json:"value,omitempty"`       // name of the column of values
	Layout    string      `json:"time_layout,omitempty"` // form of the times
	Table     data.Layout `json:"layout,omitempty"`      // layout of a CSV file: found, long or wide
	Decimal   string      `json:"decimal,omitempty"`     // mark of decimals, . or ,
	Freq      string      `json:"freq,omitempty"`        // step of time, such as h
	Sort      bool        `json:"sort,omitempty"`        // put rows in order of time
	Hierarchy []string    `json:"hierarchy,omitempty"`   // columns that name a series together, from above, such as region and store: sums are forecast too, and add up
	Future    string      `json:"-"`                     // file of what is known in advance, in place of what the others have: for forecasts of what if
	Past      []string    `json:"past,omitempty"`        // columns of covariates that are known up to the end of the series
	Known     []string    `json:"known,omitempty"`       // columns of covariates that are known in advance
	Static    []string    `json:"static,omitempty"`      // columns of covariates with one value for each series
	Category  []string    `json:"category,omitempty"`    // those of these columns that hold categories even if they look like numbers
	Calendar  bool        `json:"calendar,omitempty"`    // hours, days and months are known covariates
	Holidays  []string    `json:"holidays,omitempty"`    // countries whose public holidays are known covariates

	KeepOutliers bool `json:"keep_outliers,omitempty"` // keep values far outside of all others, which are else taken as missing

	single bool // a file without the column ID is one series: of a model that was trained on several
}

// Check reports all that is invalid in s.
func (s Source) Check() error {
	_, err := s.options()
	return err
}

func (s Source) options() (o data.Options, err error) {
	o = data.Options{ID: s.ID, Time: s.Time, Y: s.Value, Path: s.Hierarchy, TimeLayout: s.Layout, Layout: s.Table, Sort: s.Sort, Past: s.Past, Known: s.Known, Static: s.Static, Category: s.Category, Single: s.single}
	switch s.Decimal {
	case "":
	case ".", ",":
		o.Decimal = rune(s.Decimal[0])
	default:
		return o, fault.Errorf(fault.Usage, "the decimal mark is . or , but not %q (--decimal)", setting.Cut(s.Decimal))
	}
	for _, name := range s.Category {
		if !slices.Contains(slices.Concat(s.Past, s.Known, s.Static), name) {
			return o, fault.Errorf(fault.Usage, "%q is categorical but not a past, known or static covariate: pass it as one (--past, --known, --static)", name)
		}
	}
	if len(s.Hierarchy) > 0 && s.ID != "" {
		return o, fault.Errorf(fault.Usage, "a hierarchy names the series: its last column is what --id would be (leave out --id)")
	}
	seen := map[string]bool{}
	for _, name := range slices.Concat(s.Past, s.Known, s.Static) {
		if seen[strings.ToLower(name)] {
			return o, fault.Errorf(fault.Usage, "covariate %q is named twice: give it one role (--past, --known, --static)", name)
		}
		seen[strings.ToLower(name)] = true
	}
	if s.Freq != "" {
		f, err := data.ParseFreq(s.Freq)
		if err != nil {
			return o, fault.Errorf(fault.Usage, "%w (--freq)", err)
		}
		o.Freq = &f
	}
	for _, c := range s.Holidays {
		if _, err := calendar.Of(c); err != nil {
			return o, fault.Errorf(fault.Usage, "%w (--holidays)", err)
		}
	}
	return o, nil
}

// ReadFile reads a table from a file, as data.ReadFile does.
func (s Source) ReadFile(path string) (*data.Table, error) {
	o, err := s.options()
	if err != nil {
		return nil, err
	}
	return data.ReadFile(path, o)
}

// table is ReadFile that knows the series that ship with recur by their names.
func (s Source) table(path string) (*data.Table, error) {
	if set, err := sets.Find(filepath.Base(path)); err == nil {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return s.Read(set.Open(), set.Name)
		}
	}
	return s.ReadFile(path)
}

// Read reads a table by how it begins, as data.Read does; name is what errors call it.
func (s Source) Read(r io.Reader, name string) (*data.Table, error) {
	o, err := s.options()
	if err != nil {
		return nil, err
	}
	return data.Read(r, name, o)
}

// readAll reads the series of several files, which must have the same covariates and steps of
// time. Categories of any of them are known.
func (s Source) readAll(files []string) (*data.Table, error) {
	if len(files) == 0 {
		return nil, errors.New("forecast: there is no file to read")
	}
	all, err := s.table(files[0])
	if err != nil {
		return nil, err
	}
	for _, file := range files[1:] {
		t, err := s.table(file)
		if err != nil {
			return nil, err
		}
		if step, first := t.Series[0].Freq, all.Series[0].Freq; !step.Same(first) {
			return nil, &data.Error{File: file, Reason: fmt.Sprintf("its times are %s, but those of %s are %s", step.Name(), files[0], first.Name()), Hint: "train on files of one frequency, a model for each"}
		}
		if err := all.Append(t); err != nil {
			return nil, err
		}
	}
	if !s.KeepOutliers {
		setAside(all)
	}
	return all, s.addSums(all)
}

// override reads Future, if it is there, and puts what it knows into a table for forecasts of a
// horizon.
func (s Source) override(t *data.Table, horizon int) error {
	if s.Future == "" {
		return nil
	}
	if len(s.Known) == 0 {
		return fault.Errorf(fault.Usage, "forecast: the model uses no columns that are known in advance: leave out --future")
	}
	o, err := s.options()
	if err != nil {
		return err
	}
	step := t.Series[0].Freq
	o.Freq, o.Ahead, o.Past, o.Static = &step, true, nil, nil
	o.Category = slices.DeleteFunc(slices.Clone(o.Category), func(name string) bool { return !slices.Contains(s.Known, name) })
	future, err := data.ReadFile(s.Future, o)
	if err != nil {
		return err
	}
	return t.Override(future, horizon)
}

// Prepare makes a table ready for forecasts of a horizon: it adds the calendar, and
// reports known covariates that lack a value there.
func (s Source) Prepare(t *data.Table, horizon int) error {
	if err := t.CheckAhead(horizon); err != nil {
		return err
	}
	if err := calendar.Add(t, horizon, s.Calendar, s.Holidays...); err != nil {
		return &data.Error{File: t.Name, Reason: err.Error()}
	}
	return nil
}

// Uses reports whether there is anything beside the values.
func (s Source) Uses() bool {
	return len(s.Past)+len(s.Known)+len(s.Static)+len(s.Holidays) > 0 || s.Calendar
}
