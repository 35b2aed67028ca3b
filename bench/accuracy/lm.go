package accuracy

import (
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/lm"
)

func init() {
	register(byRecipe(Case{
		Name: "ptb-small", Task: lm.Name, Tier: "B",
		Protocol: "Penn Treebank words (Mikolov's split), preset zaremba-small: 2 LSTMs of 200, 20 steps, batches of 20, at most 13 epochs, by the paper's rates; the weights are averaged and training stops early, which the paper does not do; the state is carried; test perplexity",
		Figures: []Figure{{
			Metric: "perplexity", Published: 114.5, Stretch: 78.4,
			Source: "Zaremba, Sutskever & Vinyals 2014, table 1, non-regularized; stretch: large",
		}},
	}, lm.Name, "zaremba-small", task.Data{
		Train: []string{"text/ptb/ptb.train.txt.gz"}, Valid: []string{"text/ptb/ptb.valid.txt.gz"}, Test: []string{"text/ptb/ptb.test.txt.gz"},
	}))
	register(byRecipe(Case{
		Name: "shakespeare-char", Task: lm.Name, Tier: "B",
		Protocol: "tiny shakespeare by characters, preset char: 2 LSTMs of 384, 12 epochs; nats per character of the last tenth, by which the epoch is chosen, as nanoGPT does",
		Figures: []Figure{{
			Metric: "nats_per_char", Target: 1.50, Stretch: 1.4697,
			Source: "a target of recur's own: users of char-rnn report 1.4 to 1.6; stretch: README of nanoGPT, a Transformer",
		}},
	}, lm.Name, "char", task.Data{Train: []string{"text/tinyshakespeare/input.txt.gz"}}))
}
