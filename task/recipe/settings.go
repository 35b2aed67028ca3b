package recipe

import (
	"fmt"
	"iter"
	"reflect"
	"strings"
)

// settings are the values of a config by their JSON names, those too that JSON would
// leave out: a preset may have another. names lists them in the order of the fields.
func settings(cfg any) (names []string, all map[string]any, err error) {
	v, err := structOf(cfg)
	if err != nil {
		return nil, nil, err
	}
	all = map[string]any{}
	for name, f := range fields(v.Type()) {
		names = append(names, name)
		all[name] = v.FieldByIndex(f.Index).Interface()
	}
	return names, all, nil
}

func structOf(cfg any) (reflect.Value, error) {
	v := reflect.ValueOf(cfg)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return v, fmt.Errorf("recipe: a config is a pointer to a struct, not a %T", cfg)
	}
	return v.Elem(), nil
}

// fields yields the fields of a struct that go to JSON, by their names there.
func fields(t reflect.Type) iter.Seq2[string, reflect.StructField] {
	return func(yield func(string, reflect.StructField) bool) {
		for _, f := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			switch {
			case !f.IsExported() || f.Anonymous || name == "-" || f.Tag.Get("recipe") == "-":
				continue
			case name == "":
				name = f.Name
			}
			if !yield(name, f) {
				return
			}
		}
	}
}
