package labelled

import (
	"strings"
)

// trees reads a tree a line, such as (3 (2 It) (4 (2 's) (4 good))): labels at the
// nodes, words at the leaves.
func (r *reader) trees(s *source) error {
	n := 0
	return s.endsWith(&n, s.rows(func(row int, line string) error {
		if strings.TrimSpace(line) == "" {
			return nil
		}
		nodes, words, at := parseTree(line)
		if nodes == nil {
			return s.wrong(row, "is not a tree: error at "+short(line[at:]), "a tree is a label and words or trees in brackets: (1 (0 not) (1 bad))")
		}
		n++
		for i, node := range nodes {
			if i > 0 && !r.Phrases {
				break
			}
			e := Example{File: s.name, Row: row, Tokens: words[node.lo:node.hi:node.hi], Labels: []string{node.label}, Part: i > 0}
			if err := r.add(e); err != nil {
				return err
			}
		}
		return nil
	}))
}

func short(s string) string {
	if r := []rune(s); len(r) > 20 {
		return string(r[:20]) + "…"
	}
	if s == "" {
		return "its end"
	}
	return s
}

// A node is a labelled phrase: words lo to hi.
type node struct {
	label  string
	lo, hi int
}

// parseTree gives the nodes of a tree, the whole first, and its words. If s is no tree
// there are no nodes, and at is where that shows.
func parseTree(s string) (nodes []node, words []string, at int) {
	var open []int // nodes whose bracket is not closed
	i := 0
	for i < len(s) {
		switch c := s[i]; {
		case c == ' ' || c == '\t':
			i++
		case c == '(':
			if len(nodes) > 0 && len(open) == 0 {
				return nil, nil, i
			}
			label := s[i+1:]
			if end := strings.IndexAny(label, " ()\t"); end >= 0 {
				label = label[:end]
			}
			if label == "" {
				return nil, nil, i
			}
			i += 1 + len(label)
			open = append(open, len(nodes))
			nodes = append(nodes, node{label, len(words), len(words)})
		case c == ')':
			if len(open) == 0 || nodes[open[len(open)-1]].lo == len(words) {
				return nil, nil, i
			}
			nodes[open[len(open)-1]].hi = len(words)
			open = open[:len(open)-1]
			i++
		default:
			if len(open) == 0 {
				return nil, nil, i
			}
			end := strings.IndexAny(s[i:], " ()\t")
			if end < 0 {
				return nil, nil, len(s)
			}
			words = append(words, s[i:i+end])
			i += end
		}
	}
	if len(open) > 0 || len(nodes) == 0 {
		return nil, nil, len(s)
	}
	return nodes, words, 0
}
