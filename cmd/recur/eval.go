package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/text/unicode/norm"

	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
)

func init() { commands = append(commands, newEval) }

func newEval() *cobra.Command {
	var asJSON bool
	reads := &forecastFlags{taskCommand: &taskCommand{}}
	cmd := &cobra.Command{
		Use:   "eval MODEL FILE...",
		Short: "Score a model on data",
		Long: `Score a model of recur on files of its task. They are read as the files that it was
trained on were, those of forecasts also by the flags that tell how.`,
		Example: "  recur eval recur-out/generate-shakespeare/model.safetensors other.txt",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usage("eval takes a MODEL and a FILE; see recur eval --help")
			}
			if err := noRunFolder(args[0]); err != nil {
				return err
			}
			info, err := model.Describe(args[0])
			if err != nil {
				return err
			}
			t, err := task.ForKind(info.Kind)
			if err != nil {
				return fmt.Errorf("%s: %w: %w", args[0], model.ErrKind, err)
			}
			m, err := t.Load(args[0])
			if err != nil {
				return err
			}
			if err := reads.evalBy(cmd, m); err != nil {
				return err
			}
			noteEncodings(t.Name(), args[1:], noteTo(cmd.ErrOrStderr()))
			r, err := m.Evaluate(cmd.Context(), args[1:]...)
			if err != nil {
				return err
			}
			l, err := language(cmd)
			if err != nil {
				return err
			}
			if asJSON {
				return newEncoder(cmd.OutOrStdout()).Encode(map[string]any{"model": args[0], "scores": r.Scores})
			}
			var b strings.Builder
			printScores(&b, "", r.Scores)
			if r.Text != "" {
				b.WriteString("\n" + l.Text(r.Text))
			}
			_, err = io.WriteString(cmd.OutOrStdout(), norm.NFC.String(b.String()))
			return err
		},
	}
	reads.addReading(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON instead of text")
	return cmd
}

// evalBy has a model of forecasts read files by the flags; for others there are none.
func (f *forecastFlags) evalBy(cmd *cobra.Command, m task.Model) (err error) {
	if trained, ok := m.(*forecast.Trained); ok {
		j := trained.Asked()
		j.Source, err = f.reading(cmd, j.Source)
		return err
	}
	for _, s := range f.settings {
		if cmd.Flags().Changed(s.flag) {
			return usage("--%s is for models of forecasts, which this is not", s.flag)
		}
	}
	return nil
}
