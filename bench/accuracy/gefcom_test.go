package accuracy

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/recur-go/recur/internal/fixture"
	"github.com/recur-go/recur/task/forecast"
)

// The organisers' benchmarks, the load of a year before and the price of a week before,
// score here as they do on the published leaderboard.
func TestPinballIsThePublishedOne(t *testing.T) {
	dir := fixture.Path(t, "data")
	f, err := os.Open(filepath.Join(dir, "ts", "energy", "gefcom2014-published-pinball.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	published, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range published {
		if !strings.HasPrefix(row[1], "Benchmark") {
			continue
		}
		g, err := gefcom(dir, row[0])
		if err != nil {
			t.Fatal(err)
		}
		back := 7 * 24
		if row[0] == "load" {
			back = 365 * 24
		}
		for _, k := range []int{4, 5, 15} {
			span := g.tasks[k]
			y := g.series.Y[span[0]-back : span[1]-back]
			same := forecast.Forecast{Point: y}
			for _, l := range percentiles() {
				same.Bands = append(same.Bands, forecast.Band{Level: l, Lo: y, Hi: y})
			}
			want, err := strconv.ParseFloat(row[k-2], 64)
			if err != nil {
				t.Fatal(err)
			}
			if got := g.score(k, same); math.Abs(got-want) > 1e-5 {
				t.Errorf("%s, task %d: %.5f, published %.5f", row[0], k, got, want)
			}
		}
	}
}

// What is known of a task is what came before its first hour.
func TestGefcomTracks(t *testing.T) {
	dir := fixture.Path(t, "data")
	for track, want := range map[string]struct{ past, known, hours int }{"load": {25, 15, 744}, "price": {0, 17, 24}} {
		g, err := gefcom(dir, track)
		if err != nil {
			t.Fatal(err)
		}
		s := g.series
		if len(s.Past) != want.past || len(s.Known) != want.known || len(g.about) != want.past+want.known || len(g.tasks) != 15 {
			t.Errorf("%s: %d past and %d known covariates, %d tasks", track, len(s.Past), len(s.Known), len(g.tasks))
		}
		for k := 4; k <= 15; k++ {
			span := g.tasks[k]
			if n := span[1] - span[0]; n > want.hours || n < want.hours-72 {
				t.Errorf("%s, task %d has %d hours", track, k, n)
			}
			past := s.Before(span[0])
			for _, x := range past.Past {
				if len(x) != span[0] {
					t.Errorf("%s, task %d knows %d hours of temperature, and %d of load", track, k, len(x), span[0])
				}
			}
		}
	}
}

func FuzzRows(f *testing.F) {
	f.Add("t,a,b\n1,2,3\n2,,x\n")
	f.Add("\"")
	f.Fuzz(func(t *testing.T, text string) {
		ids, values, _, err := parse("f", strings.NewReader(text))
		if err == nil && len(ids) != len(values) {
			t.Fatal("rows are lost")
		}
	})
}
