package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/interchange"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/model/graph"
)

func init() { commands = append(commands, newExport) }

// exportFlags are those of recur export.
type exportFlags struct {
	to, out, spec string
	force         bool
}

func newExport() *cobra.Command {
	f := &exportFlags{}
	cmd := &cobra.Command{
		Use:   "export MODEL --to FORMAT",
		Short: "Write a model for ONNX, PyTorch or Keras",
		Long: `Write a model for another system, with the same numbers:

  onnx         NAME.onnx for whole sequences, with any batch and length, and with
               lengths and states as inputs and outputs; and NAME.step.onnx for a single step,
               if the model can run step by step
  safetensors  NAME.safetensors, the weights under PyTorch's names, and NAME.py, a
               module that loads them
  keras        NAME.keras

MODEL is a file that recur import made, a model that recur trained, if it is a plain
graph of layers, or a file of another system. A layer that the other system does not
have is refused by name.

NAME is that of MODEL (with _torch for PyTorch) in the current folder; if such files
exist, the next free one such as NAME-2. --out sets another.`,
		Example: `  recur export tagger.safetensors --to onnx
  recur export lm.safetensors --to safetensors --out export/lm`,
		Args: exactly(1, "a model file"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.to, "to", "", "`format` to write: "+strings.Join(interchange.Formats(), ", "))
	flags.StringVar(&f.out, "out", "", "`path` of the files without their endings; its folders are made (default MODEL's name)")
	flags.BoolVar(&f.force, "force", false, "replace existing files")
	specFlag(cmd, &f.spec)
	return cmd
}

func (f *exportFlags) run(cmd *cobra.Command, path string) error {
	switch {
	case f.to == "":
		return usage("%s needs --to, one of %s", cmd.CommandPath(), strings.Join(interchange.Formats(), ", "))
	case !slices.Contains(interchange.Formats(), f.to):
		return usage("--to: %v", setting.Unknown("format", f.to, interchange.Formats()))
	}
	if err := noRunFolder(path); err != nil {
		return err
	}
	text, err := readSpec(f.spec, cmd.InOrStdin())
	if err != nil {
		return err
	}
	m, err := interchange.Import(path, text)
	if err != nil {
		return hint(err)
	}
	net, err := interchange.Net(m)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	base, err := f.base(net, path)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(base), 0o777); err != nil {
		return err
	}
	files, note, err := interchange.Export(net, f.to, base)
	if err != nil {
		return err
	}
	for _, name := range files {
		fmt.Fprintln(cmd.ErrOrStderr(), "wrote", name)
	}
	if note != "" {
		fmt.Fprintln(cmd.OutOrStdout(), note)
	}
	return nil
}

// base is the path of the files, less their endings. Never is one of them the model's own.
func (f *exportFlags) base(net *graph.Net, path string) (string, error) {
	base := f.out
	if base == "" {
		base = filepath.Base(path)
		base = strings.TrimSuffix(base, filepath.Ext(base))
		if f.to == "safetensors" { // which is what models of recur are too
			base += "_torch"
		}
	}
	first := base
	model, err := os.Stat(path)
	if err != nil {
		model = nil // the prefix of a checkpoint
	}
	for n := 2; ; n++ {
		files, err := interchange.ExportFiles(net, f.to, base)
		if err != nil {
			return "", err
		}
		taken, own := "", false
		for _, name := range files {
			if info, err := os.Stat(name); err == nil {
				taken, own = cmp.Or(taken, name), own || model != nil && os.SameFile(info, model)
			}
		}
		switch {
		case taken == "" || f.force && !own:
			return base, nil
		case f.out == "":
			base = fmt.Sprintf("%s-%d", first, n)
		case own:
			return "", usage("--out %s: it would replace the model itself; give another --out", f.out)
		default:
			return "", usage("%s is there already; give --force to replace it, or another --out", taken)
		}
	}
}
