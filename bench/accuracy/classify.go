package accuracy

import (
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/classify"
)

// labels is a case that trains a preset of classify with further settings, which are how
// the files are read and what the protocol asks for.
func labels(c Case, preset string, settings map[string]any, d task.Data) Case {
	c.Task = classify.Name
	c = byRecipe(c, classify.Name, preset, d)
	c.recipe.Config = settings
	return c
}

func accurate(published, target, stretch float64, source string) []Figure {
	return []Figure{{Metric: "accuracy", Published: published, Target: target, Stretch: stretch, Maximise: true, Source: source}}
}

func init() {
	register(labels(Case{
		Name: "mnist-rows", Tier: "A", Needs: []string{"images/mnist/train-labels-idx1-ubyte.gz", "images/mnist/t10k-labels-idx1-ubyte.gz"},
		Protocol: "MNIST read row by row, preset rowimage: one LSTM, forward; of 60,000 images 5 % choose the epoch; 10,000 test images",
		Figures:  accurate(0.989, 0, 0.9897, "PyTorch's LSTM example on rows, 98.9; LSTM 98.82 ± .13; stretch: GRU 98.97 ± .06"),
	}, "rowimage", nil, task.Data{
		Train: []string{"images/mnist/train-images-idx3-ubyte.gz"}, Test: []string{"images/mnist/t10k-images-idx3-ubyte.gz"},
	}))
	register(labels(Case{
		Name: "japanese-vowels", Tier: "A",
		Protocol: "JapaneseVowels, official split of 270 and 370, preset series, trained on all 270 without validation",
		Figures:  accurate(0.976, 0.985, 0.993, "dl-4-tsc: MLP 97.6, reservoir RNN (TWIESN) 96.5; stretch: FCN 99.3 (Fawaz et al. 2019)"),
	}, "series", map[string]any{"held_out": 0}, task.Data{
		Train: []string{"seq/japanesevowels/JapaneseVowels_TRAIN.ts.gz"}, Test: []string{"seq/japanesevowels/JapaneseVowels_TEST.ts.gz"},
	}))
	register(labels(Case{
		Name: "trec-6", Tier: "A",
		Protocol: "TREC questions, 6 coarse classes, preset text, words from scratch, trained on all 5,452 questions without validation; 500 test questions",
		Figures:  accurate(0.912, 0.91, 0.936, "CNN-rand 91.2, Kim 2014, table 2; stretch: CNN-non-static with word2vec vectors, the same"),
	}, "text", map[string]any{"label_cut": ":", "held_out": 0}, task.Data{
		Train: []string{"text/trec/TREC.train.txt.gz"}, Test: []string{"text/trec/TREC.test.txt.gz"},
	}))
	register(labels(Case{
		Name: "sst-2", Tier: "A",
		Protocol: "SST-2 with its phrases, 98,794 to train on, preset text, words from scratch; the 872 sentences of dev choose the epoch; 1,821 test sentences",
		Figures:  accurate(0.854, 0.84, 0.875, "CNN-rand 82.7 (Kim 2014), RNTN 85.4; stretch: BiLSTM with GloVe vectors 87.5 (Tai et al. 2015, table 2)"),
	}, "text", map[string]any{
		"phrases": true, "map": map[string]any{"0": "negative", "1": "negative", "2": "", "3": "positive", "4": "positive"},
	}, task.Data{
		Train: []string{"text/sst/trees-train.txt.gz"}, Valid: []string{"text/sst/trees-dev.txt.gz"}, Test: []string{"text/sst/trees-test.txt.gz"},
	}))
	register(labels(Case{
		Name: "nsmc", Tier: "B",
		Protocol: "NSMC, official 150,000 and 50,000 reviews, preset korean: characters and runs of them, no analysis of words, no outside vectors; 3 % of the training reviews choose the epoch",
		Figures:  accurate(0.8759, 0.876, 0.901, "LSTM on Mecab morphemes 87.59; BiLSTM, part of speech, word2vec 86.52; stretch: KoBERT 90.1"),
	}, "korean", nil, task.Data{
		Train: []string{"text/nsmc/ratings_train.txt.gz"}, Test: []string{"text/nsmc/ratings_test.txt.gz"},
	}))
	register(labels(Case{
		Name: "imdb", Tier: "B",
		Protocol: "IMDB, official 25,000 and 25,000 reviews, preset document, words from scratch, without the unlabelled reviews; 10 % of the training reviews choose the epoch",
		Figures:  accurate(0.884, 0, 0.92, "UnICORNN 88.4 (Rusch & Mishra 2021); LSTM 86.5 (Dai & Le 2015); stretch 92"),
	}, "document", nil, task.Data{
		Train: []string{"text/imdb/imdb-train.tsv.gz"}, Test: []string{"text/imdb/imdb-test.tsv.gz"},
	}))
}
