package main

// Speech is told from probabilities as silero's own get_speech_timestamps does by default.
const (
	threshold = 0.5 // speech begins at it, and goes on down to 0.15 below it
	lower     = threshold - 0.15

	minSpeech  = rate * 250 / 1000 // shorter speech is dropped
	minSilence = rate * 100 / 1000 // shorter silence does not end speech
	pad        = rate * 30 / 1000  // of speech, before and behind
)

// A segment is where speech is, in samples.
type segment struct{ start, end int }

func (s segment) seconds() (start, end float64) {
	return float64(s.start) / rate, float64(s.end) / rate
}

// segments finds speech frame by frame. The zero value is at the start of a stream.
type segments struct {
	at     int // first sample of the next frame
	speech bool
	start  int
	quiet  int // where silence within speech began, 0 while there is none
}

// add takes the probability of the next frame, and reports the speech that has ended by it.
func (s *segments) add(p float32) (done segment, ok bool) {
	at := s.at
	s.at += frameLen
	switch {
	case p >= threshold:
		s.quiet = 0
		if !s.speech {
			s.speech, s.start = true, at
		}
	case s.speech && p < lower:
		if s.quiet == 0 {
			s.quiet = at
		}
		if at-s.quiet >= minSilence {
			done, ok = segment{max(0, s.start-pad), s.quiet + pad}, s.quiet-s.start > minSpeech
			s.speech, s.quiet = false, 0
		}
	}
	return done, ok
}

// end reports the speech that goes on at the end of a stream of n samples.
func (s *segments) end(n int) (done segment, ok bool) {
	return segment{max(0, s.start-pad), n}, s.speech && n-s.start > minSpeech
}
