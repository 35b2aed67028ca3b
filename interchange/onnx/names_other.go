//go:build !unix

package onnx

import "io/fs"

// names is how many names a file has, as far as the system reports.
func names(fs.FileInfo) uint64 { return 1 }
