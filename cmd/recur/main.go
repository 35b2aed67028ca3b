// Command recur trains and uses recurrent nets; see its help.
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // zones by their places, where the system has none

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/kernel"
)

// exitFailed is the exit code of an error of no class.
const exitFailed = 1

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is the program, with its exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	if err := kernel.CheckTier(); err != nil {
		fmt.Fprintln(stderr, "recur:", err)
		return code(err)
	}
	root := newRoot()
	var helped error
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { helped = help(cmd) })
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	ended := make(chan error, 1)
	go func() {
		err := root.ExecuteContext(ctx)
		ended <- cmp.Or(err, helped)
	}()
	select {
	case err := <-ended:
		if err != nil {
			fmt.Fprintln(stderr, "recur:", plain(err))
			return code(err)
		}
		return 0
	case caught := <-signals:
		stop()
		if serving.Load() {
			select {
			case err := <-ended:
				if err != nil {
					fmt.Fprintln(stderr, "recur:", plain(err))
				}
				return code(err)
			case <-signals:
			}
		} else {
			await(ended, signals)
		}
		fmt.Fprintln(stderr, "recur: stopped")
		if caught == syscall.SIGTERM {
			return 128 + int(syscall.SIGTERM)
		}
		return 128 + int(syscall.SIGINT)
	}
}

// await waits for the end of a command that is to stop, or for another signal. A run that has
// begun has time for its checkpoint; what has not may be reading a pipe in which nothing comes.
func await(ended <-chan error, again <-chan os.Signal) {
	second := time.After(time.Second)
	for {
		select {
		case <-ended:
			return
		case <-again:
		case <-second:
			f := current.Load()
			if f != nil && f.begun.Load() {
				continue
			}
			if f != nil {
				f.close()
			}
		}
		return
	}
}

// commands make those of the program. Each command adds itself in its file.
var commands []func() *cobra.Command

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "recur",
		Short: "Train and use recurrent neural networks",
		Long: `recur trains and uses recurrent neural networks.

Results go to stdout, messages to stderr. A variable can set any flag: RECUR_HORIZON
sets --horizon, and so on.

Exit codes: 0 success, 1 failure, 2 wrong usage, 3 bad data, 4 bad model file, 5 numeric
failure, 6 input or output failed, 7 a server refused or failed, 130 or 143 stopped by a
signal.`,
		Version:       thisBuild().String(),
		SilenceUsage:  true,
		SilenceErrors: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return noCommand(cmd, args[0])
			}
			return nil
		},
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return fromEnvironment(cmd) },
	}
	root.SetFlagErrorFunc(flagError)
	root.Flags().BoolP("version", "v", false, "print the version")
	root.PersistentFlags().BoolP("help", "h", false, "print this help")
	root.PersistentFlags().Var(new(languageFlag), "lang", "`language` of help and reports: en, ko (default that of the locale)")
	root.SetVersionTemplate("{{.Version}}\n")
	for _, command := range commands {
		root.AddCommand(command())
	}
	root.SetHelpCommand(newHelp(root))
	root.InitDefaultCompletionCmd()
	explainCompletion(root)
	explainPresets(root)
	complete(root)
	return root
}

// newHelp is the command that shows the help of others.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show the help of a command",
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			of, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return commandNames(of), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			of, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return noCommand(of, append(rest, args...)[0])
			}
			return of.Help()
		},
	}
}

// help writes the help of a command in the language of the user.
func help(cmd *cobra.Command) error {
	l, err := language(cmd)
	if err != nil {
		return err
	}
	w := cmd.OutOrStdout()
	_, err = io.WriteString(w, helpOf(cmd, l.Text, helpColumns(w)))
	return err
}

func usage(format string, args ...any) error { return fault.Errorf(fault.Usage, format, args...) }

// code is the exit code of an error: that of its class.
func code(err error) int {
	if err == nil {
		return 0
	}
	if c := fault.Of(err); c != 0 {
		return int(c)
	}
	return exitFailed
}
