package calendar

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/recur-go/recur/data"
)

// A Feature is a covariate that follows from the date.
type Feature struct {
	data.Covariate
	At func(t time.Time) float64
}

// Features are what may matter to series of a frequency: the hour, the day of the week,
// the month as categories, the time of the day and of the year as waves, and for each
// of the countries by its code the public holidays and the days beside them. With dates
// false only the holidays.
func Features(f data.Freq, dates bool, countries ...string) ([]Feature, error) {
	if f.Unit == data.Index {
		return nil, errors.New("numbered steps have no dates: leave out --calendar and --holidays, or use dates")
	}
	var all []Feature
	add := func(name string, categories []string, at func(t time.Time) float64) {
		all = append(all, Feature{data.Covariate{Name: name, Role: data.Known, Categories: categories}, at})
	}
	waves := func(name string, most int, phase func(t time.Time) float64) {
		for k := 1; k <= most; k++ {
			add(fmt.Sprintf("%s_sin%d", name, k), nil, func(t time.Time) float64 { return math.Sin(2 * math.Pi * float64(k) * phase(t)) })
			add(fmt.Sprintf("%s_cos%d", name, k), nil, func(t time.Time) float64 { return math.Cos(2 * math.Pi * float64(k) * phase(t)) })
		}
	}
	days := stepDays(f)
	if dates {
		if f.Unit == data.Second {
			add("hour", numbers(0, 23), func(t time.Time) float64 { return float64(t.Hour()) })
			waves("day", 2, dayPhase)
		}
		if days <= 1 {
			add("weekday", []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"},
				func(t time.Time) float64 { return float64((t.Weekday() + 6) % 7) })
		}
		if f.Unit == data.Day && f.N == 1 || f.Unit == data.Business {
			waves("month", 1, monthPhase)
		}
		if f.Unit == data.Month {
			add("month", numbers(1, 12), func(t time.Time) float64 { return float64(t.Month() - 1) })
		} else {
			waves("year", 3, yearPhase)
		}
	}
	for _, c := range countries {
		h, err := Of(c)
		if err != nil {
			return nil, err
		}
		share := func(t time.Time) float64 { // of the days of a step
			end := f.Add(data.Time{At: t}, 1).At
			if days <= 1 {
				end = t.AddDate(0, 0, 1)
			}
			n, of := 0.0, 0.0
			for d := t; d.Before(end); d = d.AddDate(0, 0, 1) {
				if h.On(d) != "" {
					n++
				}
				of++
			}
			return n / of
		}
		add("holiday_"+h.country, nil, share)
		if days <= 1 {
			add("before_holiday_"+h.country, nil, func(t time.Time) float64 { return share(t.AddDate(0, 0, 1)) })
			add("after_holiday_"+h.country, nil, func(t time.Time) float64 { return share(t.AddDate(0, 0, -1)) })
		}
	}
	return all, nil
}

// Add gives a table features as known covariates, up to horizon steps after the end of
// each series. The table's other known covariates come first.
func Add(t *data.Table, horizon int, dates bool, countries ...string) error {
	if len(t.Series) == 0 || !dates && len(countries) == 0 {
		return nil
	}
	features, err := Features(t.Series[0].Freq, dates, countries...)
	if err != nil {
		return err
	}
	known := data.Select(t.Covariates, data.Known)
	for _, f := range features {
		known = append(known, f.Covariate)
	}
	t.Covariates = append(append(data.Select(t.Covariates, data.Past), known...), data.Select(t.Covariates, data.Static)...)
	for i := range t.Series {
		s := &t.Series[i]
		for _, f := range features {
			x := make([]float64, len(s.Y)+horizon)
			for k := range x {
				x[k] = f.At(s.Time(k).At)
			}
			s.Known = append(s.Known, x)
		}
	}
	return nil
}

// stepDays is about how many days a step has.
func stepDays(f data.Freq) float64 {
	switch f.Unit {
	case data.Second:
		return float64(f.N) / (24 * 3600)
	case data.Month:
		return 30 * float64(f.N)
	}
	return float64(f.N)
}

func dayPhase(t time.Time) float64 {
	return (float64(t.Hour()) + float64(t.Minute())/60 + float64(t.Second())/3600) / 24
}

func monthPhase(t time.Time) float64 {
	return float64(t.Day()-1) / float64(time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day())
}

func yearPhase(t time.Time) float64 { return (float64(t.YearDay()-1) + dayPhase(t)) / 365.25 }

func numbers(from, to int) (names []string) {
	for i := from; i <= to; i++ {
		names = append(names, strconv.Itoa(i))
	}
	return names
}
