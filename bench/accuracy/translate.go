package accuracy

import (
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/translate"
)

func init() {
	const flickr = "text/mt/multi30k/"
	register(byRecipe(Case{
		Name: "multi30k-de-en", Task: translate.Name, Tier: "B",
		Protocol: "Multi30k task 1, German to English: 29,000 raw pairs to train on, 1,014 to validate on, test2016; preset multi30k, joint byte pairs of text in its own case, no tokeniser; sacreBLEU (13a, cased) of the text against the raw references, greedy and with a beam of 5",
		Figures: []Figure{
			{Metric: "bleu_greedy", Published: 33.47, Target: 33.5, Stretch: 38.45, Maximise: true, Source: "msarmi9 (33.47), stretch: maximus-21 (38.45): bidirectional LSTMs with attention over joint SentencePiece of raw text, reported in their READMEs"},
			{Metric: "bleu", Target: 36, Stretch: 38.5, Maximise: true, Source: "a target of recur's own, the above with the gain of a beam; stretch: the same"},
		},
	}, translate.Name, "multi30k", task.Data{
		Train: []string{flickr + "train.de.gz", flickr + "train.en.gz"},
		Valid: []string{flickr + "val.de.gz", flickr + "val.en.gz"},
		Test:  []string{flickr + "test_2016_flickr.de.gz", flickr + "test_2016_flickr.en.gz"},
	}))
}
