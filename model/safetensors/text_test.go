package safetensors

import (
	"bytes"
	"strings"
	"testing"
)

// A text given as a model is called one, without the length that its first bytes would be.
func TestTextIsNoModel(t *testing.T) {
	for _, s := range []string{"ds,y\n2024-01,1\n", "안녕하세요, 이것은 글입니다.\n", "A line.\nAnother.\n"} {
		_, err := NewFile(bytes.NewReader([]byte(s)), int64(len(s)))
		if err == nil || !strings.Contains(err.Error(), "not a safetensors file") || !strings.Contains(err.Error(), "looks like text") || strings.Contains(err.Error(), "bytes") {
			t.Errorf("%q: %v", s, err)
		}
	}
}
