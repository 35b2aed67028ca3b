package torch

import (
	"fmt"
	"strings"
)

// A FormatError tells what is wrong with the bytes of a file.
type FormatError struct {
	Path   string // "" when read from memory
	Offset int64  // byte where the fault was seen, -1 if it has no place
	Reason string
	Try    string // what may help, "" if nothing is known to
}

func (e *FormatError) Error() string {
	var b strings.Builder
	b.WriteString("torch: ")
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	if e.Offset >= 0 {
		fmt.Fprintf(&b, "byte %d: ", e.Offset)
	}
	b.WriteString(e.Reason)
	if e.Try != "" {
		b.WriteString("; " + e.Try)
	}
	return b.String()
}

// A ClassError tells of a file that asks for an object other than a tensor or a plain
// container. To make it, Python would run code, which recur never does.
type ClassError struct {
	Path  string
	Class string // such as __main__.Net
}

func (e *ClassError) Error() string {
	at := ""
	if e.Path != "" {
		at = e.Path + ": "
	}
	return fmt.Sprintf("torch: %sthe file holds an object of %s, which is made by running code and is refused; in Python, save the weights alone with torch.save(model.state_dict(), path)", at, e.Class)
}

// A MapError tells of weights that cannot be made a network of recur, and why.
type MapError struct {
	Module string // its dotted name, "" for the file as a whole
	Reason string
	Spec   *Spec // what to confirm or complete, nil if that would not help
}

func (e *MapError) Error() string {
	at := ""
	if e.Module != "" {
		at = fmt.Sprintf("module %q: ", e.Module)
	}
	return "torch: " + at + e.Reason
}
