package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The requests that a server prints are answered as they stand, whatever it is started with.
func TestServeGreeting(t *testing.T) {
	for _, program := range []string{"sh", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(err)
		}
	}
	dir := filepath.Join(t.TempDir(), "a b")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	cert, key := writeCertificate(t, dir, "localhost")
	tokens := put(t, dir, "tokens", "se$cret\n")
	put(t, dir, "it's.safetensors", string(airline))
	for name, args := range map[string][]string{
		"plain":  {"--listen", "127.0.0.1:0"},
		"socket": nil,
		"all":    {"--listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key, "--token", "@" + tokens},
		"model":  {filepath.Join(dir, "it's.safetensors")},
	} {
		t.Run(name, func(t *testing.T) {
			text := greetingOf(t, dir, args...)
			n := 0
			for line := range strings.Lines(text) {
				if !strings.HasPrefix(line, "  ") {
					continue
				}
				n++
				cmd := exec.Command("sh", "-c", line)
				cmd.Env = append(os.Environ(), "RECUR_TOKEN=se$cret")
				cmd.Stderr = t.Output()
				answer, err := cmd.Output()
				var got map[string]any
				if err == nil {
					err = json.Unmarshal(answer, &got)
				}
				if err != nil || got["error"] != nil {
					t.Errorf("%s%s, %v", line, answer, err)
				}
			}
			if n != 3 {
				t.Errorf("there are %d requests:\n%s", n, text)
			}
		})
	}
}

// greetingOf is what a server prints.
func greetingOf(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out := put(t, t.TempDir(), "out", "")
	file, err := os.OpenFile(out, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	startCommand(t, dir, file, append([]string{"--log-level", "warn"}, args...)...)
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A server of an empty folder tells that it waits for models.
func TestServeAnEmptyFolder(t *testing.T) {
	dir := t.TempDir()
	models := filepath.Join(dir, "models")
	if err := os.Mkdir(models, 0o777); err != nil {
		t.Fatal(err)
	}
	text := greetingOf(t, dir, models)
	if want := "recur serves no model at unix:" + filepath.Join(dir, "s") + " so far: it takes up those that come into " + models + "\n"; text != want {
		t.Errorf("%q, want %q", text, want)
	}
}
