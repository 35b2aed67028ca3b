package seq2seq

// Decoding is how a model of a task writes: by a beam search or, with Sampling, by
// drawing. The zero value is the decoding of the model's config.
type Decoding struct {
	Beam     Beam      // beam search; Width 1 is greedy choice; Width 0 stands for the beam of the config, with its penalties
	Sampling *Sampling // drawing; nil for a beam search
}
