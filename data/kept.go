package data

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
)

// Stdin is the path for which Open reads standard input.
const Stdin = "-"

// kept is what was read of standard input and of pipes, which cannot be read twice: to their end,
// at most 1 GiB each.
var kept struct {
	sync.Mutex
	stdin *os.File
	bytes []byte // of stdin
	pipes []keptPipe
}

type keptPipe struct {
	info  os.FileInfo
	bytes []byte
}

func openStdin() (*File, error) {
	const name = "standard input"
	kept.Lock()
	defer kept.Unlock()
	if kept.stdin != os.Stdin {
		b, err := readKept(os.Stdin, name)
		if err != nil {
			return nil, err
		}
		kept.stdin, kept.bytes = os.Stdin, b
	}
	return keptFile(kept.bytes, name)
}

// isPipe reports whether a file is to be kept, as it can be read but once.
func isPipe(info os.FileInfo) bool {
	return info.Mode()&(os.ModeNamedPipe|os.ModeCharDevice|os.ModeSocket) != 0
}

// openPipe opens the pipe at path. It is opened but once: one with a name would wait for another
// writer.
func openPipe(path string, info os.FileInfo) (*File, error) {
	kept.Lock()
	defer kept.Unlock()
	for _, p := range kept.pipes {
		if os.SameFile(p.info, info) {
			return keptFile(p.bytes, path)
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := readKept(f, path)
	if err != nil {
		return nil, err
	}
	kept.pipes = append(kept.pipes, keptPipe{info, b})
	return keptFile(b, path)
}

// keptFile is a File of what is in memory.
func keptFile(b []byte, name string) (*File, error) {
	f, err := NewFile(bytes.NewReader(b), name)
	if err != nil {
		return nil, err
	}
	f.kept = true
	return f, nil
}

func readKept(r io.Reader, name string) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(b) > maxFile {
		return nil, &Error{File: name, Reason: fmt.Sprintf("is larger than %d GiB", maxFile>>30), Hint: "write it to a file"}
	}
	return b, nil
}
