package accuracy

import (
	"context"
	"fmt"
	"time"

	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/forecast/esrnn"
)

// esrnnCase scores the preset esrnn on a contest, all of whose series make one model.
// scale is the season of MASE and MSIS.
func esrnnCase(c Case, read func(dir string) (*contest, error), horizon, season, scale int, naive2 map[string]float64) Case {
	c.Task = "forecast"
	c.Run = func(ctx context.Context, dir string, seed uint64, note func(string)) (map[string]float64, error) {
		set, err := read(dir)
		if err != nil {
			return nil, err
		}
		last := time.Now()
		o := task.Options{OnStep: func(s task.Step) {
			if time.Since(last) > 20*time.Second {
				last = time.Now()
				note(fmt.Sprintf("step %d of %d: loss %.4f", s.Progress.Step, s.Of, s.Progress.Loss))
			}
		}}
		m, err := esrnn.Fit(ctx, esrnn.Config{Job: forecast.Job{Horizon: horizon, Season: season, Seed: seed, Levels: []float64{0.95}}}, o, set.past...)
		if err != nil {
			return nil, err
		}
		fs, err := m.Predict(ctx, set.past...)
		if err != nil {
			return nil, err
		}
		scores := set.score(fs, scale)
		if naive2 != nil {
			scores["owa"] = forecast.OWA(scores["smape"], scores["mase"], naive2["smape"], naive2["mase"])
		}
		note(fmt.Sprintf("weight of Comb and Theta: %.2f", m.BaselineWeight))
		return scores, nil
	}
	return c
}

func init() {
	m4Needs := func(set string) []string {
		return []string{"ts/m4/" + set + "-train.csv.gz", "ts/m4/" + set + "-test.csv.gz"}
	}
	const (
		table4 = "M4 competition, published point forecasts: ES-RNN (Smyl)"
		msis4  = "M4 competition, published intervals: ES-RNN (Smyl)"
		monash = "Godahewa et al. 2021, appendix, rounded: "
	)
	register(esrnnCase(Case{
		Name: "m4-hourly", Tier: "A", Needs: m4Needs("Hourly"),
		Protocol: "M4 hourly, 414 series, official test of 48 steps; preset esrnn; OWA by the published Naive2",
		Figures: []Figure{
			{Metric: "owa", Published: .440, Target: .4401, Stretch: .410, Source: table4 + ", 0.440 by its 9.328 and 0.893; stretch: best of all, id 238"},
			{Metric: "smape", Published: 9.328, Source: table4},
			{Metric: "mase", Published: .893, Source: table4},
			{Metric: "msis", Published: 7.93, Stretch: 6.14, Source: msis4},
		},
	}, func(dir string) (*contest, error) { return m4(dir, "Hourly") }, 48, 24, 24, map[string]float64{"smape": 18.383, "mase": 2.395}))
	register(esrnnCase(Case{
		Name: "m4-weekly", Tier: "A", Needs: m4Needs("Weekly"),
		Protocol: "M4 weekly, 359 series, official test of 13 steps; preset esrnn; OWA by the published Naive2",
		Figures: []Figure{
			{Metric: "owa", Published: .851, Stretch: .739, Source: table4 + "; stretch: best of all, id 235"},
			{Metric: "smape", Published: 7.817, Source: table4},
			{Metric: "mase", Published: 2.356, Source: table4},
			{Metric: "msis", Published: 22.03, Stretch: 16.2, Source: msis4},
		},
	}, func(dir string) (*contest, error) { return m4(dir, "Weekly") }, 13, 52, 1, map[string]float64{"smape": 9.161, "mase": 2.777}))
	register(esrnnCase(Case{
		Name: "m3-monthly", Tier: "A", Needs: []string{"ts/m3/m3_data.json.gz"},
		Protocol: "M3 monthly, 1,428 series, official test of 18 steps; preset esrnn",
		Figures: []Figure{
			{Metric: "mase", Published: .87, Stretch: .861, Source: monash + "ETS; stretch: TBATS"},
			{Metric: "smape", Published: 13.9, Stretch: 13.85, Source: monash + "Theta; stretch: TBATS"},
		},
	}, func(dir string) (*contest, error) { return competition(dir, "m3_data", "MONTHLY") }, 18, 12, 12, nil))
	register(esrnnCase(Case{
		Name: "tourism-monthly", Tier: "A", Needs: []string{"ts/m3/tcomp_data.json.gz"},
		Protocol: "tourism monthly (Athanasopoulos et al. 2011), 366 series, official test of 24 steps; preset esrnn",
		Figures: []Figure{
			{Metric: "mase", Published: 1.41, Stretch: 1.382, Source: monash + "DeepAR; stretch: FFNN"},
			{Metric: "smape", Published: 18.35, Source: monash + "DeepAR"},
		},
	}, func(dir string) (*contest, error) { return competition(dir, "tcomp_data", "MONTHLY") }, 24, 12, 12, nil))
	register(esrnnCase(Case{
		Name: "cif-2016", Tier: "A", Needs: []string{"ts/monash/cif_2016_dataset.tsf.gz"},
		Protocol: "CIF 2016, 72 series, the last 12 or 6 steps by the series; preset esrnn with horizon 12",
		Figures: []Figure{
			{Metric: "mase", Published: .84, Source: monash + "ETS"},
			{Metric: "smape", Published: 11.70, Source: monash + "ARIMA"},
		},
	}, cif, 12, 12, 12, nil))
	register(esrnnCase(Case{
		Name: "nn5-daily", Tier: "A", Needs: []string{"ts/monash/nn5.csv.gz"},
		Protocol: "NN5, 111 series with their missing values masked, the last 56 steps; preset esrnn",
		Figures: []Figure{
			{Metric: "mase", Published: .86, Stretch: .858, Source: monash + "TBATS"},
			{Metric: "smape", Published: 21.2, Source: monash + "TBATS"},
		},
	}, nn5, 56, 7, 7, nil))
}
