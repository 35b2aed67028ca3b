package seq2seq

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
)

// Sampling is how tokens are drawn. The zero value draws by the probabilities that the
// model gives.
type Sampling struct {
	Temperature float64 // temperature of softmax(scores/Temperature); 0 for 1, negative for the likeliest token always
	TopK        int     // number of the likeliest tokens to draw from; 0 for all
	TopP        float64 // joint probability of the likeliest tokens to draw from (Holtzman et al. 2020); 0 for all
	Limit       int     // most tokens; 0 for the limit of the model
	Seed        uint64  // seed of the draws
}

// Check returns an error for invalid settings.
func (s Sampling) Check() error {
	switch {
	case math.IsNaN(s.Temperature):
		return errors.New("seq2seq: the temperature is NaN")
	case s.TopK < 0:
		return fmt.Errorf("seq2seq: top-k is %d, want at least 0", s.TopK)
	case s.Limit < 0:
		return fmt.Errorf("seq2seq: the limit is %d, want at least 0", s.Limit)
	case !(s.TopP >= 0 && s.TopP <= 1):
		return fmt.Errorf("seq2seq: top-p is %v, want 0 to 1", s.TopP)
	}
	return nil
}

// Sample draws each token, and at most limit of them, or how.Limit if that is less. s and
// g are as in Greedy. The LogProb of what it gives is that of the decoder, whatever the
// temperature.
//
// Each row draws from a source of its own, given by Seed and by its number, which is the
// row's unless places has another: so it is the same in any batch.
func (d *Decoder) Sample(g *grad.Tape, s rnn.State, limit int, how Sampling, places ...int) []Hypothesis {
	if how.Limit > 0 {
		limit = min(limit, how.Limit)
	}
	if how.Temperature < 0 {
		return d.Greedy(g, s, limit)
	}
	var sources []*rand.Rand
	for row := range s[0].Dim(0) {
		if places != nil {
			row = places[row]
		}
		sources = append(sources, rand.New(rand.NewPCG(how.Seed, uint64(row))))
	}
	draw := drawing{Sampling: how, never: d.Never}
	return d.choose(g, s, limit, func(row int, scores []grad.Float) int { return draw.from(sources[row], scores) })
}

// A drawing draws tokens.
type drawing struct {
	Sampling
	never []int
	order []candidate
}

// A candidate is a token with its score, later its share of the whole.
type candidate struct {
	id int
	p  float64
}

func (d *drawing) from(r *rand.Rand, scores []grad.Float) int {
	heat, top := d.Temperature, math.Inf(-1)
	if heat == 0 {
		heat = 1
	}
	d.order = d.order[:0]
	for id, v := range scores {
		if !slices.Contains(d.never, id) {
			d.order = append(d.order, candidate{id, float64(v)})
			top = max(top, float64(v))
		}
	}
	if d.TopK > 0 || d.TopP > 0 {
		slices.SortFunc(d.order, func(a, b candidate) int { return cmp.Or(cmp.Compare(b.p, a.p), a.id-b.id) })
	}
	if d.TopK > 0 {
		d.order = d.order[:min(d.TopK, len(d.order))]
	}
	sum := 0.0
	for i := range d.order {
		c := &d.order[i]
		c.p = math.Exp((c.p - top) / heat)
		sum += c.p
	}
	if d.TopP > 0 {
		most, kept := d.TopP*sum, 0.0
		for i, c := range d.order {
			if kept += c.p; kept >= most {
				d.order, sum = d.order[:i+1], kept
				break
			}
		}
	}
	at := r.Float64() * sum
	for _, c := range d.order {
		if at -= c.p; at < 0 {
			return c.id
		}
	}
	return d.order[len(d.order)-1].id
}
