package main

import (
	"fmt"
	"strconv"
)

// addPanel adds the table of the forecasts beside those of what people use.
func addPanel(dir string, tables map[string]table) error {
	var all struct {
		Machine  string            `json:"machine"`
		Versions map[string]string `json:"versions"`
		Sums     []struct {
			Model   string  `json:"model"`
			Kind    string  `json:"kind"`
			Series  int     `json:"series"`
			Ratio   float64 `json:"ratio"`
			Worse   float64 `json:"worse"`
			Worst   float64 `json:"worst"`
			MASE    float64 `json:"mase"`
			Cover80 float64 `json:"coverage80"`
			Cover95 float64 `json:"coverage95"`
			MSIS    float64 `json:"msis"`
		} `json:"sums"`
		Rows []struct {
			Folds int `json:"folds"`
		} `json:"rows"`
	}
	if err := readJSON(dir, "forecast.json", &all); err != nil {
		return err
	}
	windows := 0
	for _, r := range all.Rows {
		windows += r.Folds
	}
	tables["panel-about"] = whole(func() string {
		return fmt.Sprintf("%d windows of %d series; recur %s, statsforecast %s, Prophet %s.\n",
			windows, len(all.Rows), all.Versions["recur"], all.Versions["statsforecast"], all.Versions["prophet"])
	})
	tables["panel"] = whole(func() string {
		g := newGrid("model", "ratio to the best peer", "worse than 1.25", "worst", "MASE", "in 80 %", "in 95 %", "MSIS")
		for _, s := range all.Sums {
			if s.Kind == "all" {
				g.row(s.Model, fmt.Sprintf("%.3f", s.Ratio), percent(s.Worse), fmt.Sprintf("%.2f", s.Worst), fmt.Sprintf("%.3f", s.MASE), percent(s.Cover80), percent(s.Cover95), digits(s.MSIS))
			}
		}
		return g.String()
	})
	tables["panel-kinds"] = whole(func() string {
		g := newGrid("kind", "series", "ratio", "worst", "MASE", "in 80 %", "in 95 %", "the mean of three: ratio", "in 80 %", "in 95 %")
		row := []string{}
		for _, s := range all.Sums {
			switch {
			case s.Kind == "all":
			case s.Model == "recur":
				row = []string{s.Kind, strconv.Itoa(s.Series), fmt.Sprintf("%.3f", s.Ratio), fmt.Sprintf("%.2f", s.Worst), fmt.Sprintf("%.3f", s.MASE), percent(s.Cover80), percent(s.Cover95)}
			case s.Model == "mean of three":
				g.row(append(row, fmt.Sprintf("%.3f", s.Ratio), percent(s.Cover80), percent(s.Cover95))...)
			}
		}
		return g.String()
	})
	return nil
}

// percent is a share in percent.
func percent(v float64) string { return fmt.Sprintf("%.0f", 100*v) }
