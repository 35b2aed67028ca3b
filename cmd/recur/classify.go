package main

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/data/labelled"
	"github.com/recur-go/recur/task/classify"
)

func init() { addTask(newClassify) }

func newClassify() *taskCommand {
	c := newTaskCommand(classify.Name, classify.Presets(), "`file` of a trained model to label with")
	c.help = cobra.Command{
		Use:   "classify FILE...",
		Short: "Classify texts, series and images, or label each token",
		Long: `Train a model that labels sequences, and score it on examples it has not seen: with one
label, with any number (--target many), or with one for each step (--preset tags).

Texts come from CSV or TSV with a column of texts and one of labels, JSON lines with
"text" (or "tokens") and "label", lines that begin with their label, trees in the format
of the Stanford Sentiment Treebank, or lines of a token and its label (CoNLL). Series
come from .ts files, from tables with a row for each series or, with a column id, for
each step, or from JSON lines with "x". Images come from IDX files such as those of
MNIST and are read row by row. Files may be compressed with gzip.

With --model, label examples from files, or from stdin, one on each line: texts or JSON.
Labels that the examples already have are ignored.`,
		Example: `  recur classify reviews.csv --text review --label stars
  recur classify ratings_train.txt --test ratings_test.txt --preset korean
  recur classify JapaneseVowels_TRAIN.ts --test JapaneseVowels_TEST.ts --preset series
  recur classify train-images-idx3-ubyte.gz --test t10k-images-idx3-ubyte.gz --preset rowimage
  echo "so good" | recur classify --model recur-out/classify-reviews/model.safetensors`,
	}
	flags := c.both
	flags.String(c.setting("text"), "", "`column` or key of the text (default text, sentence, document, review, …)")
	flags.String(c.setting("label"), "", "`column` or key of the label (default label, class, category, sentiment, …)")
	flags.String(c.setting("target"), "", "`labels` of an example: one, many, or steps, which is one for each step (default by preset)")
	flags.String(c.setting("format"), "", "`format` of the files: table, json, lines, text, trees, conll, ts or idx (default found)")
	c.use = func(cmd *cobra.Command, files []string) error { return labelFiles(cmd, c, files) }
	return c
}

// labelFiles answers for the examples of files, or of standard input, as they come.
func labelFiles(cmd *cobra.Command, c *taskCommand, files []string) error {
	m, err := classify.Load(c.model)
	if err != nil {
		return err
	}
	cfg := m.Config
	cfg.Format = labelled.Auto // new data need not have the form of those in training
	if err := overrideByFlags(&cfg, cmd.Flags(), c.settings); err != nil {
		return err
	}
	o := cfg.Reading()
	o.Unlabelled = true
	examples, size := labelled.Read(files, o), m.Batch
	if len(files) == 0 || len(files) == 1 && files[0] == "-" {
		awaitInput(cmd)
		in := bufio.NewReader(cmd.InOrStdin())
		if o.Format == labelled.Auto { // by the first byte, so as not to wait for more
			switch first, _ := in.Peek(1); {
			case string(first) == "{":
				o.Format = labelled.JSON
			case !o.Series:
				o.Format = labelled.Plain
			}
		}
		examples, size = labelled.ReadFrom(in, "standard input", o), 1
	}
	return writeAnswers(cmd.OutOrStdout(), m.Answers(cmd.Context(), examples, size), m, c.json)
}

// An answerJSON is an answer on a line of JSON.
type answerJSON struct {
	File          string             `json:"file,omitempty"`
	Row           int                `json:"row"`
	Text          string             `json:"text,omitempty"`
	Label         string             `json:"label,omitempty"`
	Labels        []string           `json:"labels,omitempty"`
	Probability   *float64           `json:"probability,omitempty"`
	Probabilities map[string]float64 `json:"probabilities,omitempty"`
	OfSteps       []float64          `json:"step_probabilities,omitempty"`
}

// writeAnswers writes one a line: label, probability and text, separated by tabs, or JSON.
func writeAnswers(w io.Writer, answers iter.Seq2[classify.Answered, error], m *classify.Model, asJSON bool) error {
	for a, err := range answers {
		if err != nil {
			return err
		}
		p, e := a.P(), a.Example
		text := e.Text
		if e.Tokens != nil {
			text = strings.Join(e.Tokens, " ")
		}
		if asJSON {
			j := answerJSON{File: e.File, Row: e.Row, Text: text, Label: a.Label, Labels: a.Labels}
			switch m.Target {
			case classify.Steps:
				j.OfSteps = a.Probabilities
			default:
				j.Probabilities = map[string]float64{}
				for i, l := range m.Classes {
					j.Probabilities[l] = a.Probabilities[i]
				}
			}
			if m.Target == classify.One {
				j.Probability = &p
			}
			if err := newEncoder(w).Encode(j); err != nil {
				return err
			}
			continue
		}
		label := a.Label
		if m.Target != classify.One {
			label = strings.Join(a.Labels, " ")
		}
		if text == "" {
			text = fmt.Sprintf("%s:%d", e.File, e.Row)
		}
		if _, err := fmt.Fprintf(w, "%s\t%.4f\t%s\n", label, p, strings.Join(strings.Fields(text), " ")); err != nil {
			return err
		}
	}
	return nil
}
