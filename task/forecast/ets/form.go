package ets

import "github.com/recur-go/recur/internal/fault"

// A Component is how a part of a model comes in.
type Component byte

const (
	None           Component = 'N'
	Additive       Component = 'A'
	Multiplicative Component = 'M'
)

// A Form is the kind of a model. The zero Form is not valid.
type Form struct {
	Error  Component // Additive or Multiplicative
	Trend  Component // None or Additive
	Damped bool      // of a trend
	Season Component // None, Additive or Multiplicative
}

// String is the name of the form in the usual letters: error, trend, d if damped, season.
func (f Form) String() string {
	d := ""
	if f.Damped {
		d = "d"
	}
	return string(rune(f.Error)) + string(rune(f.Trend)) + d + string(rune(f.Season))
}

// ParseForm reads a name as String writes it.
func ParseForm(name string) (f Form, err error) {
	if len(name) == 4 && name[2] == 'd' {
		f.Damped = true
		name = name[:2] + name[3:]
	}
	if len(name) == 3 {
		f.Error, f.Trend, f.Season = Component(name[0]), Component(name[1]), Component(name[2])
	}
	return f, f.check()
}

func (f Form) check() error {
	switch {
	case f.Error != Additive && f.Error != Multiplicative,
		f.Trend != None && f.Trend != Additive,
		f.Season != None && f.Season != Additive && f.Season != Multiplicative,
		f.Damped && f.Trend == None:
		return fault.Errorf(fault.Usage, "ets: there is no form %q; forms are error (A or M), trend (N, A or Ad) and season (N, A or M), such as AAdN", f.String())
	}
	return nil
}

// rates is the number of smoothing parameters.
func (f Form) rates() int {
	n := 1
	if f.Trend != None {
		n++
	}
	if f.Season != None {
		n++
	}
	if f.Damped {
		n++
	}
	return n
}
