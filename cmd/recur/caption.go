package main

import (
	"bufio"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/caption"
)

// captionFlags are those of recur caption beside the ones of all tasks.
type captionFlags struct {
	*taskCommand
	folder   string
	meanings []string
	language string
	beam     seq2seq.Beam
	sample   bool
	draw     seq2seq.Sampling
}

func init() { addTask(newCaption) }

func newCaption() *taskCommand {
	c := newTaskCommand(caption.Name, caption.Presets(), "`file` of a trained model to describe with")
	c.training.Lookup("preset").Usage = "`preset` to start from: " + strings.Join(caption.Presets(), ", ") + " (default by the data)"
	f := &captionFlags{taskCommand: c}
	c.help = cobra.Command{
		Use:   "caption [FILE...]",
		Short: "Describe images, vectors and meanings in words",
		Long: `Train a model that puts vectors into words, and score it on examples it has not seen.
FILE is a table with a sentence in each row and beside it a meaning, such as
inform(name='red door cafe';kidsallowed=yes) or name[The Vaults], eatType[pub], or
numbers; JSON of RNNLG; or an array of features (.npy, .safetensors, IDX images),
followed by a .txt file with a line of sentences for each example.

Without FILE, the model learns to read strips of handwritten digits aloud, in English
and Korean, from 3,000 digits that ship with recur, or from all of MNIST with --data.

With --model, describe new files, or meanings from --meaning or stdin. A model of strips
also reads PNG pictures.`,
		Example: `  recur caption
  recur caption --data mnist
  recur caption train.json --valid valid.json --test test.json --preset rnnlg
  recur caption features.npy captions.txt --preset attention
  recur caption --model m.safetensors --meaning "inform(name='red door cafe';area=soma)" -n 3
  recur caption --model m.safetensors strip.png --language ko
  recur eval m.safetensors mnist-sample.test`,
	}
	flags := c.training
	flags.StringVar(&f.folder, "data", "", "`folder` with the four files of MNIST to learn strips from")
	flags = c.using
	flags.StringArrayVar(&f.meanings, "meaning", nil, "`meaning` to put into words; may be repeated")
	flags.StringVar(&f.language, "language", "", "`language` of the sentences, if the model has several (default all)")
	flags.IntVarP(&f.beam.N, "number", "n", 1, "sentences for each example, best first")
	flags.IntVar(&f.beam.Width, "beam", 0, "width of the beam search; 1 is greedy (default as trained)")
	flags.Float64Var(&f.beam.LengthPenalty, "length-penalty", 0, "exponent of the length penalty (default as trained)")
	flags.BoolVar(&f.sample, "sample", false, "sample the sentences instead of searching")
	flags.Float64Var(&f.draw.Temperature, "temperature", 1, "temperature of --sample: low is safe, high is wild")
	flags.IntVar(&f.draw.TopK, "top-k", 0, "with --sample, sample from the `K` most likely words (default all)")
	flags.Float64Var(&f.draw.TopP, "top-p", 0, "with --sample, sample from the most likely words with total probability `P` (default all)")
	c.data = f.files
	c.use = f.caption
	return c
}

// files are the files to train on: those of the demo if none are named.
func (f *captionFlags) files(cmd *cobra.Command, files []string) (d task.Data, err error) {
	if len(files) == 0 {
		return f.digits()
	}
	if f.folder != "" {
		return d, usage("--data is for training without FILEs: leave out one of them")
	}
	if f.preset == "" {
		_, cfg, err := f.config(cmd)
		if err != nil {
			return d, err
		}
		if f.preset, err = caption.PresetFor(cfg.(*caption.Config).ColumnNames, files...); err != nil {
			return d, err
		}
	}
	return task.Data{Train: files}, nil
}

// digits are the files of the demo.
func (f *captionFlags) digits() (d task.Data, err error) {
	if len(f.valid) > 0 || len(f.test) > 0 {
		return d, usage("caption takes a FILE to train on")
	}
	if f.folder == "" {
		d = task.Data{Train: []string{caption.SampleTrain}, Test: []string{caption.SampleTest}}
	} else {
		for _, part := range []struct {
			to   *[]string
			name string
		}{{&d.Train, "train"}, {&d.Test, "t10k"}} {
			for _, kind := range []string{"images-idx3-ubyte.gz", "labels-idx1-ubyte.gz"} {
				*part.to = append(*part.to, filepath.Join(f.folder, part.name+"-"+kind))
			}
		}
	}
	if f.preset == "" {
		if f.preset = "strips"; f.folder == "" {
			f.preset = "strips-small"
		}
	}
	f.base = "caption-strips"
	return d, nil
}

// caption puts files and meanings into words.
func (f *captionFlags) caption(cmd *cobra.Command, files []string) error {
	m, err := caption.Load(f.model)
	if err != nil {
		return err
	}
	if len(files) == 0 && len(f.meanings) == 0 {
		awaitInput(cmd)
	}
	examples, err := f.examples(m, cmd.InOrStdin(), files)
	if err != nil {
		return err
	}
	if f.beam.N < 1 || f.beam.N > 1000 {
		return usage("-n is %d, want 1 to 1000", f.beam.N)
	}
	if f.beam.Width < 0 || f.beam.Width > 1000 {
		return usage("--beam is %d, want 1 to 1000", f.beam.Width)
	}
	if cmd.Flags().Changed("beam") && !cmd.Flags().Changed("length-penalty") {
		f.beam.LengthPenalty = m.LengthPenalty
	}
	if !(f.beam.LengthPenalty >= 0) {
		return usage("--length-penalty is %v, want at least 0", f.beam.LengthPenalty)
	}
	how := seq2seq.Decoding{Beam: f.beam}
	if f.sample {
		if err := checkDraw(&f.draw); err != nil {
			return err
		}
		f.draw.Seed = f.seed
		how.Sampling = &f.draw
	}
	found, err := m.Caption(cmd.Context(), examples, how)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(cmd.OutOrStdout())
	enc := newEncoder(out)
	for i, captions := range found {
		e := examples[i]
		if f.json {
			err = enc.Encode(struct {
				Meaning  *caption.Meaning  `json:"meaning,omitempty"`
				File     string            `json:"file,omitempty"`
				Row      int               `json:"row,omitempty"`
				Language string            `json:"language,omitempty"`
				Captions []caption.Caption `json:"captions"`
			}{e.Meaning, e.File, e.Row, e.Language, captions})
			if err != nil {
				return err
			}
			continue
		}
		for _, c := range captions {
			if f.beam.N > 1 {
				fmt.Fprintf(out, "%d\t%.3f\t", i+1, c.Score)
			}
			fmt.Fprintln(out, c.Text)
		}
	}
	return out.Flush()
}

// examples are those of files, of --meaning, and where there are neither of standard input.
func (f *captionFlags) examples(m *caption.Model, stdin io.Reader, files []string) (all []caption.Example, err error) {
	if len(files) > 0 {
		if all, err = m.ReadFiles(files...); err != nil {
			return nil, err
		}
	}
	lines := f.meanings
	if len(files) == 0 && len(f.meanings) == 0 {
		s := bufio.NewScanner(io.LimitReader(stdin, 1<<26))
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			if strings.TrimSpace(s.Text()) != "" {
				lines = append(lines, s.Text())
			}
		}
		if err := s.Err(); err != nil {
			return nil, err
		}
		if len(lines) == 0 {
			return nil, usage("there is nothing to caption: give a FILE, --meaning, or meanings on standard input")
		}
	}
	for i, s := range lines {
		m, err := caption.ParseMeaning(s)
		if err != nil {
			return nil, usage("line %d: %v", i+1, err)
		}
		all = append(all, caption.Example{Meaning: m})
	}
	if all, err = m.In(f.language, all); err != nil {
		return nil, usage("%v", err)
	}
	return all, nil
}
