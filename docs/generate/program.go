package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// addProgram adds the example of the whole as a program. The folder of results is two below
// the root.
func addProgram(dir string, tables map[string]table) error {
	source, err := os.ReadFile(filepath.Join(dir, "..", "..", "example_test.go"))
	if err != nil {
		return err
	}
	text := string(source)
	for _, change := range [][2]string{{"package recur_test", "package main"}, {"func Example()", "func main()"}} {
		if !strings.Contains(text, change[0]) {
			return fmt.Errorf("example_test.go has no %q", change[0])
		}
		text = strings.Replace(text, change[0], change[1], 1)
	}
	text, output, ok := strings.Cut(text, "\t// Output: ")
	if !ok {
		return fmt.Errorf("example_test.go prints nothing")
	}
	program := "```go\n" + text + "} // prints: " + strings.TrimSuffix(strings.TrimSpace(output), "\n}") + "\n```\n"
	tables["program"] = whole(func() string { return program })
	return nil
}
