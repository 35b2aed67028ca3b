package data

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
)

// Stdin is the path for which Open reads standard input. That is read to its end, at most 1 GiB,
// and kept, so that it may be opened again.
const Stdin = "-"

// kept is what was read of standard input.
var kept struct {
	sync.Mutex
	of    *os.File
	bytes []byte
}

func openStdin() (*File, error) {
	const name = "standard input"
	kept.Lock()
	defer kept.Unlock()
	if kept.of != os.Stdin {
		b, err := io.ReadAll(io.LimitReader(os.Stdin, maxFile+1))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if len(b) > maxFile {
			return nil, &Error{File: name, Reason: fmt.Sprintf("has more than %d bytes", maxFile), Hint: "write it to a file"}
		}
		kept.of, kept.bytes = os.Stdin, b
	}
	return NewFile(bytes.NewReader(kept.bytes), name)
}
