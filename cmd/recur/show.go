package main

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/interchange"
	"github.com/recur-go/recur/internal/setting"
)

func init() { commands = append(commands, newShow) }

func newShow() *cobra.Command {
	var spec string
	asJSON := false
	cmd := &cobra.Command{
		Use:   "show MODEL",
		Short: "Show what a model file contains",
		Long: `Show what a model file of any format contains: its layers and parameters, the bytes of a
session's state, and the multiply-adds of a step; for a file of recur also its
configuration, training and checksum, for an ONNX file its inputs and outputs. The whole
file is read and checked.`,
		Example: "  recur show recur-out/airline/model.safetensors\n  recur show model.safetensors --json | jq .values\n  recur show tagger.onnx\n  recur show lstm.pt",
		Args:    exactly(1, "a model file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := noRunFolder(args[0]); err != nil {
				return err
			}
			text, err := readSpec(spec, cmd.InOrStdin())
			if err != nil {
				return err
			}
			info, err := interchange.Describe(args[0], text)
			if err != nil {
				return err
			}
			return printInfo(cmd.OutOrStdout(), info, asJSON)
		},
	}
	specFlag(cmd, &spec)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON instead of text")
	return cmd
}

// noRunFolder refuses the folder of a run where its model is meant.
func noRunFolder(path string) error {
	inside := filepath.Join(path, modelFile)
	if info, err := os.Stat(inside); err == nil && !info.IsDir() {
		return usage("%s is the folder of a run; its model is %s", path, inside)
	}
	return nil
}

// exactly asks for n arguments, which are what.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == n:
			return nil
		case len(args) < n:
			return usage("%s needs %s; see %s --help", cmd.CommandPath(), what, cmd.CommandPath())
		case n > 0:
			return usage("%s takes %s alone, not %d arguments; names with spaces need quotes", cmd.CommandPath(), what, len(args))
		}
		if near, ok := setting.Nearest(args[0], commandNames(cmd)); ok {
			return usage("%s takes no argument %q; did you mean %q?", cmd.CommandPath(), setting.Cut(args[0]), near)
		}
		return usage("%s takes no arguments; see %s --help", cmd.CommandPath(), cmd.CommandPath())
	}
}
