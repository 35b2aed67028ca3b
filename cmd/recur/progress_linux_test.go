package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/train"
)

// pseudoTerminal is a terminal of so many columns, and its other end.
func pseudoTerminal(t *testing.T, cols uint16) (terminal, other *os.File) {
	t.Helper()
	other, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	fd := int(other.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: cols})
	}
	if err == nil {
		terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		other.Close()
		t.Skip(err)
	}
	return terminal, other
}

// On a terminal a line for each epoch remains above the bar, and nothing is wider than it.
func TestTrainingOnATerminal(t *testing.T) {
	for _, cols := range []uint16{100, 60, 20} {
		terminal, other := pseudoTerminal(t, cols)
		shown := make(chan string)
		go func() {
			b, _ := io.ReadAll(other) // ends with an error when the terminal is closed
			shown <- string(b)
		}()
		b := newTrainingBar(terminal, "accuracy")
		for epoch := 1; epoch <= 2; epoch++ {
			for step := range 5 {
				b.train(task.Step{Progress: train.Progress{Epoch: epoch, Step: 5*epoch - 4 + step, Loss: 0.5, StepsPerSecond: 12}, Of: 10})
				time.Sleep(60 * time.Millisecond)
			}
			b.epoch(task.Epoch{Epoch: train.Epoch{N: epoch, Loss: 0.5, Improved: true}, Of: 2, Scores: task.Scores{"accuracy": 0.75}}, task.Metric{Name: "accuracy"})
		}
		b.end(true)
		terminal.Close()
		text := regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`).ReplaceAllString(<-shown, "")
		other.Close()
		for _, want := range []string{"  epoch 1", "  epoch 2", "  training ", "100 %"} {
			if !strings.Contains(text, want) {
				t.Errorf("%d columns: no %q in\n%s", cols, want, text)
			}
		}
		for line := range strings.Lines(text) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\r\n")); n > int(cols) {
				t.Errorf("%d of %d columns: %q", n, cols, line)
			}
		}
	}
}
