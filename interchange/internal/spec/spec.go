// Package spec has what the specs of torch and tensorflow share: the JSON, whose layers are
// either a module of a file or any layer of package graph, and the error for weights that
// cannot be made a network.
package spec

import (
	"bytes"
	"encoding/json"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/model/graph"
)

// Parse reads a spec T of the named system from JSON, an empty one from nil. A field that
// T does not have is an error.
func Parse[T any](system string, b []byte) (*T, error) {
	s := new(T)
	if b == nil {
		return s, nil
	}
	if err := decode(b, s); err != nil {
		return nil, fault.Errorf(fault.Usage, "%s: the spec: %w", system, err)
	}
	return s, nil
}

func decode(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// Unmarshal reads a layer. One with the field "module" goes into module; any other is a
// layer of package graph, which is returned. Its name may be left out.
func Unmarshal(b []byte, module any) (*graph.Layer, error) {
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, err
	}
	if doc["module"] != nil {
		return nil, decode(b, module)
	}
	if doc["name"] == nil {
		doc["name"] = json.RawMessage(`""`)
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	g := new(graph.Layer)
	if err := json.Unmarshal(text, g); err != nil {
		return nil, err
	}
	return g, nil
}

// Marshal writes what Unmarshal reads: l if it has an Op, else module.
func Marshal(l graph.Layer, module any) ([]byte, error) {
	if l.Op != nil {
		return json.Marshal(l)
	}
	return json.Marshal(module)
}
