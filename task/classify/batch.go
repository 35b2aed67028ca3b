package classify

import "github.com/recur-go/recur/tensor"

// A batch is some items, time-major, padded to the longest.
type batch struct {
	ids     []int          // [steps*batch], -1 past the end
	cases   []int          // cases of words, laid out as ids
	ngrams  [][]int        // n-grams of 2, 3… tokens, laid out as ids; -1 where there is none
	x       *tensor.Tensor // [steps, batch, width]
	lengths []int
	want    []int          // [batch] or, with a label a step, [steps*batch]; negative for none
	holds   *tensor.Tensor // [batch, classes] of 0 and 1, with many labels
}

func (m *Model) batch(items []*item) batch {
	B, T := len(items), 1
	b := batch{lengths: make([]int, B)}
	for i, it := range items {
		b.lengths[i] = it.steps
		T = max(T, it.steps)
	}
	if m.Input == Text {
		m.batchText(&b, items, T)
	} else {
		b.x = tensor.New(T, B, m.input())
		for i, it := range items {
			m.scale.put(b.x, i, it, m.Gaps)
		}
	}
	switch m.Target {
	case One:
		b.want = make([]int, B)
		for i, it := range items {
			b.want[i] = noLabel
			if len(it.want) > 0 {
				b.want[i] = int(it.want[0])
			}
		}
	case Steps:
		b.want = filled(T * B)
		for i, it := range items {
			for t, id := range it.want {
				b.want[t*B+i] = int(id)
			}
		}
	case Many:
		b.holds = tensor.New(B, len(m.Classes))
		for i, it := range items {
			for _, id := range it.want {
				if id >= 0 {
					b.holds.Data[i*len(m.Classes)+int(id)] = 1
				}
			}
		}
	}
	return b
}

func (m *Model) batchText(b *batch, items []*item, T int) {
	B := len(items)
	b.ids = filled(T * B)
	for n := 2; n <= m.NGrams && m.NGramCount > 0; n++ {
		b.ngrams = append(b.ngrams, filled(T*B))
	}
	if m.cased() {
		b.cases = filled(T * B)
	}
	for i, it := range items {
		for t, c := range it.cases {
			b.cases[t*B+i] = int(c)
		}
		for t, id := range it.ids {
			b.ids[t*B+i] = int(id)
			for k := range b.ngrams {
				if n := k + 2; t+1 >= n {
					b.ngrams[k][t*B+i] = m.ngrams.id(it.ids[t+1-n : t+1])
				}
			}
		}
	}
}

// filled is n times -1.
func filled(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = -1
	}
	return s
}
