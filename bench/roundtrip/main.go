// Command roundtrip checks that models give the same numbers here and in the systems
// that they come from or go to. Its cases are folders:
//
//	case.json      {"system", "about", "model", "spec", "inputs": {name: file}, "outputs": {name: file}}
//	*.npy          the inputs, and what the system that made the model gives for them
//	the model      in the format of that system
//
// with which two ways are checked:
//
//	python torch_models.py DIR 200          a system makes models and runs them (or
//	                                        keras_models.py, tensorflow_models.py …) …
//	go run ./bench/roundtrip check DIR      … and recur runs them
//
//	go run ./bench/roundtrip make DIR 200   recur makes models, runs and exports them …
//	python run_exports.py DIR onnx          … and a system runs them
//
// check and run_exports.py put a line into bench/results/roundtrip.json, which docs/benchmarks.md
// shows. A difference is relative: the largest of any element, over the largest magnitude in its
// tensor or 1e-3. The packages are pinned in requirements.txt.
package main

import (
	"fmt"
	"os"
	"strconv"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "roundtrip:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "check":
		return check(args[1])
	case len(args) >= 3 && args[0] == "make":
		n, err := strconv.Atoi(args[2])
		if err != nil {
			return err
		}
		seed := uint64(1)
		if len(args) > 3 {
			if seed, err = strconv.ParseUint(args[3], 10, 64); err != nil {
				return err
			}
		}
		return makeCases(args[1], n, seed)
	}
	return fmt.Errorf("usage: roundtrip check DIR | make DIR N [SEED]")
}
