// Package accuracy is the table of published figures that recur is measured against:
// public data sets, each with its official split and protocol, what the best published
// recurrent models reach, and how recur's presets are scored on it. The data are not
// part of recur; a run is given their folder.
//
// Cases are one file a task and register themselves in init.
package accuracy

import (
	"cmp"
	"context"
	"fmt"

	"github.com/recur-go/recur/task/recipe"
)

// A Case is one run of a preset on one data set. It may give several figures.
type Case struct {
	Name     string   // such as "m4-hourly"
	Task     string   // forecast, classify, generate, translate, caption or memory
	Protocol string   // split, preset and what is trained, in a line
	Tier     string   // "A" takes minutes, "B" up to an hour or two
	Needs    []string // files under the folder of the data
	Figures  []Figure

	// Run trains and scores with a seed. The scores are by the figures' metrics.
	// note gets lines about how the run goes on.
	Run func(ctx context.Context, dir string, seed uint64, note func(string)) (map[string]float64, error)

	recipe *recipe.Recipe // recipe that Run trains by, if byRecipe has made it
}

// A Figure is a score to reach.
type Figure struct {
	Metric    string  // such as "owa"
	Published float64 // score that Source gives for the nearest system, 0 if there is none
	Target    float64 // score that is aimed at, 0 for Published
	Stretch   float64 // the best of any method, 0 if none is known
	Maximise  bool    // more is better
	Source    string  // paper or report, and table
}

// Aim is the score that is aimed at.
func (f Figure) Aim() float64 { return cmp.Or(f.Target, f.Published) }

// reached reports whether a score is as good as another.
func (f Figure) reached(score, other float64) bool {
	if f.Maximise {
		return score >= other
	}
	return score <= other
}

// cases are all that are registered.
var cases []Case

// register adds a case. It panics if the name is taken.
func register(c Case) {
	for _, have := range cases {
		if have.Name == c.Name {
			panic(fmt.Sprintf("accuracy: %q is registered twice", c.Name))
		}
	}
	cases = append(cases, c)
}
