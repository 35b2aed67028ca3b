package checkpoint

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

const crashEnv = "RECUR_TEST_CRASH_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(crashEnv); path != "" {
		crash(path)
	}
	os.Exit(m.Run())
}

// versionOf makes the arrays of version n: large enough that a write takes a while.
func versionOf(n int) []Tensor {
	w, m := make([]float32, 100_000), make([]float64, 50_000)
	for i := range w {
		w[i] = float32(n)
	}
	for i := range m {
		m[i] = float64(n)
	}
	return []Tensor{Of("w", w, len(w)), Of("optim.m", m, len(m))}
}

// crash saves version after version, from the one after that in the file, and
// says each number once it is saved, until it is killed.
func crash(path string) {
	n, err := versionIn(path)
	for err == nil {
		n++
		doc := Doc{}
		if err = doc.Set("n", n); err == nil {
			err = Save(path, doc, versionOf(n))
		}
		fmt.Println(n)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// versionIn loads the file, which must be all of one version.
func versionIn(path string) (n int, err error) {
	f, err := Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if err := f.Doc.Decode("n", &n); err != nil {
		return 0, err
	}
	all := versionOf(-1)
	if err := f.Fill(all, ""); err != nil {
		return 0, err
	}
	for _, w := range all[0].values.([]float32) {
		if w != float32(n) {
			return 0, fmt.Errorf("a weight of version %v in version %d", w, n)
		}
	}
	for _, m := range all[1].values.([]float64) {
		if m != float64(n) {
			return 0, fmt.Errorf("an average of version %v in version %d", m, n)
		}
	}
	return n, nil
}

// A process that saves without end is killed at random moments. The file always
// loads, is of one version, and is not older than what the process said it saved.
func TestKilledWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.safetensors")
	doc := Doc{}
	if err := doc.Set("n", 0); err != nil {
		t.Fatal(err)
	}
	if err := Save(path, doc, versionOf(0)); err != nil {
		t.Fatal(err)
	}
	rounds := 30
	if testing.Short() {
		rounds = 5
	}
	last := 0
	for range rounds {
		said := killed(t, path)
		n, err := versionIn(path)
		if err != nil {
			t.Fatal(err)
		}
		if n < max(said, last) || n > max(said, last)+1 {
			t.Fatalf("version %d in the file, %d was said to be saved", n, max(said, last))
		}
		last = n
	}
	if last < rounds {
		t.Errorf("%d versions in %d rounds: too few to have been killed at work", last, rounds)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".run.safetensors.tmp*"))
	t.Logf("%d versions; killed in the midst of a write %d times in %d (%v)", last, len(left), rounds, err)
}

// killed runs a writer, kills it (SIGKILL) soon after its first version, and
// returns the last number that it said.
func killed(t *testing.T, path string) (said int) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashEnv+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for i := 0; lines.Scan(); i++ {
		if i == 0 {
			time.AfterFunc(time.Duration(rand.Int64N(int64(20*time.Millisecond))), func() { cmd.Process.Kill() })
		}
		if said, err = strconv.Atoi(lines.Text()); err != nil {
			t.Errorf("the writer said %q", lines.Text())
		}
	}
	cmd.Wait() // it was killed
	return said
}
