package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/task/lm"
)

func init() { addTask(newGenerate) }

func newGenerate() *taskCommand {
	c := newTaskCommand(lm.Name, lm.Presets(), "`file` of a trained model to generate with")
	var prompt string
	var s lm.Sampling
	c.help = cobra.Command{
		Use:   "generate FILE...",
		Short: "Train a language model and generate text",
		Long: `Train a language model on text files (UTF-8, also with gzip) by characters, words, byte
pairs or Korean jamo, and score it on text it has not read. With --model, generate text
and print each token as it is sampled.`,
		Example: `  recur generate shakespeare.txt --preset char-small
  recur generate train.txt --valid valid.txt --test test.txt --preset zaremba-small
  recur generate --model recur-out/generate-shakespeare/model.safetensors --prompt "ROMEO:"
  recur generate --model m.safetensors --temperature 0.7 --top-p 0.9 --stop "\n\n"`,
	}
	flags := c.using
	flags.StringVar(&prompt, "prompt", "", "`text` to continue")
	flags.Float64Var(&s.Temperature, "temperature", 0.8, "sampling temperature: low is safe, high is wild; 0 is greedy")
	flags.IntVar(&s.TopK, "top-k", 0, "sample from the `K` most likely tokens (default all)")
	flags.Float64Var(&s.TopP, "top-p", 0, "sample from the most likely tokens with total probability `P` (default all)")
	flags.Float64Var(&s.Penalty, "penalty", 0, "divide the scores of recent tokens by this (default none)")
	flags.IntVar(&s.Limit, "limit", 500, "tokens to generate, at most")
	flags.StringArrayVar(&s.Stop, "stop", nil, "stop before this `text`; \\n is a new line; may be repeated")
	c.use = func(cmd *cobra.Command, files []string) error {
		if len(files) > 0 {
			return usage("generate takes a FILE to train on or a --model to write with, not both")
		}
		if s.Limit < 1 {
			return usage("--limit is %d, want at least 1", s.Limit)
		}
		if err := checkDraw(&s.Sampling); err != nil {
			return err
		}
		if err := s.Check(); err != nil {
			return usage("%v", err)
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
