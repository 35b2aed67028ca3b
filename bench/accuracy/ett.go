package accuracy

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast/segrnn"
)

// ett scores segrnn on the hourly electricity transformer data of Zhou et al. 2021,
// ETTh1.csv or ETTh2.csv in dir: 12 months to learn, 4 to validate, 4 to test, in
// units of the deviation in the first 12. The Horizon of c is one of 96, 192, 336, 720.
func ett(ctx context.Context, dir, name string, c segrnn.Config, o task.Options) (segrnn.Score, error) {
	const month = 30 * 24
	_, values, header, err := rows(dir, name+".csv")
	if err != nil {
		return segrnn.Score{}, err
	}
	if len(values) < 20*month {
		return segrnn.Score{}, fmt.Errorf("%s has %d rows, want at least %d", name, len(values), 20*month)
	}
	series := make([]data.Series, len(header))
	for i, id := range header {
		series[i].ID = id
		for _, row := range values[:20*month] {
			series[i].Y = append(series[i].Y, row[i])
		}
	}
	learn := make([]data.Series, len(series))
	for i, s := range series {
		learn[i] = data.Series{ID: s.ID, Y: s.Y[:16*month]}
	}
	c.HeldOutSteps = 4 * month
	m, err := segrnn.Fit(ctx, c, o, learn...)
	if err != nil {
		return segrnn.Score{}, err
	}
	return m.Evaluate(ctx, 4*month, series...)
}

func init() {
	published := map[string][4][2]int{ // MSE, MAE at 96, 192, 336, 720, in thousandths
		"ETTh1": {{368, 395}, {408, 419}, {444, 440}, {446, 457}},
		"ETTh2": {{278, 335}, {359, 389}, {421, 436}, {432, 455}},
	}
	for _, name := range []string{"ETTh1", "ETTh2"} {
		for i, horizon := range []int{96, 192, 336, 720} {
			want := published[name][i]
			register(Case{
				Name: fmt.Sprintf("%s-%d", strings.ToLower(name), horizon), Task: "forecast", Tier: "A",
				Protocol: fmt.Sprintf("12, 4 and 4 months; z-scored; look-back 96, horizon %d, every window of the test months; preset segrnn", horizon),
				Needs:    []string{"ts/ltsf/" + name + ".csv.gz"},
				Figures: []Figure{
					{Metric: "mse", Published: float64(want[0]) / 1000, Target: float64(want[0]+5) / 1000, Source: "SegRNN, the authors' table at look-back 96 without drop_last; the target is 0.005 above"},
					{Metric: "mae", Published: float64(want[1]) / 1000, Target: float64(want[1]+5) / 1000, Source: "the same"},
				},
				Run: func(ctx context.Context, dir string, seed uint64, note func(string)) (map[string]float64, error) {
					c, err := segrnn.Preset("segrnn")
					if err != nil {
						return nil, err
					}
					c.Horizon, c.Seed = horizon, seed
					s, err := ett(ctx, filepath.Join(dir, "ts", "ltsf"), name, *c, noting(note, ""))
					return map[string]float64{"mse": s.MSE, "mae": s.MAE}, err
				},
			})
		}
	}
}
