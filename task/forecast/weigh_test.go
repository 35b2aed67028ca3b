package forecast

import "testing"

// A net that has covariates starts with more of a blend.
func TestSharesOfNetsWithCovariates(t *testing.T) {
	far := map[string]float64{}
	for _, name := range candidates(modelName, 12) {
		far[name] = 1
	}
	r, all := madeReport(1, far)
	alone := r.Choose(Blend, all...)
	r, all = madeReport(1, far)
	all[0].Known = [][]float64{make([]float64, len(all[0].Y))}
	told := r.Choose(Blend, all...)
	id := all[0].ID
	if a, b := alone.Of(id).Of[0], told.Of(id).Of[0]; !(b > a) {
		t.Errorf("the net has %.2f of the blend, with covariates %.2f", a, b)
	}
}
