package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/interchange"
	"github.com/recur-go/recur/internal/setting"
)

func init() { commands = append(commands, newExport) }

func newExport() *cobra.Command {
	var to, out, spec string
	cmd := &cobra.Command{
		Use:   "export MODEL --to FORMAT",
		Short: "Hand a model on to ONNX, PyTorch or Keras",
		Long: `Write a model for another system, with the same numbers:

  onnx         NAME.onnx for whole sequences, with batch and time open and the lengths
               and the states as inputs and outputs, and NAME.step.onnx for a single
               step, if the model can go step by step
  safetensors  NAME.safetensors, the weights under PyTorch's names, and NAME.py, a
               module that loads them
  keras        NAME.keras

MODEL is a model that recur import made or recur trained, if it is a plain graph of
layers, or a file of another system itself. A layer that the other system does not
have is refused by its name.`,
		Example: `  recur export tagger.safetensors --to onnx
  recur export lm.safetensors --to safetensors --out export/lm`,
		Args: exactly(1, "a model file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(interchange.Formats(), to) {
				return usage("--to: %v", setting.Unknown("format", to, interchange.Formats()))
			}
			text, err := readSpec(spec, cmd.InOrStdin())
			if err != nil {
				return err
			}
			m, err := interchange.Import(args[0], text)
			if err != nil {
				return hint(err)
			}
			net, err := interchange.Net(m)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			if out == "" {
				base := filepath.Base(args[0])
				out = strings.TrimSuffix(base, filepath.Ext(base)) + "." + to
			}
			files, note, err := interchange.Export(net, to, out)
			if err != nil {
				return err
			}
			for _, f := range files {
				fmt.Fprintln(cmd.ErrOrStderr(), "wrote", f)
			}
			if note != "" {
				fmt.Fprintln(cmd.OutOrStdout(), note)
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&to, "to", "", "format: "+strings.Join(interchange.Formats(), ", "))
	flags.StringVar(&out, "out", "", "path of the files, less their endings; default MODEL's name and the format")
	specFlag(cmd, &spec)
	return cmd
}
