package main

import (
	"math"

	"github.com/recur-go/recur/seq2seq"
)

// likeliest makes a temperature of 0 mean always the likeliest token, as elsewhere: to a
// seq2seq.Sampling it means 1.
func likeliest(s *seq2seq.Sampling) error {
	if math.IsNaN(s.Temperature) || math.IsInf(s.Temperature, 0) {
		return usage("--temperature is %v, want a number from 0, which always takes the likeliest token", s.Temperature)
	}
	if s.Temperature == 0 {
		s.Temperature = -1
	}
	return nil
}

// checkDraw checks the flags of sampling, by their names.
func checkDraw(s *seq2seq.Sampling) error {
	switch {
	case s.TopK < 0:
		return usage("--top-k is %d, want at least 0", s.TopK)
	case !(s.TopP >= 0 && s.TopP <= 1):
		return usage("--top-p is %v, want 0 to 1", s.TopP)
	}
	return likeliest(s)
}
