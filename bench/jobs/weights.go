package main

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

// weights draws first weights that any language can draw: value k of all is
// a hash of k, mapped to [-limit, limit). peer_torch.py does the same, so that both
// systems begin at the same point.
type weights struct{ k uint32 }

// fill draws the values of each parameter, in order.
func (w *weights) fill(limit float64, params ...*grad.Var) {
	for _, p := range params {
		for i := range p.Value.Data {
			p.Value.Data[i] = tensor.Float((float64(hash(w.k))/(1<<31) - 1) * limit)
			w.k++
		}
	}
}

// hash is the finalizer of MurmurHash3 after a step of the golden ratio.
func hash(k uint32) uint32 {
	h := k * 0x9E3779B1
	h = (h ^ h>>16) * 0x85EBCA6B
	h = (h ^ h>>13) * 0xC2B2AE35
	return h ^ h>>16
}
