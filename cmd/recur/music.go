package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/task/music"
)

func init() { addTask(newMusic) }

func newMusic() *taskCommand {
	c := newTaskCommand(music.Name, music.Presets(), "`file` of a trained model to compose with")
	var from, midi string
	var tempo int
	var p seq2seq.Sampling
	c.help = cobra.Command{
		Use:   "music FILE...",
		Short: "Train a model of polyphonic music and compose with it",
		Long: `Train a model of polyphonic music and score it by the negative log-likelihood per step.
FILE is MIDI, read in steps of eighth notes, or JSON: a list of pieces, or such lists
for train, valid and test. A piece is a list of steps, and a step lists the piano keys
that sound, from 0 to 87.

With --model, compose: print the keys of each step as JSON, one step on each line, and
with --midi write a MIDI file too.`,
		Example: `  recur music songs/*.mid --epochs 60
  recur music JSB_Chorales.json.gz --test JSB_Chorales.json.gz
  recur music Nottingham.json.gz --preset folk --out tunes
  recur music --model tunes/model.safetensors --limit 128 --seed 3 --midi tune.mid
  recur music --model tunes/model.safetensors --from piece.json --temperature 0.7`,
	}
	flags := c.using
	flags.StringVar(&from, "from", "", "`file` whose first piece to continue")
	flags.Float64Var(&p.Temperature, "temperature", 1, "sampling temperature: low is safe, high is wild; 0 is greedy")
	flags.IntVar(&p.Limit, "limit", 64, "steps to compose")
	flags.StringVar(&midi, "midi", "", "MIDI `file` to write")
	flags.IntVar(&tempo, "tempo", 120, "tempo of the MIDI file in quarter notes per minute; a step is an eighth note")
	c.use = func(cmd *cobra.Command, files []string) error {
		if len(files) > 0 {
			return usage("music takes a FILE to train on or a --model to play with, not both")
		}
		p.Seed = c.seed
		return play(cmd, c.model, from, midi, tempo, p)
	}
	return c
}

// play writes keys to standard output as they come.
func play(cmd *cobra.Command, path, from, midi string, tempo int, p seq2seq.Sampling) error {
	if p.Limit < 1 || p.Limit > 1<<24 {
		return usage("--limit is %d, want 1 to 16 million", p.Limit)
	}
	if tempo < 4 || tempo > 1000 {
		return usage("--tempo is %d, want 4 to 1000", tempo)
	}
	if err := likeliest(&p); err != nil {
		return err
	}
	m, err := music.Load(path)
	if err != nil {
		return err
	}
	var piece music.Piece
	if from != "" {
		b, err := music.ReadFile(from)
		if err != nil {
			return err
		}
		for _, part := range [][]music.Piece{b.All, b.Train, b.Valid, b.Test} {
			if len(part) > 0 {
				piece = part[0]
				break
			}
		}
	}
	out := cmd.OutOrStdout()
	var lost error
	sep := "["
	step := func(keys []int) bool {
		line, err := json.Marshal(keys)
		if err == nil {
			_, err = fmt.Fprintf(out, "%s%s", sep, line)
		}
		sep, lost = ",\n", err
		return err == nil
	}
	for _, keys := range piece {
		step(keys)
	}
	if lost == nil {
		err = m.Play(cmd.Context(), piece, p, func(keys []int) bool {
			piece = append(piece, keys)
			return step(keys)
		})
	}
	if err == nil {
		err = lost
	}
	if err != nil {
		return err
	}
	if _, err := io.WriteString(out, "]\n"); err != nil || midi == "" {
		return err
	}
	return replace(midi, func(w io.Writer) error { return piece.WriteMIDI(w, tempo) })
}
