package session_test

import (
	"testing"

	"github.com/recur-go/recur/session"
	"github.com/recur-go/recur/session/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Test(t, func(t *testing.T) session.Store { return session.NewMemory() })
}
