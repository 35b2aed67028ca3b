package forecast

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/par"
)

// NetOf is the trained model of a method without what a back-test chose beside it: what Method.Fit
// gave.
func NetOf(m Forecaster) Forecaster {
	if c, ok := m.(interface{ net() Forecaster }); ok {
		return c.net()
	}
	return m
}

// choosing is m with the forecasts that its Choice asks for, if it has one, and with those of
// series that no net learns from.
func choosing(m Forecaster) Forecaster {
	if _, ok := m.(WithLevels); ok {
		return chosenLevels{chosen{m}}
	}
	return chosen{m}
}

// chosen is a Forecaster whose forecasts are the blends, or those of single models, that the
// Choice of its net has found. Series that never change, or are short, are forecast without
// the net.
type chosen struct{ Forecaster }

func (c chosen) net() Forecaster { return c.Forecaster }

// chosenLevels is chosen for nets that give bands of any level.
type chosenLevels struct{ chosen }

// WithLevels implements the interface WithLevels.
func (c chosenLevels) WithLevels(levels []float64) Forecaster {
	return chosenLevels{chosen{c.Forecaster.(WithLevels).WithLevels(levels)}}
}

// Predict implements Forecaster.
func (c chosen) Predict(ctx context.Context, series ...data.Series) ([]Forecast, error) {
	if err := c.Asked().Fits(series...); err != nil {
		return nil, err
	}
	var learnt []data.Series
	for _, s := range series {
		if err := check(s); err != nil {
			return nil, err
		}
		if learnable(s.Y) {
			learnt = append(learnt, s)
		}
	}
	nets, err := c.Forecaster.Predict(ctx, learnt...)
	if err != nil {
		return nil, err
	}
	all, n := make([]Forecast, len(series)), 0
	for i, s := range series {
		if learnable(s.Y) {
			all[i] = nets[n]
			n++
		}
	}
	err = par.Each(ctx, len(series), 0, func(ctx context.Context, i int) (err error) {
		all[i], err = c.Asked().blend(all[i], series[i].ID, series[i].Y)
		c.Asked().limit(series[i].ID, &all[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, c.Asked().addUp(series, all)
}

// Roll implements Roller.
func (c chosen) Roll(ctx context.Context, s data.Series, origins []int) ([]Forecast, error) {
	if len(origins) == 0 || !learnable(s.Y[:origins[0]]) {
		past := make([]data.Series, len(origins))
		for i, o := range origins {
			past[i] = s.Before(o)
		}
		return c.Predict(ctx, past...)
	}
	all, err := roll(ctx, c.Forecaster, s, origins)
	for i, o := range origins {
		if err == nil {
			all[i], err = c.Asked().blend(all[i], s.ID, s.Y[:o])
			c.Asked().limit(s.ID, &all[i])
		}
	}
	return all, err
}

// fewest is the number of values that a series needs for nets to learn from it.
const fewest = 8

// learnable reports whether nets learn from a series.
func learnable(y []float64) bool {
	known := 0
	for _, v := range y {
		if !math.IsNaN(v) {
			known++
		}
	}
	return known >= fewest && !constant(y)
}

// blend is what is chosen for a series after its history; net is the forecast of the net, or
// nothing if it gives none.
func (j *Job) blend(net Forecast, id string, history []float64) (Forecast, error) {
	choice := j.Choice
	switch {
	case constant(history):
		f := NewForecast(j.Horizon, j.Levels)
		f.hold(slices.MaxFunc(history, cmp.Compare)) // NaN comes before all others
		return f, nil
	case choice == nil && net.Point != nil:
		return net, nil
	case choice == nil:
		choice = untested(modelName, j.Season, len(j.Covariates) > 0)
	}
	shares := choice.Of(id)
	if net.Point == nil {
		net, shares = NewForecast(j.Horizon, j.Levels), choice.withoutNet(shares)
	}
	all := make([]Forecast, len(shares.Of))
	for i, share := range shares.Of {
		switch {
		case i == 0:
			all[i] = j.Limited(id, net)
		case share > 0:
			by, err := baseline(choice.Models[i], j.Season)
			if err != nil {
				return net, err
			}
			all[i] = j.Limited(id, by.Forecast(recent(history, j.Season), j.Horizon, levelsOf(net.Bands)))
		}
	}
	f := blend(all, shares, choice.Levels)
	f.Paths = net.moved(f)
	f.bound(history)
	return f, nil
}

// hold sets all of a forecast to a value.
func (f *Forecast) hold(v float64) {
	for k := range f.Point {
		f.Point[k] = v
		for _, b := range f.Bands {
			b.Lo[k], b.Hi[k] = v, v
		}
	}
}

// baseline is the one of a name.
func baseline(name string, season int) (Baseline, error) {
	all := Baselines(season)
	if i := slices.IndexFunc(all, func(b Baseline) bool { return b.Name == name }); i >= 0 {
		return all[i], nil
	}
	return Baseline{}, fmt.Errorf("forecast: the model's forecasts need the baseline %q, which this version of recur lacks", name)
}
