package keras

import (
	"slices"
	"strconv"
	"strings"

	"github.com/recur-go/recur/interchange/keras/internal/hdf5"
	"github.com/recur-go/recur/tensor"
)

// tree is the weights of a file of Keras 3: groups as the layers lie in each other,
// with arrays vars/0, vars/1 and so on.
type tree struct{ root *hdf5.Group }

// legacyRoot is what Keras 2.12 and 2.13 called the group of layers.
const legacyRoot = "_layer_checkpoint_dependencies"

func (t *tree) Find(places []Place) ([]*Weight, []string, error) {
	all := map[string]*hdf5.Dataset{}
	err := t.root.Walk(func(d *hdf5.Dataset) error {
		path := strings.ReplaceAll(strings.TrimPrefix(d.Path, "/"), legacyRoot+"/", "layers/")
		all[path] = d
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	found, used := make([]*Weight, len(places)), map[string]bool{}
	for i, p := range places {
		if d := all[p.path]; d != nil {
			w, err := weightOf(d)
			if err != nil {
				return nil, nil, err
			}
			found[i], used[p.path] = w, true
		}
	}
	var extra []string
	for path := range all {
		if strings.HasPrefix(path, "layers/") && !used[path] && !strings.Contains(path, "/seed_generator/") && !strings.Contains(path, "/states/") {
			extra = append(extra, path)
		}
	}
	slices.Sort(extra)
	return found, extra, nil
}

// weightOf is an array of a file, which has the bytes that it needs.
func weightOf(d *hdf5.Dataset) (*Weight, error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	return &Weight{d.Shape, func(dst []tensor.Float) error { return hdf5.Read(d, dst) }}, nil
}

// lists is the weights of an old file: a group for each layer of the outermost model,
// with the names of its weights in order, first those that train.
type lists struct {
	group  *hdf5.Group
	layers []string
	all    []*holder
}

func (l *lists) Find(places []Place) ([]*Weight, []string, error) {
	byArray := map[*array]*Weight{}
	var extra []string
	for _, layer := range l.layers {
		g, err := l.group.Group(layer)
		if err != nil {
			return nil, nil, err
		}
		names, _, err := chunked(g, "weight_names")
		if err != nil {
			return nil, nil, err
		}
		want := inOrder(l.all, layer)
		for i, name := range names {
			if i >= len(want) {
				extra = append(extra, layer+"/"+name)
				continue
			}
			dir, base := g, name
			if k := strings.LastIndexByte(name, '/'); k >= 0 {
				if dir, err = g.Group(name[:k]); err != nil {
					return nil, nil, err
				}
				base = name[k+1:]
			}
			d, err := dir.Dataset(base)
			if err != nil {
				return nil, nil, err
			}
			w, err := weightOf(d)
			if err != nil {
				return nil, nil, err
			}
			for _, a := range want[i] {
				byArray[a] = w
			}
		}
	}
	found := make([]*Weight, len(places))
	for i, p := range places {
		found[i] = byArray[p.array]
	}
	return found, extra, nil
}

// inOrder lists the arrays of a layer as an old file does. Uses of one layer share
// them.
func inOrder(holders []*holder, layer string) (list [][]*array) {
	at := map[string][]int{} // places of the arrays of a path
	for _, frozen := range []bool{false, true} {
		for _, h := range holders {
			if h.top != layer {
				continue
			}
			places := at[h.path]
			if places == nil {
				places = slices.Repeat([]int{-1}, len(h.arrays))
				at[h.path] = places
			}
			for i, a := range h.arrays {
				if (h.frozen || a.frozen) != frozen {
					continue
				}
				if places[i] < 0 {
					places[i] = len(list)
					list = append(list, nil)
				}
				list[places[i]] = append(list[places[i]], a)
			}
		}
	}
	return list
}

// chunked reads a list of strings, which Keras cuts into name0, name1 and so on where
// it is too long for one attribute.
func chunked(g *hdf5.Group, name string) ([]string, bool, error) {
	list, ok, err := g.Strings(name)
	if err != nil || ok {
		return list, ok, err
	}
	for i := 0; ; i++ {
		more, ok, err := g.Strings(name + strconv.Itoa(i))
		if err != nil || !ok {
			return list, i > 0, err
		}
		list = append(list, more...)
	}
}
