package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/recur-go/recur/internal/columns"
)

// A flagGroup is flags under a title of their own in the help of a command.
type flagGroup struct {
	title string
	flags *pflag.FlagSet
}

// group is the annotation of a flag that names the group it is in.
const group = "group"

// The titles of groups. What is in none of the first two is in the last.
const (
	trainingGroup = "Flags for training:"
	usingGroup    = "Flags with --model:"
	flagsGroup    = "Flags:"
)

// putIn puts flags into the group of a title.
func putIn(title string, flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) { flags.SetAnnotation(f.Name, group, []string{title}) })
}

// groupsOf are the flags of a command by groups, those of all commands among the last.
func groupsOf(cmd *cobra.Command) []flagGroup {
	groups := []flagGroup{{title: trainingGroup}, {title: usingGroup}, {title: flagsGroup}}
	for i := range groups {
		groups[i].flags = pflag.NewFlagSet("", pflag.ContinueOnError)
	}
	add := func(f *pflag.Flag) {
		at := len(groups) - 1
		for i, g := range groups {
			if title := f.Annotations[group]; title != nil && title[0] == g.title {
				at = i
			}
		}
		groups[at].flags.AddFlag(f)
	}
	cmd.LocalFlags().VisitAll(add)
	cmd.InheritedFlags().VisitAll(add)
	return groups
}

// A helpText is the help of a command, in lines of so many columns.
type helpText struct {
	strings.Builder
	text    func(english string) string // is a text in the language of the help
	columns int
}

// helpOf is the help of a command in the language that text translates to.
func helpOf(cmd *cobra.Command, text func(english string) string, columns int) string {
	h := &helpText{text: text, columns: columns}
	h.prose(cmp.Or(cmd.Long, cmd.Short))
	h.usage(cmd)
	if cmd.HasExample() {
		h.title("Examples:")
		h.WriteString(cmd.Example + "\n")
	}
	h.commands(cmd)
	for _, g := range groupsOf(cmd) {
		h.flags(g)
	}
	if cmd.HasAvailableSubCommands() {
		h.WriteByte('\n')
		h.paragraph(fmt.Sprintf("Run \"%s COMMAND --help\" for the help of a command.", cmd.CommandPath()))
	}
	return h.String()
}

func (h *helpText) title(english string) { fmt.Fprintf(h, "\n%s\n", h.text(english)) }

func (h *helpText) usage(cmd *cobra.Command) {
	h.title("Usage:")
	if cmd.Runnable() && cmd.HasParent() {
		fmt.Fprintf(h, "  %s\n", strings.Replace(cmd.UseLine(), "[flags]", h.text("[flags]"), 1))
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(h, "  %s %s\n", cmd.CommandPath(), h.text("COMMAND [flags]"))
	}
}

func (h *helpText) commands(cmd *cobra.Command) {
	var rows [][2]string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() || c.Name() == "help" {
			rows = append(rows, [2]string{"  " + c.Name(), h.text(c.Short)})
		}
	}
	if rows != nil {
		h.title("Commands:")
		h.rows(rows)
	}
}

func (h *helpText) flags(g flagGroup) {
	var rows [][2]string
	g.flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name := "      --" + f.Name
		if f.Shorthand != "" {
			name = "  -" + f.Shorthand + ", --" + f.Name
		}
		what, usage := h.flag(f)
		rows = append(rows, [2]string{strings.TrimRight(name+" "+what, " "), usage})
	})
	if rows != nil {
		h.title(g.title)
		h.rows(rows)
	}
}

// flag is what a flag takes, and its usage with the default.
func (h *helpText) flag(f *pflag.Flag) (what, usage string) {
	translated := *f
	translated.Usage = h.text(f.Usage)
	switch what, usage = pflag.UnquoteUsage(&translated); what {
	case "int", "uint":
		what = h.text("int")
	case "float":
		what = h.text("float")
	}
	switch def := strings.Trim(f.DefValue, "[]"); {
	case def == "" || def == "0" || def == "false" || strings.Contains(f.Usage, "(default"):
	default:
		usage += " " + h.text(fmt.Sprintf("(default %s)", def))
	}
	return what, usage
}

// rows are names, each with a text beside it.
func (h *helpText) rows(rows [][2]string) {
	widest := 0
	for _, r := range rows {
		widest = max(widest, columns.Width(r[0]))
	}
	for _, r := range rows {
		h.beside(columns.Pad(r[0], widest)+"  ", r[1])
	}
}

// beside writes a text behind what stands left of it, and its further lines below.
func (h *helpText) beside(left, text string) {
	indent := strings.Repeat(" ", columns.Width(left))
	for i, line := range columns.Wrap(text, max(20, h.columns-len(indent))) {
		if i > 0 {
			left = indent
		}
		h.WriteString(left + line + "\n")
	}
}

// paragraph writes a text in lines.
func (h *helpText) paragraph(text string) {
	h.beside("", h.text(strings.Join(strings.Fields(text), " ")))
}

// termLine is a line of a list in a text: a name, and behind two blanks or more what it means.
var termLine = regexp.MustCompile(`^(  \S+(?:,? \S+)*  +)(\S.*)$`)

// prose writes the blocks of a text, which empty lines separate: paragraphs, and what is
// indented, which is a list of terms or stays as it is.
func (h *helpText) prose(text string) {
	for i, block := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			h.WriteByte('\n')
		}
		switch {
		case !strings.HasPrefix(block, " "):
			h.paragraph(block)
		case termLine.MatchString(strings.SplitN(block, "\n", 2)[0]):
			for _, item := range terms(block) {
				h.beside(item[0], h.text(item[1]))
			}
		default:
			h.WriteString(block + "\n")
		}
	}
}

// terms are the items of a list. A line that is indented like the meaning above goes on with it.
func terms(block string) (items [][2]string) {
	for _, line := range strings.Split(block, "\n") {
		if m := termLine.FindStringSubmatch(line); m != nil {
			items = append(items, [2]string{m[1], m[2]})
		} else if n := len(items); n > 0 {
			items[n-1][1] += " " + strings.TrimSpace(line)
		}
	}
	return items
}

// helpColumns is how wide help is: as the terminal, unless its lines were too long to read.
func helpColumns(w io.Writer) int {
	const usual, most = 80, 100
	if f, ok := w.(*os.File); ok {
		if cols, _, ok := size(f); ok {
			return min(max(cols-1, 40), most)
		}
	}
	return usual
}
