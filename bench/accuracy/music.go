package accuracy

import (
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/music"
)

func init() {
	const protocol = ": LSTM of 200, the keys of a step predicted from the lowest; 88 keys, every step predicted from those before it, pieces whole; negative log-likelihood a step in nats on the test pieces"
	const source = ", Bai, Kolter & Koltun 2018, table 1, where the keys of a step do not depend on one another"
	register(byRecipe(Case{
		Name: "jsb", Task: music.Name, Tier: "A", Protocol: "JSB chorales, preset chorales" + protocol,
		Figures: []Figure{{Metric: "nll", Published: 8.43, Stretch: 8.10, Source: "GRU" + source + "; stretch: TCN"}},
	}, music.Name, "chorales", parted("seq/polymusic/JSB_Chorales.json.gz")))
	register(byRecipe(Case{
		Name: "nottingham", Task: music.Name, Tier: "A", Protocol: "Nottingham tunes, preset folk" + protocol,
		Figures: []Figure{{Metric: "nll", Published: 3.29, Stretch: 3.07, Source: "LSTM" + source + "; stretch: TCN"}},
	}, music.Name, "folk", parted("seq/polymusic/Nottingham.json.gz")))
}

// parted is a file that holds all parts.
func parted(file string) task.Data {
	return task.Data{Train: []string{file}, Test: []string{file}}
}
