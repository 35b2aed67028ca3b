package recipe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/recur-go/recur/internal/setting"
)

// fieldNames are those of a recipe.
var fieldNames = []string{"version", "task", "preset", "data", "config", "space"}

// decodeJSON reads a recipe that is all of b.
func decodeJSON(b []byte, r *Recipe) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(r); err != nil {
		if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
			return unknownField(strings.Trim(name, `"`))
		}
		return setting.JSONError(b, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("%s: there is text after the recipe", setting.Place(b, d.InputOffset()))
	}
	all, err := exactly(b)
	if fields, ok := all.(map[string]any); ok {
		if config, ok := fields["config"].(map[string]any); ok {
			r.Config = config
		}
	}
	return err
}

// exactly reads JSON with whole numbers to their last digit, as seeds are, and others as
// float64.
func exactly(b []byte) (v any, err error) {
	if err := json.Unmarshal(b, new(any)); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	err = d.Decode(&v)
	return withNumbers(v), err
}

func withNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := strconv.ParseUint(v.String(), 10, 64); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = withNumbers(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = withNumbers(v[name])
		}
	}
	return v
}

func decodeTOML(b []byte, r *Recipe) error {
	d := toml.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	err := d.Decode(r)
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) && len(strict.Errors) > 0 {
		row, _ := strict.Errors[0].Position()
		return fmt.Errorf("line %d: %w", row, unknownField(strings.Join(strict.Errors[0].Key(), ".")))
	}
	if err == nil {
		return nil
	}
	problem := strings.TrimPrefix(err.Error(), "toml: ")
	if p := wrongKind(b); p != "" {
		problem = p
	}
	var wrong *toml.DecodeError
	if errors.As(err, &wrong) {
		row, column := wrong.Position()
		return fmt.Errorf("line %d, column %d: %s", row, column, problem)
	}
	return errors.New(problem)
}

// wrongKind is what is wrong with a recipe that is TOML, but has a value of the wrong kind.
func wrongKind(b []byte) string {
	var all map[string]any
	if toml.Unmarshal(b, &all) != nil {
		return ""
	}
	text, err := json.Marshal(all)
	if err != nil {
		return ""
	}
	name, problem, ok := setting.Takes(json.Unmarshal(text, new(Recipe)))
	if !ok {
		return ""
	}
	return name + " " + problem
}

func unknownField(name string) error {
	return fmt.Errorf("a recipe has no %q; %s", setting.Cut(name), setting.Suggest(name, fieldNames))
}
