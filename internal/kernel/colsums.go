package kernel

import (
	"sync"

	"github.com/recur-go/recur/internal/par"
)

// ColSums does dst += Σ rows of A [m, n], in their order; they lie lda apart. Many
// are summed on several cores, each some columns.
func ColSums(m, n int, a []Float, lda int, dst []Float) {
	const worth, fewest = 1 << 17, 64 // elements of A, columns of a piece
	pieces := min(par.Cores(), n/fewest)
	if m*n < worth || pieces < 2 {
		colSums(m, a, lda, dst[:n])
		return
	}
	t := sumTasks.Get().(*sumTask)
	*t = sumTask{m, a, lda, dst[:n], pieces}
	par.Do(pieces, t)
	*t = sumTask{}
	sumTasks.Put(t)
}

func colSums(m int, a []Float, lda int, dst []Float) {
	for i := range m {
		addTo(dst, a[i*lda:i*lda+len(dst)])
	}
}

var sumTasks = sync.Pool{New: func() any { return new(sumTask) }}

// A sumTask is ColSums in pieces of columns.
type sumTask struct {
	m      int
	a      []Float
	lda    int
	dst    []Float
	pieces int
}

// Piece implements par.Task.
func (t *sumTask) Piece(i int) {
	const line = 16 // columns, so that no two cores write to one
	lines := (len(t.dst) + line - 1) / line
	lo, hi := i*lines/t.pieces*line, min((i+1)*lines/t.pieces*line, len(t.dst))
	colSums(t.m, t.a[lo:], t.lda, t.dst[lo:hi])
}
