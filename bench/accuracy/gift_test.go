package accuracy

import (
	"encoding/csv"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/fixture"
)

// The tasks of GIFT-Eval are those of the board: its seasonal naive forecast comes to the scores
// that are published for it.
func TestGiftSeasonalNaive(t *testing.T) {
	dir := fixture.Path(t, "data")
	published := publishedGift(t, "Seasonal_Naive")
	tasks := giftTasks()
	if len(tasks) != 25 {
		t.Errorf("%d tasks, want 25", len(tasks))
	}
	for _, task := range tasks {
		t.Run(task.String(), func(t *testing.T) {
			if testing.Short() && (task.freq == "15T" || task.set == "jena_weather") {
				t.Skip("takes seconds")
			}
			series, err := task.read(dir)
			if err != nil {
				t.Fatal(err)
			}
			want := published[task.String()]
			got := task.score(series, func(_ int, y []float64) [][]float64 { return giftNaive(y, task.season, task.horizon()) })
			for metric, column := range map[string]string{
				"mse": "MSE[mean]", "mae": "MAE[0.5]", "mase": "MASE[0.5]", "smape": "sMAPE[0.5]", "nd": "ND[0.5]", "crps": "mean_weighted_sum_quantile_loss",
			} {
				if d := got[metric]/want[column] - 1; math.Abs(d) > 1e-6 || want[column] == 0 {
					t.Errorf("%s is %.9g, published %.9g: relative difference %.2g", metric, got[metric], want[column], d)
				}
			}
			f := giftFigures[task.String()][0]
			for i, metric := range []string{"CRPS", "MASE"} {
				column := [2]string{"mean_weighted_sum_quantile_loss", "MASE[0.5]"}[i]
				if d := [2]float64{f.crps, f.mase}[i]/want[column] - 1; math.Abs(d) > 1e-6 {
					t.Errorf("the figure of %s in the table of the code differs by %.2g", metric, d)
				}
			}
		})
	}
}

// publishedGift reads the scores of a model by task and column.
func publishedGift(t *testing.T, model string) map[string]map[string]float64 {
	f, err := data.Open(fixture.Path(t, "data/gift/published-gift-eval-selected.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]map[string]float64{}
	for _, row := range rows[1:] {
		if row[1] != model {
			continue
		}
		of[row[0]] = map[string]float64{}
		for i := 2; i < 13; i++ {
			of[row[0]][rows[0][i][len("eval_metrics/"):]], _ = strconv.ParseFloat(row[i], 64)
		}
	}
	return of
}

// The means over all tasks are those of the board for its own models.
func TestGiftMeans(t *testing.T) {
	r := &Results{}
	for _, task := range giftTasks() {
		f := giftFigures[task.String()]
		r.Add(Run{task.name(), 1, map[string]float64{"crps": f[0].crps / 2, "mase": f[0].mase / 4}, 1})
	}
	table := r.Gift()
	for _, want := range []string{
		"| all, 25 | recur | 0.500 | 0.250 |", "| all, 25 | xLSTM-Mixer | 0.503 | 0.928 |", "| all, 25 | PatchTST | 0.577 | 1.029 |", "| all, 25 | TiRex | 0.464 | 0.799 |",
		"| without Jena, 18 | xLSTM-Mixer | 0.693 | 0.959 |", "| without Jena, 18 | PatchTST | 0.775 | 1.023 |",
		"| short terms, 13 | xLSTM-Mixer | 0.589 | 0.948 |", "| short terms, 13 | TiRex | 0.515 | 0.743 |",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
	r.Runs = r.Runs[:2]
	if table := r.Gift(); !strings.Contains(table, "| 2 of 25 that were run | recur | 0.500 |") {
		t.Error(table)
	}
	if none := (&Results{}).Gift(); strings.Contains(none, "recur") {
		t.Error(none)
	}
}
