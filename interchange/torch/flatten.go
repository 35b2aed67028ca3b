package torch

import (
	"strconv"
)

// maxValues is the most values of a pickle that are looked at: a pickle may refer to
// the same one many times over.
const maxValues = 1 << 20

// flatten lists the tensors of the object by the path that leads to them.
func (f *File) flatten() error {
	w := walker{seen: map[string]bool{}}
	if err := w.walk(f.object, "", 0); err != nil {
		return err
	}
	f.Tensors = w.tensors
	if len(f.Tensors) == 0 {
		return bad("the file holds no tensors").WithHint("save the weights with torch.save(model.state_dict(), path)")
	}
	return nil
}

type walker struct {
	tensors []*Tensor
	seen    map[string]bool
	n       int
}

func (w *walker) walk(v any, path string, depth int) error {
	if w.n++; w.n > maxValues || depth > 32 {
		return bad("the file holds more than %d values, or nests them more than 32 deep", maxValues)
	}
	join := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	var items []any
	switch v := v.(type) {
	case *Tensor:
		if path == "" {
			path = "tensor"
		}
		if w.seen[path] {
			return bad("two tensors are called %.60q", path)
		}
		w.seen[path] = true
		named := *v
		named.Name = path
		w.tensors = append(w.tensors, &named)
	case *dict:
		for i, k := range v.keys {
			name, ok := k.(string)
			if n, isInt := k.(int64); isInt {
				name, ok = strconv.FormatInt(n, 10), true
			}
			if !ok {
				continue // of no state_dict
			}
			if err := w.walk(v.values[i], join(name), depth+1); err != nil {
				return err
			}
		}
	case *list:
		items = v.items
	case tuple:
		items = v
	}
	for i, v := range items {
		if err := w.walk(v, join(strconv.Itoa(i)), depth+1); err != nil {
			return err
		}
	}
	return nil
}
