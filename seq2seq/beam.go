package seq2seq

import (
	"cmp"
	"math"
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
)

// Beam is how Beam searches. Hypotheses are ranked as Wu et al. 2016 (GNMT) do:
//
//	score = log P / lp + cp
//	lp = ((5 + n) / 6)^LengthPenalty                 n tokens, End included
//	cp = CoveragePenalty · Σ_i log min(Σ_t a_ti, 1)  a_ti: weight of step i of the memory as token t was chosen
//
// cp is for an Attender alone, and ranks the hypotheses that are left at the end: among
// beginnings it would favour those that look everywhere at once. TensorFlow's
// BeamSearchDecoder does the same, but has cp as soon as a hypothesis has ended, and
// leaves End out of n; with it among them a beam of 1 is Greedy.
type Beam struct {
	Width           int     // hypotheses that are kept at each step; 0 for 5
	N               int     // hypotheses that are returned, at most Width; 0 for 1
	LengthPenalty   float64 // exponent of the length penalty; 0 for none, 0.6 to 1 is usual
	CoveragePenalty float64 // weight of the coverage penalty; 0 for none, 0.2 is usual
}

// Beam gives the best hypotheses of each row of at most limit tokens, best first. s
// and g are as in Greedy.
//
// A step follows each hypothesis by every token and keeps the Width best; those that
// have ended stay in the contest. A row is done when its N best have ended and none of
// the others can overtake them; with Coverage, when all have ended.
func (d *Decoder) Beam(g *grad.Tape, s rnn.State, limit int, b Beam) [][]Hypothesis {
	if b.Width <= 0 {
		b.Width = 5
	}
	b.N = min(max(b.N, 1), b.Width)
	w := newWalk(d, g, s)
	rows := make([][]*node, s[0].Dim(0)) // the hypotheses of each, best first
	for i := range rows {
		rows[i] = []*node{{token: d.Start, row: i}}
	}
	for range limit {
		var from, of, ids []int
		for i, nodes := range rows {
			if b.done(nodes, limit) {
				continue
			}
			for _, n := range nodes {
				if !n.ended {
					from, of, ids = append(from, n.row), append(of, i), append(ids, n.token)
				}
			}
		}
		if len(ids) == 0 {
			break
		}
		scores, weights := w.step(from, of, ids)
		next := make([][]*node, len(rows))
		copy(next, rows)
		for lo := 0; lo < len(of); {
			row, hi := of[lo], lo
			for hi < len(of) && of[hi] == row {
				hi++
			}
			var attended [][]grad.Float
			if weights != nil {
				attended = weights[lo:hi]
			}
			next[row] = b.extend(d, rows[row], scores[lo:hi], attended, lo)
			lo = hi
		}
		rows = next
	}
	all := make([][]Hypothesis, len(rows))
	for i, nodes := range rows {
		b.rank(nodes)
		for _, n := range nodes[:min(b.N, len(nodes))] {
			all[i] = append(all[i], n.hypothesis())
		}
	}
	return all
}

// A node is the last token of a hypothesis, which goes on to its beginning by parent.
type node struct {
	parent  *node
	token   int
	n       int // tokens so far
	ended   bool
	logProb float64
	score   float64
	weights []grad.Float // weights of an Attender as token was chosen
	covered []float64    // sum of weights so far, if coverage counts
	row     int          // row of the state that gave it
}

// extend gives the best hypotheses after a step from nodes. scores and weights are those
// of the nodes that have not ended, whose states lie from row at on.
func (b Beam) extend(d *Decoder, nodes []*node, scores, weights [][]grad.Float, at int) []*node {
	top := make(best, 0, b.Width)
	live := 0
	for _, n := range nodes {
		if n.ended {
			top.offer(follower{node: n, score: n.score})
			continue
		}
		f := follower{node: n, penalty: b.lengthPenalty(n.n + 1), row: at + live}
		x := scores[live]
		if weights != nil {
			f.weights = weights[live]
		}
		live++
		logZ := logSumExp(x)
		bar := top.bar(f.penalty, n.logProb-logZ)
		for id, v := range x {
			if !(float64(v) >= bar) || slices.Contains(d.Never, id) {
				continue
			}
			f.token, f.ends = id, id == d.End
			f.logProb = n.logProb + float64(v) - logZ
			f.score = f.logProb / f.penalty
			if top.offer(f) {
				bar = top.bar(f.penalty, n.logProb-logZ)
			}
		}
	}
	if len(top) == 0 { // scores that are no numbers: nothing can follow
		return nodes
	}
	next := make([]*node, len(top))
	for i, f := range top {
		next[i] = f.follow()
		if b.CoveragePenalty != 0 && next[i] != f.node {
			next[i].cover()
		}
	}
	return next
}

// done reports whether no hypothesis can still come among the N best: probabilities only
// fall, and the length penalty helps at most as it does at the limit.
func (b Beam) done(nodes []*node, limit int) bool {
	bar := math.Inf(-1)
	for i, n := range nodes {
		switch {
		case !n.ended && b.CoveragePenalty != 0:
			return false
		case !n.ended && i < b.N:
			return false
		case i < b.N:
			bar = n.score
		case !n.ended && n.logProb/max(b.lengthPenalty(n.n), b.lengthPenalty(limit)) > bar:
			return false
		}
	}
	return len(nodes) >= b.N
}

func (b Beam) lengthPenalty(n int) float64 {
	return math.Pow((5+float64(n))/6, b.LengthPenalty)
}

// rank puts the hypotheses in order with cp.
func (b Beam) rank(nodes []*node) {
	if b.CoveragePenalty == 0 {
		return
	}
	for _, n := range nodes {
		n.score += b.coveragePenalty(n.covered)
	}
	slices.SortStableFunc(nodes, func(m, n *node) int { return cmp.Compare(n.score, m.score) })
}

// coveragePenalty is cp of a hypothesis. What nothing attended to counts as covered to a
// millionth.
func (b Beam) coveragePenalty(covered []float64) float64 {
	sum := 0.0
	for _, a := range covered {
		sum += math.Log(min(max(a, 1e-6), 1))
	}
	return b.CoveragePenalty * sum
}

// A follower is what a hypothesis may become: itself if it has ended, else with a token
// more.
type follower struct {
	node           *node
	token, row     int
	ends           bool
	penalty        float64
	logProb, score float64
	weights        []grad.Float
}

func (f follower) follow() *node {
	p := f.node
	if p.ended {
		return p
	}
	return &node{parent: p, token: f.token, n: p.n + 1, ended: f.ends, logProb: f.logProb, score: f.score, weights: f.weights, row: f.row}
}

// cover adds up the weights.
func (n *node) cover() {
	for i, a := range n.weights {
		n.covered = append(n.covered, float64(a))
		if n.parent.covered != nil {
			n.covered[i] += n.parent.covered[i]
		}
	}
}

// best are the best followers, of those equal the ones offered first. Its capacity is
// how many are kept.
type best []follower

// offer takes f if it is good enough.
func (t *best) offer(f follower) bool {
	s := *t
	if !(f.score > math.Inf(-1)) || len(s) == cap(s) && f.score <= s[len(s)-1].score {
		return false
	}
	at, _ := slices.BinarySearchFunc(s, f.score, func(g follower, score float64) int {
		return cmp.Or(cmp.Compare(score, g.score), -1) // after its equals
	})
	if len(s) < cap(s) {
		s = append(s, f)
	}
	copy(s[at+1:], s[at:])
	s[at] = f
	*t = s
	return true
}

// bar is the score of a token that may be good enough, after a hypothesis of the given
// logarithm: a little low, for rounding.
func (t best) bar(penalty, logProb float64) float64 {
	if len(t) < cap(t) {
		return math.Inf(-1)
	}
	bar := t[len(t)-1].score*penalty - logProb
	return bar - 1e-9*math.Abs(bar) - 1e-9
}

func (n *node) hypothesis() Hypothesis {
	h := Hypothesis{Ended: n.ended, LogProb: n.logProb, Score: n.score}
	for p := n; p.parent != nil; p = p.parent {
		if !p.ended {
			h.Tokens = append(h.Tokens, p.token)
		}
		if p.weights != nil {
			h.Weights = append(h.Weights, p.weights)
		}
	}
	slices.Reverse(h.Tokens)
	slices.Reverse(h.Weights)
	return h
}
