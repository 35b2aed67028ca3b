package forecast_test

import (
	"fmt"
	"math"

	"github.com/recur-go/recur/task/forecast"
)

func ExampleETS() {
	f := forecast.ETS(months().Y, 12, 3, []float64{0.8})
	fmt.Printf("%.0f\n", f.Point)
	// Output: [196 207 215]
}

func ExampleMSTL() {
	var load []float64 // hours of five weeks, with less on weekends
	for t := range 24 * 35 {
		v := 100 + 30*math.Sin(2*math.Pi*float64(t)/24)
		if t/24%7 >= 5 {
			v -= 20
		}
		load = append(load, v)
	}
	f := forecast.MSTL(load, 24, 7*24, nil)
	fmt.Printf("Monday at six %.0f, Saturday %.0f\n", f.Point[6], f.Point[5*24+6])
	// Output: Monday at six 130, Saturday 110
}

func ExampleDOTM() {
	f := forecast.DOTM(months().Y, 12, 3, []float64{0.8})
	fmt.Printf("%.0f\n", f.Point)
	// Output: [200 214 225]
}

func ExampleARIMA() {
	f := forecast.ARIMA(months().Y, 12, 3, []float64{0.8})
	fmt.Printf("%.0f\n", f.Point)
	// Output: [196 207 215]
}
