package lm

import (
	"encoding/json"
	"math"
	"slices"

	"github.com/recur-go/recur/optim"
)

// A trigger begins the mean of averaged SGD when validation no longer improves (Merity,
// Keskar & Socher 2018, "non-monotonically triggered" ASGD): at the first epoch whose loss
// is above the least of all epochs but the last nonMono. A checkpoint keeps what it has
// seen.
type trigger struct {
	mean     *optim.Average
	perEpoch int // steps
	nonMono  int

	seen struct {
		Losses []float64 // losses by epoch
		Start  int       // steps before the mean, 0 if it has not begun
	}
}

// observe takes the loss after each epoch.
func (t *trigger) observe(loss float64) {
	s := &t.seen
	if n := len(s.Losses); s.Start == 0 && n > t.nonMono && loss > slices.Min(s.Losses[:n-t.nonMono]) {
		s.Start = (n + 1) * t.perEpoch
		t.mean.Start = s.Start
	}
	s.Losses = append(s.Losses, loss)
}

func (t *trigger) MarshalBinary() ([]byte, error) { return json.Marshal(t.seen) }

func (t *trigger) UnmarshalBinary(b []byte) error {
	if err := json.Unmarshal(b, &t.seen); err != nil {
		return err
	}
	t.mean.Start = math.MaxInt
	if t.seen.Start > 0 {
		t.mean.Start = t.seen.Start
	}
	return nil
}
