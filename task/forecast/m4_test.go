package forecast

import (
	"encoding/csv"
	"math"
	"strconv"
	"testing"

	"github.com/recur-go/recur/internal/fixture"
	"github.com/recur-go/recur/task/forecast/theta"
)

// m4 reads a file of the M4 competition: a series a row.
func m4(t *testing.T, name string) [][]float64 {
	t.Helper()
	r := csv.NewReader(fixture.Open(t, "data/ts/m4/"+name))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var all [][]float64
	for _, row := range rows[1:] {
		var y []float64
		for _, s := range row[1:] {
			if s == "" {
				break
			}
			v, err := strconv.ParseFloat(s, 64)
			if err != nil {
				t.Fatal(err)
			}
			y = append(y, v)
		}
		all = append(all, y)
	}
	return all
}

// The figures are those of the competition's published table, to three digits.
func TestM4Benchmarks(t *testing.T) {
	for _, c := range []struct {
		set                            string
		season                         int
		snaive, naive2, naive2M, theta float64
		comb                           float64
	}{
		{"Weekly", 1, 9.161, 9.161, 2.777, 9.093, 8.944},
		{"Hourly", 24, 13.912, 18.383, 2.395, 18.138, 22.053},
	} {
		t.Run(c.set, func(t *testing.T) {
			train, test := m4(t, c.set+"-train.csv.gz"), m4(t, c.set+"-test.csv.gz")
			var snaive, naive2, naive2M, thetas, combs float64
			n := float64(len(train))
			for i, y := range train {
				h := len(test[i])
				snaive += SMAPE(test[i], SeasonalNaive(y, c.season, h, nil).Point) / n
				f := Naive2(y, c.season, h, nil).Point
				naive2 += SMAPE(test[i], f) / n
				naive2M += MASE(y, test[i], f, c.season) / n
				thetas += SMAPE(test[i], adjusted(theta.Classic, latest, m4Seasonal)(y, c.season, h, nil).Point) / n
				combs += SMAPE(test[i], adjusted(theta.Comb, latest, m4Seasonal)(y, c.season, h, nil).Point) / n
			}
			for _, m := range []struct {
				name      string
				got, want float64
				tol       float64
			}{
				{"seasonal naive sMAPE", snaive, c.snaive, 6e-4},
				{"naive2 sMAPE", naive2, c.naive2, 6e-4},
				{"naive2 MASE", naive2M, c.naive2M, 6e-4},
				{"theta sMAPE", thetas, c.theta, 2e-2},      // its α is found by a search
				{"comb sMAPE", combs, c.comb, 0.03 * combs}, // and so are its four rates
			} {
				t.Logf("%s: %.4f, published %.3f", m.name, m.got, m.want)
				if math.Abs(m.got-m.want) > m.tol {
					t.Errorf("%s is %.4f, published %.3f", m.name, m.got, m.want)
				}
			}
		})
	}
}
