package official

import (
	"context"
	"fmt"

	"github.com/recur-go/recur/forecast"
	"github.com/recur-go/recur/forecast/segrnn"
)

// ETT scores segrnn on the hourly electricity transformer data of Zhou et al. 2021,
// ETTh1.csv or ETTh2.csv in dir: 12 months to learn, 4 to validate, 4 to test, in
// units of the deviation in the first 12. c is what is not default of the preset's
// config; its Horizon is one of 96, 192, 336, 720.
func ETT(ctx context.Context, dir, name string, c segrnn.Config) (segrnn.Score, error) {
	const month = 30 * 24
	_, values, header, err := rows(dir, name+".csv")
	if err != nil {
		return segrnn.Score{}, err
	}
	if len(values) < 20*month {
		return segrnn.Score{}, fmt.Errorf("%s has %d rows, want at least %d", name, len(values), 20*month)
	}
	series := make([]forecast.Series, len(header))
	for i, id := range header {
		series[i].ID = id
		for t, row := range values[:20*month] {
			if len(row) != len(header) {
				return segrnn.Score{}, fmt.Errorf("%s: row %d has %d values, want %d", name, t+2, len(row), len(header))
			}
			series[i].Y = append(series[i].Y, row[i])
		}
	}
	learn := make([]forecast.Series, len(series))
	for i, s := range series {
		learn[i] = forecast.Series{ID: s.ID, Y: s.Y[:16*month]}
	}
	c.Valid = 4 * month
	m, err := segrnn.Fit(ctx, c, learn...)
	if err != nil {
		return segrnn.Score{}, err
	}
	return m.Evaluate(ctx, 4*month, series...)
}
