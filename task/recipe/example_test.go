package recipe_test

import (
	"fmt"

	"github.com/recur-go/recur/task/recipe"
)

func ExampleSet() {
	settings := &struct {
		Hidden int     `json:"hidden"`
		Rate   float64 `json:"rate"`
	}{128, 1e-3}
	fmt.Println(recipe.Set(settings, "hidden", "256"), *settings)
	fmt.Println(recipe.Set(settings, "hiden", "256"))
	// Output:
	// <nil> {256 0.001}
	// there is no setting "hiden"; did you mean "hidden"?
}
