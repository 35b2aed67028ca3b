package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/interchange"
)

func init() { commands = append(commands, newImport) }

func newImport() *cobra.Command {
	var out, spec string
	asJSON := false
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Convert a model from PyTorch, Keras, TensorFlow or ONNX",
		Long: `Convert a model that was trained elsewhere to a file of recur, with the same numbers:

  .pt, .pth     weights that torch.save wrote: a state_dict, by itself or in a
                checkpoint; no code in the file is run
  .safetensors  weights under PyTorch's names
  .keras, .h5   models of Keras 3 and older
  .weights.h5   weights of Keras, with what model.to_json() writes beside them under the
                same name and the ending .json, or as --spec
  .index        a checkpoint of TensorFlow 1 or 2, with its .data files beside it; its
                prefix or the folder of a SavedModel also works
  .onnx         is checked and copied: recur runs it as it is

What cannot be mapped is refused by name. Names and shapes of weights do not show how
modules are connected, so a state_dict with several modules needs JSON that does:

  {"layers": [{"module": "embedding"}, {"module": "lstm", "last": true},
              {"module": "fc"}, {"activation": {"func": "softmax"}}]}

Without it, recur import prints a draft to begin with. A network reads sequences as
[batch, time, width], or with "time_major": true as [time, batch, width].`,
		Example: `  recur import lstm.pt
  recur import tagger.pt --spec tagger.json --out tagger.safetensors
  recur run tagger.safetensors --input ids.json`,
		Args: exactly(1, "a file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := noRunFolder(args[0]); err != nil {
				return err
			}
			text, err := readSpec(spec, cmd.InOrStdin())
			if err != nil {
				return err
			}
			to, err := interchange.ImportTo(out, args[0], text)
			if err != nil {
				return hint(err)
			}
			info, err := interchange.Describe(to, nil)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.ErrOrStderr(), "wrote", to)
			return printInfo(cmd.OutOrStdout(), info, asJSON)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&out, "out", "", "`file` to write (default FILE's name with .recur.safetensors, in the current folder)")
	specFlag(cmd, &spec)
	flags.BoolVar(&asJSON, "json", false, "print JSON: what recur show prints of the new file")
	return cmd
}

// specFlag is the flag --spec of the commands that read models of other systems.
func specFlag(cmd *cobra.Command, spec *string) {
	cmd.Flags().StringVar(spec, "spec", "", "JSON `file` with what a file of weights lacks; - for stdin")
}

func readSpec(path string, stdin io.Reader) ([]byte, error) {
	switch path {
	case "":
		return nil, nil
	case "-":
		return io.ReadAll(stdin)
	}
	return os.ReadFile(path)
}

// hint adds the spec to begin with to an error about a file that needs one.
func hint(err error) error {
	spec := interchange.SpecOf(err)
	if spec == nil {
		return err
	}
	text, jerr := json.Marshal(spec)
	if jerr != nil {
		return err
	}
	return fmt.Errorf("%w\nto begin with: put this into a file, correct it, and give it with --spec\n%s", err, text)
}
