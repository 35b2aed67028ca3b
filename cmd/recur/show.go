package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/onnx"
	"github.com/spf13/cobra"
)

func newShow() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:     "show MODEL",
		Short:   "Show what a model file holds",
		Long:    "Show the kind, configuration, training, checksum and parameters of a model file, a checkpoint, or any safetensors file; or the inputs, outputs, layers, parameters, state and cost of an ONNX model. The whole file is read and checked.",
		Example: "  recur show recur-out/airline/model.safetensors\n  recur show model.safetensors --json | jq .values\n  recur show tagger.onnx",
		Args:    exactly(1, "a model file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			info, err := describe(args[0])
			if err != nil {
				return err
			}
			if asJSON {
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetIndent("", "  ")
				return e.Encode(info)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), info)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// describe tells what is in a file of either format.
func describe(path string) (any, error) {
	if strings.EqualFold(filepath.Ext(path), ".onnx") {
		m, err := onnx.Open(path)
		if err != nil {
			return nil, err
		}
		return m.Describe(), nil
	}
	return model.Describe(path)
}

// exactly asks for n arguments.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return usage("%s needs %s; see %s --help", cmd.CommandPath(), what, cmd.CommandPath())
		}
		return nil
	}
}
