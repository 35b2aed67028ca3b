package seq2seq

import "fmt"

// Decoding is how a model of a task writes: by a beam search or, with Sampling, by
// drawing. The zero value is the decoding of the model's config.
type Decoding struct {
	Beam     Beam      // beam search; Width 1 is greedy choice; Width 0 stands for the beam of the config, with its penalties
	Sampling *Sampling // drawing; nil for a beam search
}

// Check returns an error for invalid settings.
func (d Decoding) Check() error {
	b := d.Beam
	switch {
	case b.Width < 0 || b.N < 0 || max(b.Width, b.N) > 1000:
		return fmt.Errorf("seq2seq: the beam is %d and the n best are %d, want 0 to 1000", b.Width, b.N)
	case !(b.LengthPenalty >= 0 && b.CoveragePenalty >= 0):
		return fmt.Errorf("seq2seq: penalties are %v and %v, want at least 0", b.LengthPenalty, b.CoveragePenalty)
	case d.Sampling != nil:
		return d.Sampling.Check()
	}
	return nil
}
