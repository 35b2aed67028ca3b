package onnx

import (
	"slices"
	"strings"
)

func init() { register("", version{"Einsum", 12, 1, many, 1, einsum}) }

// einsum is numpy's: letters name dimensions, those that the result lacks are summed
// over, and dots stand for what has no name.
func einsum(n *nodeDef) op {
	n.must("equation")
	equation := strings.ReplaceAll(n.text("equation", ""), " ", "")
	left, right, explicit := strings.Cut(equation, "->")
	terms := strings.Split(left, ",")
	if len(terms) != len(n.inputs) {
		fail("equation %q for %d inputs", equation, len(n.inputs))
	}
	for _, t := range append(slices.Clone(terms), right) {
		for _, r := range strings.Replace(t, "...", "", 1) {
			if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z') {
				fail("equation %q", equation)
			}
		}
	}
	if !explicit { // the letters that come once, in order
		var once []rune
		for _, r := range strings.Join(terms, "") {
			if r != '.' && strings.Count(left, string(r)) == 1 {
				once = append(once, r)
			}
		}
		slices.Sort(once)
		if strings.Contains(left, "...") {
			right = "..."
		}
		right += string(once)
	}
	return opFunc(func(c *call) {
		dots := 0
		for i, t := range terms {
			if strings.Contains(t, "...") {
				dots = max(dots, len(c.tensor(i).Shape)-len(t)+3)
			}
		}
		out := dotted(right, dots, dots)
		var acc *labelled
		for i, term := range terms {
			t := c.tensor(i)
			l := diagonal(t, dotted(term, len(t.Shape)-len(term)+3, dots))
			later := out
			for _, rest := range terms[i+1:] {
				later += dotted(rest, dots, dots)
			}
			if acc != nil {
				l = contract(acc, l, later)
			}
			acc = l.sumBut(later)
		}
		perm := make([]int, 0, len(out))
		for _, r := range out {
			k := strings.IndexRune(acc.labels, r)
			if k < 0 {
				fail("equation %q: nothing has %q", equation, r)
			}
			perm = append(perm, k)
		}
		c.set(0, transpose(acc.t, perm))
	})
}

// dotted writes the dots of a term as digits, the last n of most.
func dotted(term string, n, most int) string {
	if !strings.Contains(term, "...") {
		return term
	}
	if n < 0 || most > 10 {
		fail("%d dimensions for the dots of %q", n, term)
	}
	return strings.Replace(term, "...", "0123456789"[most-n:most], 1)
}

// A labelled is a tensor whose dimensions have different labels.
type labelled struct {
	t      *Tensor
	labels string
}

// diagonal reads dimensions of the same label together.
func diagonal(t *Tensor, labels string) *labelled {
	if len(labels) != len(t.Shape) {
		fail("%v is no %q", t.Shape, labels)
	}
	l := &labelled{}
	var shape, from []int
	own := stridesOf(t.Shape)
	for i, r := range labels {
		if k := strings.IndexRune(l.labels, r); k >= 0 {
			if shape[k] != t.Shape[i] {
				fail("%v has two sizes for %q", t.Shape, r)
			}
			from[k] += own[i]
			continue
		}
		l.labels += string(r)
		shape, from = append(shape, t.Shape[i]), append(from, own[i])
	}
	if len(shape) == len(t.Shape) {
		l.t = t
		return l
	}
	l.t = newTensor(t.DType, shape)
	copyStrided(l.t, 0, stridesOf(shape), t, 0, from, shape)
	return l
}

// sumBut sums over the dimensions that nobody wants later.
func (l *labelled) sumBut(later string) *labelled {
	var perm, shape []int
	kept, inner := "", 1
	for i, r := range l.labels {
		if strings.ContainsRune(later, r) {
			perm, shape, kept = append(perm, i), append(shape, l.t.Shape[i]), kept+string(r)
		}
	}
	if kept == l.labels {
		return l
	}
	for i, r := range l.labels {
		if !strings.ContainsRune(later, r) {
			perm = append(perm, i)
			inner *= l.t.Shape[i]
		}
	}
	return &labelled{reduced("ReduceSum", transpose(l.t, perm).view([]int{product(shape), inner}), shape), kept}
}

// contract multiplies a and b, and sums over what both have and nobody wants later,
// as a product of matrices for each of what both have and is wanted.
func contract(a, b *labelled, later string) *labelled {
	size := map[rune]int{}
	for _, l := range []*labelled{a, b} {
		for i, r := range l.labels {
			if d := l.t.Shape[i]; size[r] <= 1 {
				size[r] = d
			} else if d != size[r] && d != 1 {
				fail("%q is %d and %d", r, size[r], d)
			}
		}
	}
	var batch, both, onlyA, onlyB string
	for _, r := range a.labels {
		switch {
		case !strings.ContainsRune(b.labels, r):
			onlyA += string(r)
		case strings.ContainsRune(later, r):
			batch += string(r)
		default:
			both += string(r)
		}
	}
	for _, r := range b.labels {
		if !strings.ContainsRune(a.labels, r) {
			onlyB += string(r)
		}
	}
	count := func(labels string) int {
		n := 1
		for _, r := range labels {
			n *= size[r]
		}
		return n
	}
	x := a.arranged(batch+onlyA+both, size).view([]int{count(batch), count(onlyA), count(both)})
	y := b.arranged(batch+both+onlyB, size).view([]int{count(batch), count(both), count(onlyB)})
	labels := batch + onlyA + onlyB
	shape := make([]int, 0, len(labels))
	for _, r := range labels {
		shape = append(shape, size[r])
	}
	return &labelled{matmul(x, y).view(shape), labels}
}

// arranged is the tensor with its dimensions in the given order and of full size.
func (l *labelled) arranged(labels string, size map[rune]int) *Tensor {
	var perm, shape []int
	for _, r := range labels {
		perm, shape = append(perm, strings.IndexRune(l.labels, r)), append(shape, size[r])
	}
	return expand(transpose(l.t, perm), shape)
}
