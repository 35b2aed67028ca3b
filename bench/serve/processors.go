//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ticks is USER_HZ, which is 100 on all that Linux runs on today.
const ticks = 100

// processors is the seconds that a process and those below it have had of processors.
func processors(pid int) (float64, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	parent, had := map[int]int{}, map[int]float64{}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			continue // it has ended
		}
		id, _ := strconv.Atoi(filepath.Base(filepath.Dir(p)))
		f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:])) // the name before may hold anything
		if len(f) < 13 {
			return 0, fmt.Errorf("%s is not what proc(5) has", p)
		}
		parent[id], _ = strconv.Atoi(f[1])
		user, _ := strconv.ParseFloat(f[11], 64)
		system, _ := strconv.ParseFloat(f[12], 64)
		had[id] = (user + system) / ticks
	}
	if _, ok := had[pid]; !ok {
		return 0, fmt.Errorf("there is no process %d", pid)
	}
	var sum float64
	for id, seconds := range had {
		for p := id; p > 0; p = parent[p] {
			if p == pid {
				sum += seconds
				break
			}
		}
	}
	return sum, nil
}
