package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/recur-go/recur/internal/fixture"
)

// A done is what a command came to.
type done struct {
	code   int
	stderr string
	memory int // greatest memory in MB, 0 if the system does not tell
}

// inDir runs the program in a folder.
func inDir(t *testing.T, dir, args string) done {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("recur", strings.Fields(args)...)
	cmd.Dir, cmd.Stderr = dir, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	d := done{code: cmd.ProcessState.ExitCode(), stderr: stderr.String()}
	if runtime.GOOS == "linux" {
		d.memory = int(reflect.ValueOf(cmd.ProcessState.SysUsage()).Elem().FieldByName("Maxrss").Int() >> 10)
	}
	return d
}

// Files that took all memory, or were half read, are refused in little memory, and what can be
// read is.
func TestSharedFiles(t *testing.T) {
	files := fixture.Path(t, "cases/files")
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(files)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tf-name-prefix.index", "tf-handles.index"} {
		b, err := io.ReadAll(fixture.Open(t, "cases/files/"+name+".gz"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	model, err := filepath.Abs("../../interchange/torch/testdata/lstm.pt")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   string
		code   int
		stderr string
	}{
		{"forecast lz4-byte88.parquet", 3, "a page packed by LZ4_RAW is damaged"},
		{"forecast parquet-bomb-0.parquet", 3, "where 80 values are left"},
		{"show tf-name-prefix.index", 4, "its names have more than"},
		{"show tf-handles.index", 4, "lies before the end of another"},
		{"classify cp949.csv --epochs 1 --set hidden=4 --out k", 0, "CP949"},
		{"forecast cp949.csv", 3, "좋은 영화"},
		{"run " + model + " --input trailing.json", 3, "follows the value"},
		{"classify ts-label.ts --preset series --epochs 1 --out l", 3, "not one of the labels that @classLabel lists"},
	} {
		got := inDir(t, dir, c.args)
		if got.code != c.code || !strings.Contains(got.stderr, c.stderr) || got.memory > 400 {
			t.Errorf("recur %s: exit code %d, %d MB, want %d and %q\n%s", c.args, got.code, got.memory, c.code, c.stderr, got.stderr)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "recur-out", "*")); len(left) > 0 {
		t.Errorf("what failed leaves %v", left)
	}
}

// Forecasting reads a file that is packed, and standard input, as the other tasks do: all give
// the same.
func TestForecastInputs(t *testing.T) {
	dir := t.TempDir()
	text := "ds,y\n"
	for i := range 48 {
		text += fmt.Sprintf("20%02d-%02d-01,%d\n", 15+i/12, i%12+1, 100+i+10*(i%12))
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"s.csv": []byte(text), "packed.csv.gz": packed.Bytes()} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	const how = " --steps 10 --set nets=1 --origins 1 --out "
	for _, args := range []string{"forecast s.csv" + how + "plain", "forecast packed.csv.gz" + how + "packed", "train forecast packed.csv.gz" + how + "trained"} {
		if got := inDir(t, dir, args); got.code != 0 {
			t.Fatalf("recur %s: %s", args, got.stderr)
		}
	}
	var stderr bytes.Buffer
	cmd := exec.Command("recur", strings.Fields("forecast -"+how+"piped")...)
	cmd.Dir, cmd.Stdin, cmd.Stderr = dir, strings.NewReader(text), &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	want := crashSum(t, filepath.Join(dir, "plain", "forecast.csv"))
	for _, name := range []string{"packed", "piped"} {
		if crashSum(t, filepath.Join(dir, name, "forecast.csv")) != want {
			t.Errorf("%s is another forecast", name)
		}
	}
	if crashSum(t, filepath.Join(dir, "trained", modelFile)) != crashSum(t, filepath.Join(dir, "packed", modelFile)) {
		t.Error("recur train forecast gives another model than recur forecast")
	}
}

// The commands on which the house fell short do what they should.
func TestSharedHouse(t *testing.T) {
	house := fixture.Path(t, "cases/house")
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(house)); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS(fixture.Path(t, "cases/library"))); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   string
		code   int
		stderr string
	}{
		{"forecast sales.csv --steps 20 --set nets=1 --out v1", 0, ""},
		{"forecast sales.csv --model v1/model.safetensors --out v1", 2, "v1 has a model"},
		{"forecast daily_weekly_cycle.csv --model v1/model.safetensors --out days", 3, "its times are daily, but the model was trained on monthly times"},
		{"forecast s.csv --set lr=0.5 --out s", 2, `it is called "rate" now`},
		{"forecast short.csv --horizon 1 --origins 1 --steps 20 --set nets=1 --out short", 0, ""},
		{"forecast german_dates.csv --out g", 3, `--time-layout "02.01.2006"`},
		{"classify r.csv --epochs 1 --set hidden=4 --out r", 0, ""},
		{"classify r.csv --model r/model.safetensors --epochs 7 --preset nosuch --valid nowhere", 2, "is for training"},
		{"translate p.tsv --beam 4 --nbest 3 --attention x.html --out p", 2, "goes with --model only"},
		{"classify reviews.csv --text review --label stars --epochs 1 --set hidden=4 --out g1", 0, ""},
		{"classify reviews.csv --text nosuch --label stars --epochs 1 --out g1", 2, "g1 holds the results of a run"},
		{"search classify reviews.csv --trials 2 --epochs 1 --set hidden=4 --text review --label stars --out found", 0, ""},
		{"search classify reviews.csv --trials 2 --out none", 3, "--text, --label"},
	} {
		if got := inDir(t, dir, c.args); got.code != c.code || !strings.Contains(got.stderr, c.stderr) {
			t.Errorf("recur %s: exit code %d, want %d and %q\n%s", c.args, got.code, c.code, c.stderr, got.stderr)
		}
	}
	for _, name := range []string{"days", "s", "g", "p", "none"} {
		if _, err := os.Stat(filepath.Join(dir, name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("what failed leaves %s", name)
		}
	}
}
