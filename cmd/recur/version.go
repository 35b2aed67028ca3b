package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur"
	"github.com/recur-go/recur/internal/kernel"
)

func init() { commands = append(commands, newVersion) }

// A build is what the program was made of, and what it runs on.
type build struct {
	Version  string `json:"version"`            // of the module
	Commit   string `json:"commit,omitempty"`   // revision of the sources, if known
	Modified bool   `json:"modified,omitempty"` // the sources were changed after the commit
	Go       string `json:"go"`
	System   string `json:"system"`
	Kernels  string `json:"kernels"` // tier of vector instructions
}

// thisBuild reads what Go's linker left in the program.
func thisBuild() build {
	b := build{Version: "unknown", Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH, Kernels: kernel.Tier()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if v := strings.Trim(info.Main.Version, "()"); v != "" {
		b.Version = v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

func (b build) String() string {
	s := "recur " + b.Version + "\n"
	if b.Commit != "" {
		s += "commit   " + b.Commit
		if b.Modified {
			s += ", modified"
		}
		s += "\n"
	}
	return s + fmt.Sprintf("go       %s\nsystem   %s\nkernels  %s", b.Go, b.System, b.Kernels)
}

func newVersion() *cobra.Command {
	asJSON, licences := false, false
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version and what it runs on",
		Long: `Print the version of recur, the commit it was built from, the version of Go, the system,
and the kernels in use: avx512, avx2, neon or go. RECUR_CPU selects others that the
machine has.`,
		Example: "  recur version\n  recur version --json\n  recur version --licenses",
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if licences && asJSON {
				return usage("--json and --licenses do not go together: give one of them")
			}
			if licences {
				_, err := io.WriteString(cmd.OutOrStdout(), recur.Notice)
				return err
			}
			return printInfo(cmd.OutOrStdout(), thisBuild(), asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON instead of text")
	cmd.Flags().BoolVar(&licences, "licenses", false, "print what the program links and embeds, with the licences")
	return cmd
}
