package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/internal/setting"
)

func init() { commands = append(commands, newCheck) }

func newCheck() *cobra.Command {
	asJSON, tol := false, onnx.DefaultTolerance
	cmd := &cobra.Command{
		Use:   "check DIR",
		Short: "Run ONNX models on their test data",
		Long: `Run the models of a folder in ONNX's test-data layout and compare their outputs with the
expected ones:

  DIR/model.onnx
  DIR/test_data_set_0/input_0.pb, output_0.pb, …

DIR may also contain any number of such folders. A model passes, fails (with the largest
difference of an element), or is unsupported (with the reason). Floats may differ by
atol + rtol·|expected|, 8-bit integers by one; all else must be equal. The exit code is
0 only if all models pass.`,
		Example: "  recur check model-with-test-data/\n  recur check onnx-node-tests/ --json | jq '.cases[] | select(.status != \"pass\")'",
		Args:    exactly(1, "a folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			out := cmd.OutOrStdout()
			count := map[onnx.Status]int{}
			cases, err := onnx.Check(cmd.Context(), args[0], tol, func(c onnx.Case) {
				count[c.Status]++
				if asJSON {
					return
				}
				line := fmt.Sprintf("%-11s %s", c.Status, c.Name)
				if c.Status != onnx.Unsupported && c.MaxDiff > 0 {
					line += fmt.Sprintf(", largest difference %.3g", c.MaxDiff)
				}
				if c.Reason != "" {
					line += ": " + c.Reason
				}
				fmt.Fprintln(out, line)
			})
			if err != nil {
				return err
			}
			if asJSON {
				err = printInfo(out, map[string]any{"cases": finite(cases)}, true)
			} else {
				_, err = fmt.Fprintf(out, "%d pass, %d fail, %d unsupported\n", count[onnx.Pass], count[onnx.Fail], count[onnx.Unsupported])
			}
			if err == nil && count[onnx.Pass] < len(cases) {
				return fmt.Errorf("%d of %s did not pass", len(cases)-count[onnx.Pass], setting.Plural(len(cases), "case"))
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON: cases, each with name, status, max_diff and reason")
	cmd.Flags().Float64Var(&tol.Rel, "rtol", tol.Rel, "relative tolerance of floats")
	cmd.Flags().Float64Var(&tol.Abs, "atol", tol.Abs, "absolute tolerance of floats")
	return cmd
}

// finite replaces infinite differences, which JSON cannot express.
func finite(cases []onnx.Case) []onnx.Case {
	const most = 1e308
	for i := range cases {
		cases[i].MaxDiff = min(cases[i].MaxDiff, most)
	}
	return cases
}
