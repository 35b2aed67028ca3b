package tensorflow

import (
	"slices"
	"strconv"
	"strings"

	"github.com/recur-go/recur/interchange/keras"
	"github.com/recur-go/recur/tensor"
)

// objects is a checkpoint of a model of Keras, whose variables have the names of objects:
// in Keras 2 layer_with_weights-0/cell/kernel/.ATTRIBUTES/VARIABLE_VALUE, in Keras 3
// _operations/1/cell/kernel/…, or as in a SavedModel variables/7/….
type objects struct{ *Checkpoint }

const valueSuffix = "/.ATTRIBUTES/VARIABLE_VALUE"

// before is what tf.train.Checkpoint(model=…) puts before the names of objects, of which
// the first begins with one of the given.
func (c objects) before(first ...string) string {
	for _, v := range c.Variables {
		at := -1
		for _, name := range first {
			if i := strings.Index(v.Name, name); i >= 0 && (at < 0 || i < at) {
				at = i
			}
		}
		if at >= 0 {
			return v.Name[:at]
		}
	}
	return ""
}

// listed are the variables of a SavedModel in the order of model.variables, by number. The
// states of random numbers that Keras 3 has among them do not count.
func (c objects) listed(prefix string) map[int]*Variable {
	list := map[int]*Variable{}
	three, seeds := c.Variable("_all_variables/0"+valueSuffix) != nil, 0
	for i := range c.Variables {
		switch v := c.Variable(prefix + "variables/" + strconv.Itoa(i) + valueSuffix); {
		case v == nil:
		case three && !v.DType.isFloat() && len(v.Shape) == 1 && v.Shape[0] == 2:
			seeds++
		default:
			list[i-seeds] = v
		}
	}
	return list
}

// Find implements keras.Weights.
func (c objects) Find(places []keras.Place) (found []*keras.Weight, extra []string, err error) {
	two, three := c.before("layer_with_weights-"), c.before("_operations/", "_functional/_operations/")
	listed := c.listed(two)
	used := map[string]bool{}
	for _, p := range places {
		at := strings.LastIndexByte(p.Object, '/') + 1
		var v *Variable
		for _, name := range []string{two + p.Path, three + p.Object, three + p.Object[:at] + "_" + p.Object[at:]} {
			if v == nil {
				v = c.Variable(name + valueSuffix)
			}
		}
		if v == nil {
			v = listed[p.Index]
		}
		if v == nil {
			found = append(found, nil)
			continue
		}
		used[v.Name] = true
		found = append(found, &keras.Weight{Shape: v.Shape, Read: func(dst []tensor.Float) error { return Read(v, dst) }})
	}
	for _, v := range c.Variables {
		ours := strings.HasPrefix(v.Name, two+"layer_with_weights-") || strings.Contains(v.Name, "_operations/") && v.DType.isFloat()
		if ours && !used[v.Name] && !slots.MatchString(v.Name) {
			extra = append(extra, v.Name)
		}
	}
	for _, v := range listed {
		if !used[v.Name] && !slots.MatchString(v.Name) {
			extra = append(extra, v.Name)
		}
	}
	slices.Sort(extra)
	return found, extra, nil
}
