package kernel

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What the runtime asks of assembly: a frame, so that the assembler puts in the
// check of the stack at which a goroutine can be stopped; R14 and R15 (R18, R27 and
// R28 on arm64) left alone; and the upper halves of the registers cleared at the
// end.
func TestAssemblyRules(t *testing.T) {
	files, err := filepath.Glob("*.s")
	if err != nil || len(files) == 0 {
		t.Fatalf("no assembly: %v", err)
	}
	text := regexp.MustCompile(`^TEXT ·\w+\(SB\), 0, \$16-\d+$`)
	taken := regexp.MustCompile(`\b(R14|R15|BP|SP|g)\b`)
	takenARM := regexp.MustCompile(`\b(R18|R27|R28|R29|R30|RSP|g)\b`)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		arm, last := strings.HasSuffix(file, "_arm64.s"), ""
		functions, returns := 0, 0
		for i, line := range strings.Split(string(data), "\n") {
			code, _, _ := strings.Cut(line, "//")
			code = strings.TrimSpace(code)
			switch {
			case strings.HasPrefix(code, "TEXT"):
				functions++
				if !text.MatchString(code) {
					t.Errorf("%s:%d: %s: not a function with a frame and a check of the stack", file, i+1, code)
				}
			case !arm && taken.MatchString(code), arm && takenARM.MatchString(code):
				t.Errorf("%s:%d: %s: uses a register of the runtime", file, i+1, code)
			case code == "RET":
				returns++
				if !arm && last != "VZEROUPPER" {
					t.Errorf("%s:%d: RET without VZEROUPPER", file, i+1)
				}
			}
			if code != "" {
				last = code
			}
		}
		if functions == 0 || returns != functions {
			t.Errorf("%s: %d functions, %d returns", file, functions, returns)
		}
	}
}

// An instruction of AVX-512 in a kernel for AVX2 would fail only elsewhere.
func TestAVX2HasNoAVX512(t *testing.T) {
	files, _ := filepath.Glob("*_avx2_amd64.s")
	wide := regexp.MustCompile(`\b(Z\d+|K[0-7]|[XY](1[6-9]|2\d|3[01]))\b|\.Z\b|\.BCST\b|VPANDD|VPORD|VSCALEFPS|VRNDSCALE`)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(data), "\n") {
			if wide.MatchString(line) {
				t.Errorf("%s:%d: %s", file, i+1, strings.TrimSpace(line))
			}
		}
	}
}

// The files that are there are those that the generator writes.
func TestGenerated(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the go command")
	}
	goCommand, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command")
	}
	sources, err := filepath.Glob("_gen/*.go")
	if err != nil || len(sources) == 0 {
		t.Fatalf("no generator: %v", err)
	}
	dir := t.TempDir()
	cmd := exec.Command(goCommand, append(append([]string{"run"}, sources...), "-o", dir)...)
	cmd.Env = append(os.Environ(), "GOOS=", "GOARCH=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) < 10 {
		t.Fatalf("the generator wrote %d files: %v", len(files), err)
	}
	for _, file := range files {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Base(file))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the generator writes (run go generate): %v", filepath.Base(file), err)
		}
	}
}
