package forecast

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
)

// Of days with dates, holidays and columns, the holidays and the columns that matter have effects:
// dates are what seasons are of.
func TestComponentsOfDays(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 7))
	var text strings.Builder
	text.WriteString("ds,y,price,open,weather,luck\n")
	start, _ := data.ParseTime("2021-01-01")
	daily, _ := data.ParseFreq("D")
	plain := &data.Table{Name: "days", Series: []data.Series{{Start: start, Freq: daily, Y: make([]float64, 730)}}}
	source := Source{Past: []string{"weather", "luck"}, Known: []string{"price", "open"}, Calendar: true, Holidays: []string{"us"}}
	if err := (Source{Holidays: source.Holidays}).Prepare(plain, 0); err != nil {
		t.Fatal(err)
	}
	holiday := plain.Series[0].Known[0]
	for k := range 730 {
		price, open, weather := 5+float64(r.IntN(9)), r.IntN(2), r.IntN(3)
		y := 300 + 40*math.Sin(2*math.Pi*float64(k)/7) - 4*price + 8*float64(open) + 15*float64(weather%2) - 60*holiday[k] + 5*r.NormFloat64()
		fmt.Fprintf(&text, "%s,%v,%v,%d,%s,%v\n", daily.Add(start, k), y, price, open, []string{"sun", "rain", "snow"}[weather], r.NormFloat64())
	}
	table, err := source.Read(strings.NewReader(text.String()), "days.csv")
	if err != nil {
		t.Fatal(err)
	}
	if err := source.Prepare(table, 0); err != nil {
		t.Fatal(err)
	}
	j := &Job{Season: 7, Source: source, Covariates: table.Covariates}
	j.Learn(table.Series...)
	m := fake{j, nil}
	if names := Effects(m); !slices.Equal(names, []string{Holidays, "weather", "luck", "price", "open"}) {
		t.Fatalf("%q", names)
	}
	s := table.Series[0]
	for _, from := range []int{0, 100} {
		d := Components(m, s, from)
		var names []string
		for _, e := range d.Effects {
			names = append(names, e.Name)
			var least, most float64
			for _, v := range e.Y {
				least, most = min(least, v), max(most, v)
			}
			if want := map[string]float64{Holidays: 60, "weather": 15, "price": 32, "open": 8}[e.Name]; math.Abs(most-least-want) > 0.2*want {
				t.Errorf("from %d: the effect of %s is %v, want %v", from, e.Name, most-least, want)
			}
		}
		if fmt.Sprint(names) != "[holidays weather price open]" {
			t.Errorf("from %d: effects of %q", from, names)
		}
		for k := range d.Trend {
			sum := d.Trend[k] + d.Seasons[0][k] + d.Rest[k]
			for _, e := range d.Effects {
				sum += e.Y[k]
			}
			if math.Abs(sum-s.Y[from+k]) > 1e-9 {
				t.Fatalf("the parts of value %d add up to %v", from+k, sum)
			}
		}
	}
	if d := Components(fake{&Job{Season: 1}, nil}, data.Series{Y: []float64{1, 2, 3, 5, 4, 3, 5, 6, 7}}, 0); d != nil {
		t.Errorf("%+v of a series with nothing beside it and no season", d)
	}
}
