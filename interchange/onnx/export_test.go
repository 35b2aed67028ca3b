package onnx

import "errors"

// SetMaxBytes makes operators refuse smaller results than they would, and runs less of them,
// until restore is called.
func SetMaxBytes(n int) (restore func()) {
	one, live := maxBytes, maxLive
	maxBytes, maxLive = n, n
	return func() { maxBytes, maxLive = one, live }
}

// Internal tells whether an operator panicked where it should have failed.
func Internal(err error) bool {
	var e *internalError
	return errors.As(err, &e)
}
