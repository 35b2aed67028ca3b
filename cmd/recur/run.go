package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/interchange"
	"github.com/recur-go/recur/internal/atomicfile"
)

// runFlags are what the user asks of run.
type runFlags struct {
	inputs, shapes []string
	spec           string
	out            string
	json           bool
}

func init() { commands = append(commands, newRun) }

func newRun() *cobra.Command {
	f := &runFlags{}
	cmd := &cobra.Command{
		Use:   "run MODEL --input [NAME=]FILE …",
		Short: "Run a model of any format",
		Long: `Run a model once and print its outputs. MODEL is an ONNX file, a file that recur import
made, a model that recur trained, if it is a language model or a plain graph of layers,
or a file of PyTorch, Keras or TensorFlow. recur show prints which inputs a model takes.
Besides its own inputs, a model of layers takes "lengths", the number of steps in each
row, and the first state of each recurrent layer, and returns the final states.

Each file is read for the input that it is given for, or else for the next one:

  .npy   a NumPy array, converted to the type of the input
  .pb    a tensor in the format of ONNX's test data
  .json  nested lists, or an object of them by the names of several inputs
  .csv   a row for each step and a column for each value; a first row of names is
         skipped. If the input has three dimensions, the batch is one row.

A file - is JSON from stdin. --shape gives an input another shape of the same size.
--out writes every output to a .npy file in a folder.`,
		Example: `  recur run model.onnx --input x.npy
  recur run tagger.onnx --input ids=ids.json --input lengths=lengths.json --json
  recur run forecaster.onnx --input series.csv --out outputs/
  recur run lstm.pt --input x.npy`,
		Args: exactly(1, "a model file"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.inputs, "input", nil, "`[NAME=]FILE` of an input; may be repeated")
	flags.StringArrayVar(&f.shapes, "shape", nil, "another shape for an input, `[NAME=]N,N,…`; may be repeated")
	specFlag(cmd, &f.spec)
	flags.StringVar(&f.out, "out", "", "`folder` for the outputs, as .npy files")
	flags.BoolVar(&f.json, "json", false, "print JSON: outputs, each with dtype, shape and data")
	return cmd
}

func (f *runFlags) run(cmd *cobra.Command, path string) error {
	spec, err := readSpec(f.spec, cmd.InOrStdin())
	if err != nil {
		return err
	}
	m, err := interchange.Open(path, spec)
	if err != nil {
		return hint(err)
	}
	if len(f.inputs) == 0 && len(m.Inputs) > 0 {
		return usage("%s needs --input [NAME=]FILE; the model takes %s", cmd.CommandPath(), inputList(m))
	}
	inputs, err := readInputs(m, f.inputs, f.shapes, cmd.InOrStdin())
	if err != nil {
		return err
	}
	outputs, err := m.Run(cmd.Context(), inputs)
	if err != nil {
		return err
	}
	if f.out != "" {
		if err := os.MkdirAll(f.out, 0o777); err != nil {
			return err
		}
		for i, v := range m.Outputs {
			to := filepath.Join(f.out, fileName(v.Name, i)+".npy")
			if err := atomicfile.WriteFile(to, func(w io.Writer) error { return writeNPY(w, outputs[v.Name]) }); err != nil {
				return err
			}
		}
	}
	return f.print(cmd.OutOrStdout(), m, outputs)
}

// fileName is a name of an output as the name of a file.
func fileName(name string, i int) string {
	clean := strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '_'
	}, name)
	if clean == "" || clean != name {
		return fmt.Sprintf("output_%d_%s", i, clean)
	}
	return clean
}

func (f *runFlags) print(w io.Writer, m *interchange.Runner, outputs map[string]*interchange.Tensor) error {
	if f.json {
		type output struct {
			Name  string            `json:"name"`
			DType interchange.DType `json:"dtype"`
			Shape []int             `json:"shape"`
			Data  any               `json:"data"`
		}
		var list []output
		for _, v := range m.Outputs {
			t := outputs[v.Name]
			list = append(list, output{v.Name, t.DType, append([]int{}, t.Shape...), jsonData(t)})
		}
		return newEncoder(w).Encode(map[string]any{"outputs": list})
	}
	for _, v := range m.Outputs {
		t := outputs[v.Name]
		if _, err := fmt.Fprintf(w, "%q %v\n%s", v.Name, t, table(t)); err != nil {
			return err
		}
	}
	return nil
}

// inputList lists the inputs of a model for a message.
func inputList(m *interchange.Runner) string {
	var all []string
	for _, v := range m.Inputs {
		all = append(all, v.String())
	}
	return strings.Join(all, ", ")
}
