// Command recur trains and uses recurrent nets; see its help.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/interchange"
	"github.com/recur-go/recur/interchange/keras"
	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/interchange/tensorflow"
	"github.com/recur-go/recur/interchange/torch"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/model/safetensors"
	"github.com/recur-go/recur/train"
)

// Exit codes.
const (
	exitFailed  = 1
	exitUsage   = 2
	exitData    = 3
	exitModel   = 4
	exitNumeric = 5
	exitIO      = 6
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is the program, with its exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	var caught os.Signal
	done := make(chan struct{})
	go func() {
		select {
		case caught = <-signals:
			stop()
		case <-ctx.Done():
		}
		close(done)
	}()
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	stop()
	<-done
	if caught != nil {
		fmt.Fprintln(stderr, "recur: stopped")
		if caught == syscall.SIGTERM {
			return 128 + int(syscall.SIGTERM)
		}
		return 128 + int(syscall.SIGINT)
	}
	if err != nil {
		fmt.Fprintln(stderr, "recur:", err)
		return code(err)
	}
	return 0
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "recur",
		Short: "Recurrent neural networks: forecast, train, run, look inside",
		Long: `recur trains and uses recurrent neural networks.

Data go to standard output, all else to standard error. A flag --horizon can also
be given as the variable RECUR_HORIZON, and so on.

Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 bad data, 4 bad model file, 5 numeric
failure, 6 input or output failed, 130 or 143 stopped by a signal.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage("there is no command %q; see recur --help", args[0])
			}
			return nil
		},
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return fromEnvironment(cmd) },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage("%v; see %s --help", err, cmd.CommandPath())
	})
	root.AddCommand(
		newForecast(), newClassify(), newGenerate(), newTranslate(), newCaption(), newMusic(),
		newTrain(), newEval(), newSearch(),
		newImport(), newExport(), newShow(), newRun(), newCheck(),
		newBench(),
	)
	return root
}

// fromEnvironment sets flags that were not given from RECUR_ variables.
func fromEnvironment(cmd *cobra.Command) (err error) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		name := "RECUR_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if v, ok := os.LookupEnv(name); ok && !f.Changed && err == nil {
			if e := cmd.Flags().Set(f.Name, v); e != nil {
				err = usage("%s: %v", name, e)
			}
		}
	})
	return err
}

// A coded error has an exit code of its own.
type coded struct {
	error
	code int
}

func (c coded) Unwrap() error { return c.error }

func usage(format string, args ...any) error { return coded{fmt.Errorf(format, args...), exitUsage} }

// code is the exit code of an error.
func code(err error) int {
	var own coded
	var bad *data.Error
	var format *safetensors.FormatError
	var mismatch *model.MismatchError
	var numeric *train.NumericError
	var file *onnx.FormatError
	var graph *onnx.GraphError
	var unsupported *onnx.UnsupportedError
	var input *onnx.InputError
	var value *valueError
	var archive *keras.FormatError
	var layers *keras.UnsupportedError
	var checkpoint *tensorflow.FormatError
	var variables *tensorflow.MapError
	var weights *torch.FormatError
	var class *torch.ClassError
	var mapping *torch.MapError
	var unknown *interchange.UnknownError
	var path *fs.PathError
	switch {
	case errors.As(err, &own):
		return own.code
	case errors.As(err, &bad), errors.As(err, &input), errors.As(err, &value):
		return exitData
	case errors.As(err, &numeric):
		return exitNumeric
	case errors.As(err, &format), errors.As(err, &mismatch), errors.Is(err, model.ErrCorrupt), errors.Is(err, model.ErrVersion), errors.Is(err, model.ErrKind),
		errors.As(err, &file), errors.As(err, &graph), errors.As(err, &unsupported),
		errors.As(err, &archive), errors.As(err, &layers), errors.As(err, &checkpoint), errors.As(err, &variables), errors.As(err, &weights), errors.As(err, &class), errors.As(err, &mapping), errors.As(err, &unknown):
		return exitModel
	case errors.As(err, &path), errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return exitIO
	}
	return exitFailed
}
