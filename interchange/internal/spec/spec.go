// Package spec reads what the specs of torch and tensorflow share: JSON without unknown
// fields, and layers that are either a module of a file or any layer of package graph.
package spec

import (
	"bytes"
	"encoding/json"

	"github.com/recur-go/recur/model/graph"
)

// Decode reads JSON into v and refuses fields that v has not.
func Decode(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// Layer reads a layer. One with the field "module" goes into module; any other is a layer
// of package graph, which is returned. Its name may be left out.
func Layer(b []byte, module any) (*graph.Layer, error) {
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, err
	}
	if doc["module"] != nil {
		return nil, Decode(b, module)
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
