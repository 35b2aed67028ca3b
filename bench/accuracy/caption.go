package accuracy

import (
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/caption"
)

func init() {
	for _, of := range []struct {
		domain          string
		bleu, slotError float64
	}{{"restaurant", 75.25, .004}, {"hotel", 84.82, .0307}} {
		dir := "vec2seq/rnnlg/" + of.domain + "/"
		register(byRecipe(Case{
			Name: "rnnlg-" + of.domain, Task: caption.Name, Tier: "A",
			Protocol: "the files train, valid and test; BLEU-4 and slot error of the five best sentences for each test example, against all test sentences of the same dialogue act with its values put in",
			Figures: []Figure{
				{Metric: "bleu", Published: of.bleu, Maximise: true, Source: "RNNLG, benchmark of the authors' repository: SC-LSTM, beam search, mean of 5 seeds"},
				{Metric: "slot_error", Published: of.slotError, Source: "the same"},
			},
		}, caption.Name, "rnnlg", task.Data{
			Train: []string{dir + "train.json.gz"}, Valid: []string{dir + "valid.json.gz"}, Test: []string{dir + "test.json.gz"},
		}))
	}
	const mnist = "images/mnist/"
	register(byRecipe(Case{
		Name: "mnist-strips", Task: caption.Name, Tier: "B",
		Protocol: "strips of 3 to 5 digits made of the training images, the last 2 % to validate on; every test image once, in strips read out in English and in Korean",
		Figures:  []Figure{{Metric: "exact", Target: .98, Maximise: true, Source: "a target of recur's own: 99.5 % of digits right"}},
	}, caption.Name, "strips", task.Data{
		Train: []string{mnist + "train-images-idx3-ubyte.gz", mnist + "train-labels-idx1-ubyte.gz"},
		Test:  []string{mnist + "t10k-images-idx3-ubyte.gz", mnist + "t10k-labels-idx1-ubyte.gz"},
	}))
}
