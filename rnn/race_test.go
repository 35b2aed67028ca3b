//go:build race

package rnn

func init() { RaceEnabled = true }
