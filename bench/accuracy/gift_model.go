package accuracy

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/forecast/segrnn"
)

// giftPreset is what forecasts all tasks of the board.
const giftPreset = "segmix"

// natural is the season of a frequency that a model is given: the day or the week, which for days is not
// the board's.
func (t giftTask) natural() int {
	if t.freq == "D" {
		return 7
	}
	return t.season
}

// run trains the preset on what comes before all windows of the task, the last horizon of which
// is what the board allows to validate on, and forecasts the windows.
func (t giftTask) run(ctx context.Context, dir string, c segrnn.Config, o task.Options) (map[string]float64, error) {
	series, err := t.read(dir)
	if err != nil {
		return nil, err
	}
	return t.runOn(ctx, series, c, o)
}

func (t giftTask) runOn(ctx context.Context, all [][]float64, c segrnn.Config, o task.Options) (map[string]float64, error) {
	h, w := t.horizon(), t.count(all)
	c.Horizon, c.Season = h, t.natural()
	c.Levels = []float64{0.2, 0.4, 0.6, 0.8} // edges and middle are giftLevels
	var series []data.Series
	for i, y := range all {
		n := len(y) - h*w
		series = append(series, data.Series{ID: strconv.Itoa(i), Y: y[:n:n]})
	}
	m, err := segrnn.Fit(ctx, c, o, series...)
	if err != nil {
		return nil, err
	}
	var failed error
	scores := t.score(all, func(i int, history []float64) [][]float64 {
		past := history[max(len(history)-20*m.Window, 0):] // all that plays a part in the forecast
		f, err := m.Predict(ctx, data.Series{ID: strconv.Itoa(i), Y: past})
		if err != nil {
			failed = err
			return slices.Repeat([][]float64{make([]float64, h)}, len(giftLevels))
		}
		return giftQuantiles(f[0])
	})
	return scores, failed
}

// giftQuantiles are the edges of the bands of a forecast and its middle.
func giftQuantiles(f forecast.Forecast) (q [][]float64) {
	for i := len(f.Bands) - 1; i >= 0; i-- {
		q = append(q, f.Bands[i].Lo)
	}
	q = append(q, f.Point)
	for _, b := range f.Bands {
		q = append(q, b.Hi)
	}
	return q
}

func init() {
	for _, t := range giftTasks() {
		of := giftFigures[t.String()]
		recurrent := of[1]
		source := fmt.Sprintf("GIFT-Eval, results of %s; Seasonal_Naive has %.4g and %.4g", giftModels[1], of[0].crps, of[0].mase)
		register(Case{
			Name: t.name(), Task: forecast.Name, Tier: "B", Needs: t.needs(),
			Protocol: fmt.Sprintf("GIFT-Eval, task %v: windows of %d steps at the ends of the series; preset %s, trained on what comes before them all", t, t.horizon(), giftPreset),
			Figures: []Figure{
				{Metric: "crps", Published: recurrent.crps, Stretch: min(recurrent.crps, of[2].crps, of[3].crps), Source: source},
				{Metric: "mase", Published: recurrent.mase, Stretch: min(recurrent.mase, of[2].mase, of[3].mase), Source: "the same"},
			},
			Run: func(ctx context.Context, dir string, seed uint64, note func(string)) (map[string]float64, error) {
				c, err := segrnn.Preset(giftPreset)
				if err != nil {
					return nil, err
				}
				c.Seed = seed
				scores, err := t.run(ctx, dir, *c, noting(note, ""))
				if err != nil {
					return nil, err
				}
				note(fmt.Sprintf("over Seasonal_Naive: CRPS %.3f, MASE %.3f", scores["crps"]/of[0].crps, scores["mase"]/of[0].mase))
				return scores, nil
			},
		})
	}
}
