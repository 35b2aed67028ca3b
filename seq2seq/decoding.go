package seq2seq

import "fmt"

// Decoding is how a model of a task writes: by a beam search or, with Sampling, by
// drawing. The zero value is the decoding of the model's config.
type Decoding struct {
	Beam     Beam      // beam search; Width 1 is greedy choice; Width 0 stands for the beam of the config, with its penalties
	Sampling *Sampling // drawing; nil for a beam search
}

// Check returns an error for settings that make no sense.
func (d Decoding) Check() error {
	b := d.Beam
	switch {
	case b.Width < 0 || b.N < 0 || max(b.Width, b.N) > 1000:
		return fmt.Errorf("seq2seq: a beam of %d and the best %d of it; they are from 0 to 1000", b.Width, b.N)
	case !(b.LengthPenalty >= 0 && b.CoveragePenalty >= 0):
		return fmt.Errorf("seq2seq: penalties are 0 or more, not %v and %v", b.LengthPenalty, b.CoveragePenalty)
	case d.Sampling != nil:
		return d.Sampling.Check()
	}
	return nil
}
