package classify

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

// loss is the mean over what a batch has labels for: with one label, or one a step, and
// w the weight of the label,
//
//	-Σ w·target·log softmax(scores) / Σ w,  target = 1-eps for the label, and eps/classes for each
//
// and with many labels the mean of w·(softplus(s) - s·target) over items and labels.
func (m *Model) loss(g *grad.Tape, b batch) *grad.Var {
	scores := m.net.scores(g, b)
	C := len(m.Classes)
	rows := len(scores.Value.Data) / C
	scores = g.Reshape(scores, rows, C)
	if m.Target == Many {
		return m.manyLoss(g, scores, b)
	}
	eps := 0.0
	if g.Train {
		eps = m.LabelSmoothing
	}
	target, sum := g.NewTensor(tensor.ShapeOf(rows, C)), 0.0
	for i, id := range b.want {
		if id < 0 {
			continue
		}
		w := m.weight(id)
		sum += w
		row := target.Data[i*C : (i+1)*C]
		for j := range row {
			row[j] = tensor.Float(w * eps / float64(C))
		}
		row[id] += tensor.Float(w * (1 - eps))
	}
	if sum == 0 {
		sum = 1
	}
	return g.Scale(g.Sum(g.Mul(g.LogSoftmax(scores), g.Const(target))), -1/sum)
}

func (m *Model) manyLoss(g *grad.Tape, scores *grad.Var, b batch) *grad.Var {
	C := len(m.Classes)
	weights := g.NewTensor(scores.Shape())
	for i := range weights.Data {
		weights.Data[i] = tensor.Float(m.weight(i % C))
	}
	each := g.Sub(g.Softplus(scores), g.Mul(scores, g.Const(b.holds)))
	return g.Mean(g.Mul(each, g.Const(weights)))
}

// weight is that of a label, 1 for all by default.
func (m *Model) weight(class int) float64 {
	if m.weights == nil {
		return 1
	}
	return m.weights[class]
}
