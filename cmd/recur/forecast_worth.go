package main

import (
	"fmt"
	"math"

	"github.com/recur-go/recur/internal/chart"
	"github.com/recur-go/recur/task/forecast"
)

// worth is what the covariates are worth to the net, after training with some.
func (r *forecastRun) worth() []forecast.Worth {
	if r.trained == nil {
		return nil
	}
	return r.trained.model.(*forecast.Trained).Worth
}

// worthSection lists the covariates by what they are worth; nil for none.
func (r *forecastRun) worthSection() []chart.Section {
	all := r.worth()
	if all == nil {
		return nil
	}
	t := &chart.Table{Best: -1, Head: []string{"covariate", "known", "loss without it"}}
	useless := 0
	for _, w := range all {
		change := "-"
		if !math.IsNaN(w.Loss) {
			change = fmt.Sprintf("%+.1f %%", 100*w.Loss)
		}
		t.Rows = append(t.Rows, []string{w.Name, r.lang.Text(string(w.Role)), change})
		if !w.Useful() {
			useless++
		}
	}
	note := "How much the pinball loss of the net grows when the values of a covariate are mixed up, in forecasts from the last origins."
	if useless > 0 {
		note += "\nThose that change it by less than one per cent are of no use to this net: leave them out."
	}
	return []chart.Section{{Title: "What the covariates are worth", Table: t, Note: note}}
}
