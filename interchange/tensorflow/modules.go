package tensorflow

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A module is the variables of one layer.
type module struct {
	name  string
	typ   string // "" if it is not recognised
	guess bool   // typ is a guess by the name, which a spec should confirm
	vars  map[string]*Variable
	cells []*cellVars // cells of an RNN in order, those of fw before those of bw
	both  bool        // it has cells of both directions
}

// cellVars is the variables of one cell.
type cellVars struct {
	kind  string // such as lstm_cell
	scope string
	bw    bool
	layer int
	vars  map[string]*Variable
}

// slots are what optimisers and averages keep beside a variable, and counters.
var slots = regexp.MustCompile(`/(Adam|Adam_1|Momentum|RMSProp|RMSProp_1|Adagrad|Adadelta|Adadelta_1|Ftrl|Ftrl_1|ExponentialMovingAverage)$` +
	`|^(.*/)?(global_step|beta1_power|beta2_power|save_counter|_CHECKPOINTABLE_OBJECT_GRAPH)(_\d+)?$|/\.OPTIMIZER_SLOT/|^save_counter/`)

// leaves are the last parts of names of the variables of a layer, by what they are.
var leaves = map[string]string{
	"kernel": "kernel", "weights": "kernel", "weight": "kernel", "w": "kernel", "W": "kernel", "softmax_w": "kernel",
	"bias": "bias", "biases": "bias", "b": "bias", "softmax_b": "bias",
	"embeddings": "embedding", "embedding": "embedding", "embedding_matrix": "embedding",
	"opaque_kernel": "opaque", "gamma": "gamma", "beta": "beta", "moving_mean": "moving_mean", "moving_variance": "moving_variance",
}

// modules groups variables by module, in the order of their names. named are the kinds of
// the modules that are single cells under a name that their program gave them.
func modules(vars []*Variable, prefix string, named map[string]string) (list []*module, err error) {
	byName := map[string]*module{}
	at := func(name string) *module {
		m := byName[name]
		if m == nil {
			m = &module{name: name, vars: map[string]*Variable{}}
			byName[name] = m
			list = append(list, m)
		}
		return m
	}
	for _, v := range vars {
		name, ok := strings.CutPrefix(v.Name, prefix)
		if !ok || slots.MatchString(v.Name) {
			continue
		}
		if scope, kind := owner(named, name); kind != "" {
			at(scope).cell(kind, false, 0, scope).vars[name[len(scope)+1:]] = v
			continue
		}
		if p := cellName.FindStringSubmatch(name); p != nil {
			m := at(p[1])
			layer, _ := strconv.Atoi(p[3])
			kind := strings.TrimRight(p[4], "_0123456789")
			m.both = m.both || p[2] != ""
			m.cell(kind, p[2] == "bw", layer, strings.TrimSuffix(name, "/"+p[5])).vars[p[5]] = v
			continue
		}
		scope, leaf := "", name
		if i := strings.LastIndexByte(name, '/'); i >= 0 {
			scope, leaf = name[:i], name[i+1:]
		}
		kind, ok := leaves[leaf]
		switch {
		case ok && leaf != kind && strings.HasPrefix(leaf, "softmax_"):
			scope = strings.TrimPrefix(scope+"/softmax", "/")
		case ok && kind == "embedding" && leaf == "embedding":
			scope = name
		case !ok:
			kind, scope = "variable", name
		}
		m := at(scope)
		if m.vars[kind] != nil {
			return nil, unmapped(scope, "it has two variables for its %s", kind)
		}
		m.vars[kind] = v
	}
	for _, m := range list {
		slices.SortStableFunc(m.cells, func(a, b *cellVars) int {
			if a.bw != b.bw {
				if b.bw {
					return -1
				}
				return 1
			}
			return a.layer - b.layer
		})
		m.typ, m.guess = m.recognise()
	}
	return list, nil
}

// owner is which of the named modules a variable is of, and of what kind that is.
func owner(named map[string]string, variable string) (scope, kind string) {
	for scope, kind := range named {
		if strings.HasPrefix(variable, scope+"/") {
			return scope, kind
		}
	}
	return "", ""
}

// cell finds a cell of the module, or begins one.
func (m *module) cell(kind string, bw bool, layer int, scope string) *cellVars {
	for _, c := range m.cells {
		if c.scope == scope {
			return c
		}
	}
	c := &cellVars{kind: kind, scope: scope, bw: bw, layer: layer, vars: map[string]*Variable{}}
	m.cells = append(m.cells, c)
	return c
}

// values is the number of values of all variables of the module.
func (m *module) values() (n int) {
	for _, v := range m.vars {
		n += v.Len()
	}
	for _, c := range m.cells {
		for _, v := range c.vars {
			n += v.Len()
		}
	}
	return n
}

// recognise finds the type of a module by the names and shapes of its variables.
func (m *module) recognise() (typ string, guess bool) {
	kernel, emb := m.vars["kernel"], m.vars["embedding"]
	switch {
	case len(m.cells) > 0 && (len(m.vars) == 0 || m.wrapper() != ""):
		return rnnType, false
	case len(m.cells) > 0:
	case m.vars["opaque"] != nil && len(m.vars) == 1:
		return cudnnType, false
	case m.vars["moving_mean"] != nil:
		return batchNormType, false
	case m.vars["gamma"] != nil && kernel == nil:
		return layerNormType, false
	case kernel != nil && len(kernel.Shape) == 2:
		return denseType, m.vars["bias"] == nil
	case kernel != nil && len(kernel.Shape) == 3:
		return convType, true
	case emb != nil && len(emb.Shape) == 2 && len(m.vars) == 1:
		return embeddingType, false
	}
	return "", false
}

// wrapper is which of TensorFlow's wrappers that project what a cell reads or gives the
// module is, "" for none.
func (m *module) wrapper() string {
	scope := m.name[strings.LastIndexByte(m.name, '/')+1:]
	switch scope = strings.TrimRight(scope, "_0123456789"); scope {
	case "input_projection_wrapper", "output_projection_wrapper":
		return scope
	}
	return ""
}
