package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/recur-go/recur/internal/setting"
)

// flagError is an error of reading the command line, in words that need no Go.
func flagError(cmd *cobra.Command, err error) error {
	see := "; see " + cmd.CommandPath() + " --help"
	var unknown *pflag.NotExistError
	var value *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		if n := unknown.GetSpecifiedName(); strings.Trim(n, "0123456789.") == "" {
			return usage("there is no flag -%s; put -- before numbers below 0%s", setting.Cut(n), see)
		}
		return usage("there is no flag -%s%s", setting.Cut(unknown.GetSpecifiedName()), see)
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		if near, ok := setting.Nearest(name, flagNames(cmd)); ok {
			return usage("there is no flag --%s; did you mean --%s?", setting.Cut(name), near)
		}
		return usage("there is no flag --%s%s", setting.Cut(name), see)
	case errors.As(err, &value):
		err := valueError("--"+value.GetFlag().Name, value)
		if strings.HasSuffix(err.Error(), "?") { // it names what is meant
			see = ""
		}
		return usage("%v%s", err, see)
	case errors.As(err, &missing):
		return usage("--%s needs a value%s", missing.GetFlag().Name, see)
	}
	return usage("%s%s", setting.Cut(err.Error()), see)
}

// takes describes the values of flags by their types.
var takes = map[string]string{
	"int": "a whole number", "int64": "a whole number", "uint": "a whole number from 0", "uint64": "a whole number from 0",
	"float64": "a number", "bool": "true or false", "intSlice": "whole numbers with commas between them",
	"duration": "a time such as 30s or 5m",
}

// valueError is the error for a value that the flag called name does not take.
func valueError(name string, err error) error {
	var wrong *pflag.InvalidValueError
	if !errors.As(err, &wrong) {
		return fmt.Errorf("%s: %w", name, err)
	}
	value := setting.Cut(wrong.GetValue())
	if what, ok := takes[wrong.GetFlag().Value.Type()]; ok {
		if errors.Is(err, strconv.ErrRange) {
			return fmt.Errorf("%s: %s is too large or too small", name, value)
		}
		return fmt.Errorf("%s takes %s, not %q", name, what, value)
	}
	if known, ok := valuesOf("", wrong.GetFlag().Name); ok {
		return fmt.Errorf("%s: there is no %q; %s", name, value, setting.Suggest(wrong.GetValue(), known))
	}
	return fmt.Errorf("%s: %w", name, wrong.Unwrap())
}

func flagNames(cmd *cobra.Command) (names []string) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

// noCommand is the error for a command that is not there.
func noCommand(root *cobra.Command, name string) error {
	if near, ok := setting.Nearest(name, commandNames(root)); ok {
		return usage("there is no command %q; did you mean %q?", setting.Cut(name), near)
	}
	return usage("there is no command %q; see recur --help", setting.Cut(name))
}

func commandNames(cmd *cobra.Command) (names []string) {
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return names
}

// variable is the name of the variable of a flag.
func variable(flag string) string {
	return "RECUR_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// ownVariables are those of the program and its tests that are of no flag.
var ownVariables = []string{"RECUR_CPU", "RECUR_SHARED"}

// ofVariable marks the flags that a variable has set: it is for many commands, and for those
// that it does not apply to it is passed over.
const ofVariable = "variable"

// fromEnvironment sets flags that were not given from RECUR_ variables that are not empty. One that is
// of no flag of any command, and whose name is near one, is an error.
func fromEnvironment(cmd *cobra.Command) (err error) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" || f.Name == "version" {
			return
		}
		name := variable(f.Name)
		if v, ok := os.LookupEnv(name); ok && v != "" && !f.Changed && err == nil {
			cmd.Flags().SetAnnotation(f.Name, ofVariable, []string{name})
			if e := cmd.Flags().Set(f.Name, v); e != nil {
				err = usage("%v; see %s --help", valueError(name, e), cmd.CommandPath())
			}
		}
	})
	if err != nil {
		return err
	}
	known := variables(cmd.Root())
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if !strings.HasPrefix(name, "RECUR_") || strings.HasPrefix(name, "RECUR_TEST_") || slices.Contains(known, name) {
			continue
		}
		if near, ok := setting.Nearest(strings.TrimPrefix(name, "RECUR_"), trimmed(known)); ok {
			return usage("there is no variable %s; did you mean RECUR_%s?", setting.Cut(name), near)
		}
	}
	return nil
}

// variables are all that the program knows, of the flags of all commands.
func variables(root *cobra.Command) []string {
	names := slices.Clone(ownVariables)
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		for _, flags := range []*pflag.FlagSet{c.Flags(), c.PersistentFlags()} {
			flags.VisitAll(func(f *pflag.Flag) { names = append(names, variable(f.Name)) })
		}
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(root)
	slices.Sort(names)
	return slices.Compact(names)
}

func trimmed(names []string) (short []string) {
	for _, name := range names {
		short = append(short, strings.TrimPrefix(name, "RECUR_"))
	}
	return short
}
