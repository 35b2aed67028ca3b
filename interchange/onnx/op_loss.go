package onnx

import "slices"

func init() {
	register("",
		version{"NegativeLogLikelihoodLoss", 12, 2, 3, 1, negativeLogLikelihood},
		version{"SoftmaxCrossEntropyLoss", 12, 2, 3, 2, crossEntropy},
	)
}

// A lossDef is the attributes that both losses have.
type lossDef struct {
	reduction string
	ignores   bool
	ignore    int
}

func lossOf(n *nodeDef) lossDef {
	return lossDef{n.oneOf("reduction", "mean", "none", "sum"), n.has("ignore_index"), n.int("ignore_index", 0)}
}

func negativeLogLikelihood(n *nodeDef) op {
	l := lossOf(n)
	return opFunc(func(c *call) { c.set(0, l.of(c.tensor(0), c.tensor(1), c.opt(2))) })
}

func crossEntropy(n *nodeDef) op {
	l := lossOf(n)
	return opFunc(func(c *call) {
		x := c.tensor(0)
		rows, back := lanes(x, axisOf(1, len(x.Shape)))
		log := back(fromDoubles(x.DType, rows.Shape, softmaxRows(rows.doubles(), rows.dim(-1), true)))
		c.set(0, l.of(log, c.tensor(1), c.opt(2)))
		c.set(1, log)
	})
}

// of is the loss of log-probabilities x [N, C, ...] for targets [N, ...].
func (l lossDef) of(x, target, weight *Tensor) *Tensor {
	if len(x.Shape) < 2 || !slices.Equal(slices.Delete(slices.Clone(x.Shape), 1, 2), target.Shape) {
		fail("%v and targets %v", x.Shape, target.Shape)
	}
	N, C, size := x.Shape[0], x.Shape[1], product(x.Shape[2:])
	d, at := x.doubles(), target.list()
	w := slices.Repeat([]float64{1}, C)
	if weight != nil {
		if weight.Len() != C {
			fail("weights %v of %d classes", weight.Shape, C)
		}
		w = weight.doubles()
	}
	y := make([]float64, N*size)
	total, weights := 0.0, 0.0
	for i := range y {
		k := at[i]
		if l.ignores && k == l.ignore {
			continue
		}
		if k < 0 || k >= C {
			fail("target %d of %d classes", k, C)
		}
		y[i] = -d[(i/size*C+k)*size+i%size] * w[k]
		total, weights = total+y[i], weights+w[k]
	}
	switch l.reduction {
	case "none":
		return fromDoubles(x.DType, target.Shape, y)
	case "mean":
		total /= weights
	}
	return fromDoubles(x.DType, nil, []float64{total})
}
