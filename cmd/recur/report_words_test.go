package main

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/internal/lang"
)

// reportFields are the fields of reports that hold words.
var reportFields = strings.Fields("Title Subtitle Note Head XLabel YLabel Footer Corner Meaning Notes Text Name")

// reportTypes are the types whose fields those are. Sources name them with their package or
// without.
var reportTypes = strings.Fields("Page Section Table Figure FigureLine Heat Term Words Chart Line Area Part")

// A wordSource collects the texts of reports in sources.
type wordSource struct {
	words    map[string]token.Position // texts of fields, with verbs for values
	formats  map[string]token.Position // of lang.Sprintf and lang.Text
	literals map[string]bool           // all strings, by sentences
}

// sourceWords are the texts in the sources of the program.
func sourceWords(t *testing.T) *wordSource {
	s := &wordSource{map[string]token.Position{}, map[string]token.Position{}, map[string]bool{}}
	for _, dir := range []string{".", "../../task", "../../internal/chart", "../../data"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, path, nil, 0)
			if err == nil {
				s.read(set, file)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *wordSource) read(set *token.FileSet, file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CompositeLit:
			if !slices.Contains(reportTypes, typeName(n.Type)) {
				break
			}
			for _, e := range n.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok {
					if key, ok := kv.Key.(*ast.Ident); ok && slices.Contains(reportFields, key.Name) {
						s.field(set, kv.Value)
					}
				}
			}
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				if sel, ok := left.(*ast.SelectorExpr); ok && i < len(n.Rhs) && slices.Contains(reportFields, sel.Sel.Name) && sel.Sel.Name != "Name" && sel.Sel.Name != "Text" {
					s.field(set, n.Rhs[i])
				}
			}
		case *ast.CallExpr:
			sel, ok := n.Fun.(*ast.SelectorExpr)
			if !ok || len(n.Args) == 0 || sel.Sel.Name != "Sprintf" && sel.Sel.Name != "Text" {
				break
			}
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == "fmt" {
				break
			}
			if lit, ok := n.Args[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
				s.formats[unquoted(lit)] = set.Position(n.Pos())
			}
		case *ast.BasicLit:
			if n.Kind == token.STRING {
				s.literals[unquoted(n)] = true
			}
		case *ast.BinaryExpr:
			if text := joined(n); text != "" {
				s.literals[text] = true
			}
		}
		return true
	})
}

// field takes the texts of the value of a field.
func (s *wordSource) field(set *token.FileSet, value ast.Expr) {
	switch v := value.(type) {
	case *ast.CompositeLit: // of strings
		for _, e := range v.Elts {
			s.field(set, e)
		}
	case *ast.CallExpr:
		if sel, ok := v.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Sprintf" {
			s.field(set, v.Args[0])
		} else if ok && (sel.Sel.Name == "Or" || sel.Sel.Name == "TrimSpace") {
			for _, a := range v.Args {
				s.field(set, a)
			}
		}
	default:
		if text := joined(value); text != "" {
			s.words[text] = set.Position(value.Pos())
		}
	}
}

// joined is a string, or several with + between them and %s for what is no literal; empty if
// there is no letter in it.
func joined(e ast.Expr) string {
	text := ""
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return ""
		}
		text = unquoted(e)
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return ""
		}
		for _, side := range []ast.Expr{e.X, e.Y} {
			if part := joined(side); part != "" {
				text += part
			} else if lit, ok := side.(*ast.BasicLit); ok {
				text += unquoted(lit)
			} else {
				text += "%s"
			}
		}
	}
	if !regexp.MustCompile(`[A-Za-z]`).MatchString(strings.ReplaceAll(text, "%s", "")) {
		return ""
	}
	return text
}

func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func unquoted(lit *ast.BasicLit) string {
	return constant.StringVal(constant.MakeFromLiteral(lit.Value, token.STRING, 0))
}

// An example of a text has values for its verbs.
func exampleOf(format string) string {
	verb := regexp.MustCompile(`%%|%(?:\[\d+\])?[-+#0]?\d*(?:\.\d+)?([dsqvgf])`)
	n := 0
	return verb.ReplaceAllStringFunc(format, func(v string) string {
		n++
		switch v[len(v)-1] {
		case '%':
			return "%"
		case 'd', 'g', 'f':
			return strconv.Itoa(10 + n)
		}
		return "value" + strconv.Itoa(n)
	})
}

// names of models, metrics and the like stay as they are in all languages.
var sameInAll = append(strings.Fields("MASE sMAPE RMSSE WAPE MSIS CRPS F1 chrF BLEU en %s."), "recur %s: %s")

func TestReportWordsAreTranslated(t *testing.T) {
	s := sourceWords(t)
	for text, at := range s.words {
		text = strings.NewReplacer(".\n", ". ", ". %s", ".").Replace(strings.TrimSpace(text))
		for _, sentence := range lang.Sentences(text) {
			if lang.Korean.Key(exampleOf(sentence)) == "" && !slices.Contains(sameInAll, sentence) {
				t.Errorf("%s: ko.po lacks %q", at, sentence)
			}
		}
	}
	keys := lang.Korean.Keys()
	for format, at := range s.formats {
		if !slices.Contains(keys, format) {
			t.Errorf("%s: ko.po lacks %q", at, format)
		}
	}
}

// Each entry of the catalogue is a text of the program: one of its help, or one whose longest
// part is in a string of the sources, but for the words that a number before it sets.
func TestNoEntryIsUnused(t *testing.T) {
	used := map[string]bool{}
	allHelp(func(_ *cobra.Command, _ string, asked []string) {
		for _, text := range asked {
			used[lang.Korean.Key(text)] = true
		}
	})
	var literals []string
	for text := range sourceWords(t).literals {
		literals = append(literals, strings.TrimRight(strings.ReplaceAll(text, "%%", "%"), "\n"))
	}
	apart := regexp.MustCompile(`%%|%(?:\[\d+\])?[-+#0]?\d*(?:\.\d+)?[dsqvgf]|\b1 [a-z]+|[.;:,]`)
	shown := func(part string) bool {
		return slices.ContainsFunc(literals, func(text string) bool { return strings.Contains(text, part) })
	}
	for _, key := range lang.Korean.Keys() {
		longest, found := "", used[key] || slices.Contains(literals, key)
		if one, ok := strings.CutPrefix(key, "1 "); ok { // of what is counted
			found = found || slices.Contains(literals, strings.TrimSuffix(one, "."))
		}
		for _, part := range apart.Split(key, -1) {
			if part = strings.TrimSpace(part); len(part) > len(longest) {
				longest = part
			}
			found = found || len(strings.Fields(part)) > 2 && shown(part)
		}
		for range 4 { // as it is, or behind "2 values are" and the like
			found = found || len(longest) > 3 && shown(longest)
			_, longest, _ = strings.Cut(longest, " ")
		}
		if !found {
			t.Errorf("ko.po: nothing shows %q", key)
		}
	}
}
