package grad

// A pool hands out pieces of T and takes them all back at once. Blocks grow
// geometrically, so that a step of any size settles into a few of them, and the
// same sequence of requests gets the same memory after each reset.
type pool[T any] struct {
	blocks [][]T
	cur    int // block in use
	off    int // first free element of it
}

const (
	firstBlock   = 256
	largestBlock = 1 << 24
)

// take returns n elements with whatever they held before.
func (p *pool[T]) take(n int) []T {
	for ; p.cur < len(p.blocks); p.cur, p.off = p.cur+1, 0 {
		if b := p.blocks[p.cur]; p.off+n <= len(b) {
			s := b[p.off : p.off+n : p.off+n]
			p.off += n
			return s
		}
	}
	size := firstBlock
	if k := len(p.blocks); k > 0 {
		size = min(2*len(p.blocks[k-1]), largestBlock)
	}
	b := make([]T, max(n, size))
	p.blocks = append(p.blocks, b)
	p.off = n
	return b[:n:n]
}

func (p *pool[T]) reset() { p.cur, p.off = 0, 0 }

// capacity is the number of elements held.
func (p *pool[T]) capacity() (n int) {
	for _, b := range p.blocks {
		n += len(b)
	}
	return n
}
