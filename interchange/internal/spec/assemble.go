package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/model/graph"
)

// An Item is a layer of a spec: one of package graph, or if it has no Op a module.
type Item struct {
	graph.Layer
	Module string
}

// Assemble puts the layers of a spec into c: in place of item k, which is module i, what
// toLayers gives under the name and the inputs of l, with the input that the first of them
// would read. system is as in Error, file what the modules are of, such as "the file".
func Assemble(c *graph.Config, items []Item, modules []string, system, file string, toLayers func(k, i int, l graph.Layer) ([]graph.Layer, graph.Input, error)) error {
	last := map[string]string{} // the layer of c that gives what one of the spec does
	resolve := func(names []string) []string {
		names = slices.Clone(names)
		for i, name := range names {
			names[i] = cmp.Or(last[name], name)
		}
		return names
	}
	left := slices.Clone(modules)
	for k, item := range items {
		l := item.Layer
		l.From = resolve(l.From)
		if l.Op != nil {
			l.Name = cmp.Or(l.Name, fmt.Sprintf("layer%d", k))
			c.Layers = append(c.Layers, l)
			continue
		}
		i := slices.Index(modules, item.Module)
		switch {
		case i < 0:
			return Errorf(system, item.Module, "%s has no such module; it has %s", file, Names(modules))
		case !slices.Contains(left, item.Module):
			return Errorf(system, item.Module, "it is used twice; shared weights are not supported")
		}
		left = slices.DeleteFunc(left, func(m string) bool { return m == item.Module })
		l.Name = cmp.Or(l.Name, "net")
		layers, in, err := toLayers(k, i, l)
		if err != nil {
			return err
		}
		if len(c.Inputs) == 0 {
			in.Name = "x"
			c.Inputs = []graph.Input{in}
		}
		c.Layers = append(c.Layers, layers...)
		last[l.Name] = layers[len(layers)-1].Name
	}
	if len(left) > 0 {
		return Errorf(system, "", "the spec leaves out the modules %s", setting.Quoted(left))
	}
	c.Outputs = resolve(c.Outputs)
	return nil
}

// Names lists the names of modules, the first twenty if there are more.
func Names(modules []string) string {
	var list []string
	for _, m := range modules[:min(20, len(modules))] {
		list = append(list, strconv.Quote(m))
	}
	if len(modules) > 20 {
		list = append(list, "…")
	}
	return strings.Join(list, ", ")
}
