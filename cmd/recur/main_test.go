package main

import (
	"archive/zip"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/interchange"
	"github.com/recur-go/recur/interchange/keras"
	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/interchange/tensorflow"
	"github.com/recur-go/recur/interchange/torch"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/model/safetensors"
	"github.com/recur-go/recur/train"
)

// english are the tests in a locale of English, in whose words they look for what they do.
type english struct{ *testing.M }

func (e english) Run() int {
	os.Setenv("LC_ALL", "C")
	return e.M.Run()
}

func TestMain(m *testing.M) {
	testscript.Main(english{m}, map[string]func(){"recur": main})
}

// The scripts of testdata run the program as users do, with its exit codes.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":   exits,
			"results": results,
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

// results DIR checks that all files that a run has left are known as such by their names: to a
// run that begins there anew, and to one that reads them.
func results(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: results DIR")
	}
	f := &folder{dir: ts.MkAbs(args[0])}
	beside := f.beside()
	if beside == nil {
		ts.Fatalf("%s has no report of a task", args[0])
	}
	files, err := os.ReadDir(f.dir)
	ts.Check(err)
	for _, e := range files {
		name := e.Name()
		known := name == recipeFile || isOld(name) || beside.MatchString(name)
		if !e.IsDir() && !(known && isResult(name)) {
			ts.Fatalf("%s is not among the results of its task", name)
		}
	}
}

// waitfor FILE [TEXT] waits until a file is there, with a text in it.
func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: waitfor FILE [TEXT]")
	}
	for range 6000 { // two minutes, for a machine with much else to do
		if len(args) == 1 { // a socket cannot be read
			if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
				return
			}
		} else if b, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && strings.Contains(string(b), args[1]) {
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

// importError stands for the error of a reader that main knows nothing of.
type importError struct{}

func (importError) Error() string        { return "caffe: no such layer" }
func (importError) Is(target error) bool { return target == fault.Model }

func TestExitCodes(t *testing.T) {
	_, noFile := os.Open("no such file")
	for _, c := range []struct {
		err  error
		want int
	}{
		{errors.New("x"), 1},
		{context.Canceled, 1},
		{usage("--x"), 2},
		{fmt.Errorf("run: %w", &data.Error{Reason: "x"}), 3},
		{&onnx.InputError{Input: "x"}, 3},
		{importError{}, 4},
		{fmt.Errorf("m: %w", importError{}), 4},
		{fmt.Errorf("m: %w", model.ErrKind), 4},
		{fmt.Errorf("m: %w, or was changed", model.ErrCorrupt), 4},
		{model.ErrVersion, 4},
		{&model.MismatchError{}, 4},
		{&safetensors.FormatError{}, 4},
		{&onnx.GraphError{}, 4},
		{&onnx.UnsupportedError{}, 4},
		{&onnx.ExportError{}, 4},
		{&keras.UnsupportedError{}, 4},
		{&tensorflow.MapError{}, 4},
		{&torch.ClassError{}, 4},
		{&torch.MapError{}, 4},
		{&torch.ExportError{}, 4},
		{&interchange.UnknownError{}, 4},
		{&train.NumericError{}, 5},
		{noFile, 6},
		{fmt.Errorf("model: %w", noFile), 6},
	} {
		if got := code(c.err); got != c.want {
			t.Errorf("%T %v: exit code %d, want %d", c.err, c.err, got, c.want)
		}
	}
}
