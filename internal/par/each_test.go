package par

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
)

func TestEach(t *testing.T) {
	var ran [20]atomic.Int32
	if err := Each(t.Context(), len(ran), 0, func(_ context.Context, i int) error {
		ran[i].Add(1)
		return nil
	}); err != nil {
		t.Error(err)
	}
	for i := range ran {
		if n := ran[i].Load(); n != 1 {
			t.Errorf("%d ran %d times", i, n)
		}
	}
}

func TestEachEnds(t *testing.T) {
	failed := errors.New("failed")
	err := Each(t.Context(), 20, 0, func(ctx context.Context, i int) error {
		if i == 3 {
			return failed
		}
		if i > 3 {
			<-ctx.Done() // or the test would not end
		}
		return nil
	})
	if err != failed {
		t.Errorf("%v, want the first error", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Each(ctx, 20, 0, func(context.Context, int) error {
		t.Error("ran although the context had ended")
		return nil
	}); err != context.Canceled {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
}
