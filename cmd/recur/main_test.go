package main

import (
	"archive/zip"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"recur": main})
}

// The scripts of testdata run the program as users do, with its exit codes.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":   exits,
			"unpack":  unpack,
			"waitfor": waitFor,
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("NO_COLOR", "1")
			for name, dir := range map[string]string{"MODELS": "../../interchange/onnx/testdata/models", "TORCH": "../../interchange/torch/testdata",
				"KERAS": "../../interchange/keras/testdata/golden", "TENSORFLOW": "../../interchange/tensorflow/testdata/golden"} {
				path, err := filepath.Abs(dir)
				if err != nil {
					return err
				}
				e.Setenv(name, path)
			}
			return nil
		},
	})
}

// unpack FILE TO unpacks a .gz to a file, or a .zip to a folder.
func unpack(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: unpack FILE TO")
	}
	to := ts.MkAbs(args[1])
	if strings.HasSuffix(args[0], ".zip") {
		z, err := zip.OpenReader(args[0])
		ts.Check(err)
		defer z.Close()
		ts.Check(os.CopyFS(to, z))
		return
	}
	f, err := os.Open(args[0])
	ts.Check(err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	ts.Check(err)
	b, err := io.ReadAll(z)
	ts.Check(err)
	ts.Check(os.WriteFile(to, b, 0o666))
}

// exits N COMMAND ARGS… runs a command that must end with exit code N.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARGS…")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = "?"
		var e *exec.ExitError
		if errors.As(err, &e) {
			got = strconv.Itoa(e.ExitCode())
		}
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s (%v)", got, args[0], err)
	}
}

// waitfor FILE [TEXT] waits until a file is there, with a text in it.
func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: waitfor FILE [TEXT]")
	}
	for range 1000 {
		b, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && (len(args) == 1 || strings.Contains(string(b), args[1])) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	ts.Fatalf("%s does not come", args[0])
}

func TestHelpNamesEveryCommand(t *testing.T) {
	for _, c := range newRoot().Commands() {
		if c.Short == "" || c.Name() != "help" && c.Name() != "completion" && c.Example == "" {
			t.Errorf("%s has no short help or no example", c.Name())
		}
	}
}
