package onnx

import "errors"

// SetMaxBytes makes operators refuse smaller results than they would.
func SetMaxBytes(n int) { maxBytes = n }

// Internal tells whether an operator panicked where it should have failed.
func Internal(err error) bool {
	var e *internalError
	return errors.As(err, &e)
}
