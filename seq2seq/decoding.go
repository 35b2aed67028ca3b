package seq2seq

// Decoding says how a model of a task writes: by a beam search or, with Sampling, by
// drawing. The zero value is what the model's config says.
type Decoding struct {
	Beam     Beam      // Width 1 is greedy choice; Width 0 stands for the beam of the config, with its penalties
	Sampling *Sampling // nil for a beam search
}
