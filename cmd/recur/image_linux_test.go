package main

import (
	"debug/elf"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The image has the program, an empty folder and nothing else: it serves there, as a user without
// rights, checks itself and answers.
func TestImage(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root may change the root of a process")
	}
	program, err := exec.LookPath("recur")
	if err != nil {
		t.Fatal(err)
	}
	if f, err := elf.Open(program); err != nil {
		t.Fatal(err)
	} else if libs, _ := f.ImportedLibraries(); len(libs) > 0 {
		t.Skipf("this build is not static: it needs %s", libs)
	}
	// The path of a socket is short, and all may pass the folders above the image.
	root, err := os.MkdirTemp("", "image")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	from, err := os.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.OpenFile(filepath.Join(root, "recur"), os.O_CREATE|os.O_WRONLY, 0o755)
	if err == nil {
		_, err = io.Copy(to, from)
		to.Close()
	}
	data := filepath.Join(root, "data")
	if err == nil {
		err = os.Chmod(root, 0o755)
	}
	if err == nil {
		err = os.Mkdir(data, 0o755)
	}
	if err == nil {
		err = os.Chown(data, 65532, 65532)
	}
	if err != nil {
		t.Fatal(err)
	}
	inside := func(args ...string) *exec.Cmd {
		return &exec.Cmd{
			Path: "/recur", Args: append([]string{"recur"}, args...), Dir: "/data", Env: []string{"RECUR_SERVER=unix:/data/s"}, Stderr: t.Output(),
			SysProcAttr: &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: 65532, Gid: 65532}},
		}
	}
	if inside("ps", "--check").Run() == nil {
		t.Error("the check is passed without a server")
	}
	serve := inside("serve", "--listen", "unix:/data/s", "--sessions", "sessions")
	if err := serve.Start(); err != nil {
		t.Skip(err) // here root may not either
	}
	t.Cleanup(func() { serve.Process.Kill() })
	for deadline := time.Now().Add(time.Minute); inside("ps", "--check").Run() != nil; {
		if time.Now().After(deadline) {
			t.Fatal("it does not get ready")
		}
		time.Sleep(20 * time.Millisecond)
	}
	if out, err := inside("call", "airline", "--session", "a", "112", "118").Output(); err != nil || strings.Count(string(out), "\n") != 2 {
		t.Errorf("%s %v", out, err)
	}
	serve.Process.Signal(syscall.SIGTERM)
	if err := serve.Wait(); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(data, "sessions", "airline", "*", "*")); len(left) == 0 {
		t.Error("the session is not saved")
	}
}
