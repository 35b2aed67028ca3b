package speed

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// Serve answers each line of in, the JSON of a J, with a line of out, the JSON of what
// answer returns.
func Serve[J any](in io.Reader, out io.Writer, answer func(J) (any, error)) error {
	lines, to := bufio.NewScanner(in), json.NewEncoder(out)
	for lines.Scan() {
		var j J
		if err := json.Unmarshal(lines.Bytes(), &j); err != nil {
			return err
		}
		a, err := answer(j)
		if err != nil {
			return err
		}
		if err := to.Encode(a); err != nil {
			return err
		}
	}
	return lines.Err()
}

// Resident reads a line of the kernel's account of this process, such as VmRSS or VmHWM,
// in bytes.
func Resident(name string) (int, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("memory is measured on Linux only: %w", err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			kb, err := strconv.Atoi(strings.Fields(rest)[0])
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("/proc/self/status has no %s", name)
}
