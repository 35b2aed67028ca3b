package tensorflow

import (
	"strconv"
	"strings"

	"github.com/recur-go/recur/keras"
	"github.com/recur-go/recur/tensor"
)

// objects is a checkpoint of a model of Keras 2, whose variables have the names of
// objects: layer_with_weights-0/cell/kernel/.ATTRIBUTES/VARIABLE_VALUE, or as in a
// SavedModel variables/7/.ATTRIBUTES/VARIABLE_VALUE.
type objects struct{ *Checkpoint }

const valueSuffix = "/.ATTRIBUTES/VARIABLE_VALUE"

// Find implements keras.Weights.
func (c objects) Find(places []keras.Place) (found []*keras.Weight, extra []string, err error) {
	prefix := ""
	for _, v := range c.Variables { // what tf.train.Checkpoint(model=…) puts before
		if before, _, ok := strings.Cut(v.Name, "layer_with_weights-"); ok {
			prefix = before
			break
		}
	}
	used := map[string]bool{}
	for _, p := range places {
		v := c.Variable(prefix + p.Path + valueSuffix)
		if v == nil {
			v = c.Variable(prefix + "variables/" + strconv.Itoa(p.Index) + valueSuffix)
		}
		if v == nil {
			found = append(found, nil)
			continue
		}
		used[v.Name] = true
		found = append(found, &keras.Weight{Shape: v.Shape, Read: func(dst []tensor.Float) error { return Read(v, dst) }})
	}
	for _, v := range c.Variables {
		ours := strings.HasPrefix(v.Name, prefix+"layer_with_weights-") || strings.HasPrefix(v.Name, prefix+"variables/")
		if ours && !used[v.Name] && !slots.MatchString(v.Name) {
			extra = append(extra, v.Name)
		}
	}
	return found, extra, nil
}
