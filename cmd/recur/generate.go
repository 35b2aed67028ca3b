package main

import (
	"cmp"
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/task/lm"
)

func init() { addTask(newGenerate) }

func newGenerate() *taskCommand {
	c := newTaskCommand(lm.Name, lm.Presets(), "write with a trained model")
	var prompt string
	var s lm.Sampling
	c.help = cobra.Command{
		Use:   "generate FILE...",
		Short: "Train a language model on text, and write text with it",
		Long: `Train a language model on text files (UTF-8, also with gzip), by characters, words,
byte pairs or Korean jamo, and score it on what it has not read. With --model, write
text with a trained one, token by token as it comes.`,
		Example: `  recur generate shakespeare.txt --preset char-small
  recur generate train.txt --valid valid.txt --test test.txt --preset zaremba-small
  recur generate --model recur-out/generate-shakespeare/model.safetensors --prompt "ROMEO:"
  recur generate --model m.safetensors --temperature 0.7 --top-p 0.9 --stop "\n\n"`,
	}
	flags := c.using
	flags.StringVar(&prompt, "prompt", "", "text to go on from")
	flags.Float64Var(&s.Temperature, "temperature", 0.8, "sampling temperature: low is safe, high is wild; negative for always the likeliest token")
	flags.IntVar(&s.TopK, "top-k", 0, "sample from this number of the likeliest tokens (default all)")
	flags.Float64Var(&s.TopP, "top-p", 0, "sample from the likeliest tokens that together have this probability (default all)")
	flags.Float64Var(&s.Penalty, "penalty", 0, "divide the scores of tokens that were written shortly before by this (default none)")
	flags.IntVar(&s.Limit, "limit", 500, "number of tokens to write, at most")
	flags.StringArrayVar(&s.Stop, "stop", nil, "end before this text; \\n stands for a new line")
	c.use = func(cmd *cobra.Command, files []string) error {
		if len(files) > 0 {
			return usage("generate takes a FILE to train on or a --model to write with, not both")
		}
		if err := s.Check(); err != nil || s.Limit < 1 {
			return usage("%v", cmp.Or(err, errors.New("--limit is at least 1")))
		}
		s.Seed = c.seed
		return generate(cmd, c.model, prompt, s, c.json)
	}
	return c
}

// generate writes text to standard output as it comes.
func generate(cmd *cobra.Command, path, prompt string, s lm.Sampling, asJSON bool) error {
	m, err := lm.Load(path)
	if err != nil {
		return err
	}
	for i, stop := range s.Stop {
		s.Stop[i] = strings.ReplaceAll(stop, `\n`, "\n")
	}
	out := cmd.OutOrStdout()
	if asJSON {
		var b strings.Builder
		if err := m.Generate(cmd.Context(), prompt, s, func(piece string) bool {
			b.WriteString(piece)
			return true
		}); err != nil {
			return err
		}
		return newEncoder(out).Encode(struct {
			Prompt string `json:"prompt"`
			Text   string `json:"text"`
			Seed   uint64 `json:"seed"`
		}{prompt, b.String(), s.Seed})
	}
	var lost error
	write := func(piece string) bool {
		_, lost = io.WriteString(out, piece)
		return lost == nil
	}
	if !write(prompt) {
		return lost
	}
	if err := m.Generate(cmd.Context(), prompt, s, write); err != nil {
		return err
	}
	write("\n")
	return lost
}
