package frame_test

import (
	"fmt"

	"github.com/recur-go/recur/serve/frame"
)

// A client sends a step of two values of one byte each.
func Example() {
	payload := []byte{7, 9}
	b := frame.Append(nil, frame.Header{Type: frame.Step, Handle: 1, Step: 42}, len(payload))
	b = append(b, payload...)

	h, payload, n, err := frame.Parse(b, 1<<20)
	fmt.Println(h.Type, h.Handle, h.Step, payload, n == len(b), err)

	_, _, n, err = frame.Parse(b[:10], 1<<20) // more has to come
	fmt.Println(n, err)
	// Output:
	// Step 1 42 [7 9] true <nil>
	// 0 <nil>
}
