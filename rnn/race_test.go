//go:build race

package rnn

func init() { raceEnabled = true }
