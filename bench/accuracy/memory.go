package accuracy

import (
	"context"
	"fmt"

	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/memory"
)

func init() {
	register(Case{
		Name: "adding", Task: "memory", Tier: "A",
		Protocol: "adding problem over 200 steps, GRU of 64; mean squared error on 1,000 new sequences",
		Figures: []Figure{{Metric: "loss", Target: 1e-3, Stretch: 5.3e-5,
			Source: "a target of recur's own: below 1e-3 is solved, without memory it is 0.167; stretch: GRU over 600 steps, Bai, Kolter & Koltun 2018, table 1"}},
		Run: remember(memory.Adding, 200),
	})
	register(Case{
		Name: "copying", Task: "memory", Tier: "A",
		Protocol: "ten symbols given back after 100 steps, LSTM of 192 with chrono biases; share of the symbols that are right on 1,000 new sequences",
		Figures: []Figure{{Metric: "accuracy", Target: 0.99, Maximise: true,
			Source: "a target of recur's own: solved; without memory it is 1/8 (Arjovsky, Shah & Bengio 2016, section 5.1)"}},
		Run: remember(memory.Copying, 100),
	})
}

func remember(problem string, length int) func(context.Context, string, uint64, func(string)) (map[string]float64, error) {
	return func(ctx context.Context, _ string, seed uint64, note func(string)) (map[string]float64, error) {
		c, err := memory.Preset(problem, length)
		if err != nil {
			return nil, err
		}
		c.Seed = seed
		_, res, err := memory.Train(ctx, c, task.Options{OnEpoch: func(e task.Epoch) bool {
			if e.Steps%500 == 0 {
				note(fmt.Sprintf("%d steps: loss %.6f, right %.1f %%", e.Steps, e.Scores["loss"], 100*e.Scores["accuracy"]))
			}
			return true
		}})
		return map[string]float64{"loss": res.Loss, "accuracy": res.Accuracy, "steps": float64(res.Steps)}, err
	}
}
