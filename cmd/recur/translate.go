package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/chart"
	"github.com/recur-go/recur/internal/lang"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/translate"
	"github.com/recur-go/recur/tensor"
)

// translateOptions are the flags of recur translate that are not those of training.
type translateOptions struct {
	*taskCommand
	source, target string // files
	beam, nbest    int
	length, cover  float64
	sample         seq2seq.Sampling
	attention      string // a file
}

func init() { addTask(newTranslate) }

func newTranslate() *taskCommand {
	c := newTaskCommand(translate.Name, translate.Presets(), "`file` of a trained model to translate with")
	o := &translateOptions{taskCommand: c}
	c.help = cobra.Command{
		Use:   "translate SOURCE TARGET | PAIRS...",
		Short: "Train a translation model and translate with it",
		Long: `Train an encoder-decoder with attention on pairs of texts, and score it by BLEU and chrF
on pairs it has not read. Pairs are two text files with matching lines, or a table:
tab-separated source and target, CSV or JSON lines. All may be compressed with gzip.
With --model, translate the lines of files or of stdin.`,
		Example: `  recur translate train.de train.en --valid val.de,val.en --test test.de,test.en --preset multi30k
  recur translate kor.txt --set held_out=0.1
  recur translate names.tsv --preset transliterate
  echo "Ein Mann fährt Rad." | recur translate --model m.safetensors
  recur translate --model m.safetensors --nbest 3 --json --attention look.html text.de`,
	}
	flags := c.training
	flags.StringVar(&o.source, "source", "", "`file` of source lines to train on")
	flags.StringVar(&o.target, "target", "", "`file` of target lines to train on")
	flags = c.using
	flags.IntVar(&o.beam, "beam", 0, "width of the beam search; 1 is greedy (default as trained)")
	flags.IntVar(&o.nbest, "nbest", 1, "translations of each line, best first")
	flags.Float64Var(&o.length, "length-penalty", 0, "exponent of the length penalty (default as trained)")
	flags.Float64Var(&o.cover, "coverage-penalty", 0, "weight of the coverage penalty (default as trained)")
	flags.Float64Var(&o.sample.Temperature, "temperature", 0, "sample at this temperature instead of searching")
	flags.IntVar(&o.sample.TopK, "top-k", 0, "sample from the `K` most likely tokens (default all)")
	flags.Float64Var(&o.sample.TopP, "top-p", 0, "sample from the most likely tokens with total probability `P` (default all)")
	flags.StringVar(&o.attention, "attention", "", "`file` for a picture of the attention, .html, .svg or .png (.svg and .png of the first line only)")
	c.data = func(cmd *cobra.Command, files []string) (task.Data, error) {
		if (o.source == "") != (o.target == "") {
			return task.Data{}, usage("--source and --target go together")
		}
		if o.source != "" {
			files = append([]string{o.source, o.target}, files...)
		}
		return task.Data{Train: files}, nil
	}
	c.use = o.translate
	return c
}

// decoding is how the flags ask to write.
func (o *translateOptions) decoding(cmd *cobra.Command, m *translate.Model) seq2seq.Decoding {
	changed := cmd.Flags().Changed
	b := seq2seq.Beam{Width: m.Beam, N: o.nbest, LengthPenalty: m.LengthPenalty, CoveragePenalty: m.CoveragePenalty}
	if changed("beam") {
		b.Width = o.beam
	} else {
		b.Width = max(b.Width, o.nbest)
	}
	if changed("length-penalty") {
		b.LengthPenalty = o.length
	}
	if changed("coverage-penalty") {
		b.CoveragePenalty = o.cover
	}
	d := seq2seq.Decoding{Beam: b}
	if changed("temperature") || changed("top-k") || changed("top-p") {
		o.sample.Seed = o.seed
		d.Sampling = &o.sample
	}
	return d
}

// translate translates lines as they come: those that wait are done together.
func (o *translateOptions) translate(cmd *cobra.Command, files []string) error {
	if f := pictureFormat(o.attention); o.attention != "" && f != "html" && f != "svg" && f != "png" {
		return usage("--attention takes a .html, .svg or .png file, not %s", o.attention)
	}
	l, err := language(cmd)
	if err != nil {
		return err
	}
	m, err := translate.Load(o.model)
	if err != nil {
		return err
	}
	how := o.decoding(cmd, m)
	if b := how.Beam; !(b.LengthPenalty >= 0) || !(b.CoveragePenalty >= 0) {
		return usage("--length-penalty is %v and --coverage-penalty %v, want at least 0", b.LengthPenalty, b.CoveragePenalty)
	}
	if how.Sampling != nil {
		if o.nbest > 1 {
			return usage("--nbest needs a beam search: leave out --temperature, --top-k and --top-p")
		}
		if !cmd.Flags().Changed("temperature") {
			how.Sampling.Temperature = 1
		}
		if err := checkDraw(how.Sampling); err != nil {
			return err
		}
	}
	if len(files) == 0 {
		awaitInput(cmd)
	}
	if how.Beam.Width < 1 || how.Beam.Width > 1000 || how.Beam.N < 1 || how.Beam.N > how.Beam.Width {
		return usage("--beam is %d and --nbest %d, want 1 to 1000, and no more than --beam of them", how.Beam.Width, how.Beam.N)
	}
	if o.attention != "" && m.Attention == translate.None {
		return usage("--attention: the model has no attention to draw")
	}
	out := bufio.NewWriter(cmd.OutOrStdout())
	var looked []translate.Translation // for the report
	const most = 50
	err = eachBatch(cmd.InOrStdin(), files, 64, func(lines []string) error {
		all, err := m.Translate(cmd.Context(), lines, how)
		if err != nil {
			return err
		}
		for i, best := range all {
			if len(looked) < most {
				looked = append(looked, best[0])
			}
			if err := o.print(out, lines[i], best); err != nil {
				return err
			}
		}
		return out.Flush()
	})
	if err != nil || o.attention == "" || len(looked) == 0 {
		return err
	}
	return drawAttention(o.attention, l, looked)
}

// print writes the translations of a line.
func (o *translateOptions) print(w io.Writer, source string, best []translate.Translation) (err error) {
	if o.json {
		type translation struct {
			Text    string           `json:"text"`
			Score   float64          `json:"score"`
			LogProb float64          `json:"log_prob"`
			Ended   bool             `json:"ended"`
			Tokens  []string         `json:"tokens"`
			Weights [][]tensor.Float `json:"attention,omitempty"`
		}
		all := struct {
			Source       string        `json:"source"`
			SourceTokens []string      `json:"source_tokens"`
			Translations []translation `json:"translations"`
		}{source, best[0].Source, nil}
		for _, t := range best {
			all.Translations = append(all.Translations, translation{t.Text, t.Score, t.LogProb, t.Ended, t.Tokens, t.Weights})
		}
		return newEncoder(w).Encode(all)
	}
	for _, t := range best {
		if o.nbest > 1 {
			_, err = fmt.Fprintf(w, "%.4f\t%s\n", t.Score, t.Text)
		} else {
			_, err = fmt.Fprintln(w, t.Text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// eachBatch calls f with the lines of the files, or else of in, at most n together. It
// does not wait for more lines of in than are there.
func eachBatch(in io.Reader, files []string, n int, f func(lines []string) error) error {
	lines := make(chan string, n)
	done := make(chan struct{})
	defer close(done)
	var failed error
	send := func(line string) bool {
		select {
		case lines <- strings.TrimSpace(line):
			return true
		case <-done:
			return false
		}
	}
	go func() {
		defer close(lines)
		if len(files) == 0 {
			s := bufio.NewScanner(in)
			s.Buffer(nil, 1<<20)
			n := 1
			for ; s.Scan() && send(s.Text()); n++ {
			}
			if failed = s.Err(); errors.Is(failed, bufio.ErrTooLong) {
				failed = &data.Error{File: "standard input", Row: n, Reason: "is longer than 1 MiB", Hint: "give a sentence a line"}
			}
			return
		}
		for _, file := range files {
			for _, line := range data.Lines(file, &failed) {
				if !send(line) {
					return
				}
			}
			if failed != nil {
				return
			}
		}
	}()
	for line := range lines {
		batch := []string{line}
		for more := true; more && len(batch) < n; {
			select {
			case line, more = <-lines:
				if more {
					batch = append(batch, line)
				}
			default:
				more = false
			}
		}
		if err := f(batch); err != nil {
			return err
		}
	}
	return failed
}

// drawAttention draws where the model looked as it wrote each token, down, at each of the
// source, across: of all lines on a page, of the first one in a picture. (A PNG has letters
// of Latin, Greek and Cyrillic; other tokens are numbered.)
func drawAttention(path string, l lang.Lang, looked []translate.Translation) error {
	if format := pictureFormat(path); format != "html" {
		return replace(path, func(w io.Writer) error { return heatMap(looked[0].Heat()).Write(w, looked[0].Text, format) })
	}
	page := &chart.Page{Title: "Where the model looked", Subtitle: []string{"Each row is a token that was written, with its weights of the source's tokens."}, Footer: "Made by recur."}
	for _, t := range looked {
		page.Sections = append(page.Sections, chart.Section{Title: t.Text, Heat: heatMap(t.Heat())})
	}
	return replace(path, inLanguage(page, l).Write)
}

// pictureFormat is the ending of a file's name.
func pictureFormat(path string) string {
	return strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), ".")
}
