package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/setting"
)

// given are the values of flags that the command line or a variable gave, which a file of
// flags does not change.
type given map[string][]string

func givenOf(flags *pflag.FlagSet) given {
	g := given{}
	flags.Visit(func(f *pflag.Flag) {
		if s, ok := f.Value.(pflag.SliceValue); ok {
			g[f.Name] = s.GetSlice()
		} else {
			g[f.Name] = []string{f.Value.String()}
		}
	})
	return g
}

// read reads the file of flags, if one is named, and checks all of them.
func (f *serveFlags) read(cmd *cobra.Command, g given) error {
	if v, ok := g["token"]; ok && len(cmd.Flag("token").Annotations[ofVariable]) == 0 {
		for _, t := range v {
			if !strings.HasPrefix(t, "@") {
				return usage("--token takes @FILE, since others can read a command line; or set RECUR_TOKEN to the secret")
			}
		}
	}
	if f.config != "" {
		found, err := readConfig(f.config, cmd.Flags(), g)
		if err != nil {
			return err
		}
		if !f.named {
			f.models = found
		}
	}
	return f.check()
}

// again reads the file of flags again, beside what was given.
func (f *serveFlags) again(g given) (*serveFlags, error) {
	cmd, fresh := serveCommand()
	for name, values := range g {
		if cmd.Flags().Lookup(name) == nil {
			continue // of all commands
		}
		if err := setFlag(cmd.Flags(), name, values); err != nil {
			return nil, err
		}
		if name == "token" {
			cmd.Flags().SetAnnotation(name, ofVariable, []string{"RECUR_TOKEN"}) // checked at the start
		}
	}
	if f.named {
		fresh.models, fresh.named = f.models, true
	}
	return fresh, fresh.read(cmd, g)
}

// setFlag sets a flag to values, all of them if it takes several.
func setFlag(flags *pflag.FlagSet, name string, values []string) error {
	f := flags.Lookup(name)
	if s, ok := f.Value.(pflag.SliceValue); ok {
		return s.Replace(values)
	}
	if len(values) != 1 {
		return fmt.Errorf("one value is taken, not %d", len(values))
	}
	return flags.Set(name, values[0])
}

// readConfig sets the flags that a file of TOML names and that were not given, and returns its
// models.
func readConfig(path string, flags *pflag.FlagSet, g given) (models []string, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	wrong := func(format string, args ...any) error {
		return usage("%s: "+format, append([]any{path}, args...)...)
	}
	all := map[string]any{}
	if err := toml.NewDecoder(bytes.NewReader(b)).Decode(&all); err != nil {
		var at *toml.DecodeError
		if errors.As(err, &at) {
			row, column := at.Position()
			return nil, wrong("line %d, column %d: %s", row, column, strings.TrimPrefix(at.Error(), "toml: "))
		}
		return nil, fault.Errorf(fault.Usage, "%s: %w", path, err)
	}
	var known []string
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Name != "config" && f.Name != "help" && f.Name != "lang" {
			known = append(known, f.Name)
		}
	})
	known = append(known, "models")
	for name, value := range all {
		if !slices.Contains(known, name) {
			return nil, wrong("there is no %q; %s", setting.Cut(name), setting.Suggest(name, known))
		}
		values, err := tomlValues(value)
		if err != nil {
			return nil, wrong("%s %v", name, err)
		}
		if name == "models" {
			models = values
			continue
		}
		if _, ok := g[name]; ok {
			continue
		}
		if err := setFlag(flags, name, values); err != nil {
			return nil, wrong("%v; see recur serve --help", valueError(name, err))
		}
	}
	return models, nil
}

// tomlValues are the texts of a value, or of those of an array.
func tomlValues(v any) ([]string, error) {
	switch v := v.(type) {
	case string:
		return []string{v}, nil
	case bool:
		return []string{strconv.FormatBool(v)}, nil
	case int64:
		return []string{strconv.FormatInt(v, 10)}, nil
	case float64:
		return []string{strconv.FormatFloat(v, 'g', -1, 64)}, nil
	case []any:
		list := []string{}
		for _, e := range v {
			one, err := tomlValues(e)
			if _, nested := e.([]any); err != nil || nested {
				return nil, errors.New("takes texts, numbers or truths, not lists in lists")
			}
			list = append(list, one...)
		}
		return list, nil
	}
	return nil, errors.New("takes a text, a number, a truth, or a list of these")
}
