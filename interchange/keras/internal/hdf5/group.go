package hdf5

import (
	"slices"
	"strings"

	"github.com/recur-go/recur/internal/format"
)

// A Group is a folder of a file.
type Group struct {
	Path string // "/" for the root
	file *File
	obj  *object
	link map[string]target
}

// A target is where a link leads.
type target struct {
	addr uint64
	soft bool // a link by name, in this file or in another
}

// Root is the group that holds all others.
func (f *File) Root() (g *Group, err error) {
	defer format.Catch(&err, "/")
	return f.group(f.root, "/"), nil
}

func (f *File) group(addr uint64, path string) *Group {
	g := &Group{Path: path, file: f, obj: f.object(addr, path), link: map[string]target{}}
	switch {
	case g.symbols():
	case g.links():
	default:
		corrupt(f.at(addr, 0), "it is no group")
	}
	return g
}

// names lists what the group holds, sorted.
func (g *Group) names() []string {
	names := make([]string, 0, len(g.link))
	for name := range g.link {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Has reports whether the group holds something called name.
func (g *Group) Has(name string) bool { _, ok := g.link[name]; return ok }

// Group opens the group at a path below g, such as layers/lstm/cell.
func (g *Group) Group(path string) (_ *Group, err error) {
	for name := range strings.SplitSeq(path, "/") {
		if g, err = g.step(name); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func (g *Group) step(name string) (_ *Group, err error) {
	t, path, err := g.target(name)
	if err != nil {
		return nil, err
	}
	defer format.Catch(&err, path)
	return g.file.group(t.addr, path), nil
}

// child reads the header of the object called name.
func (g *Group) child(name string) (o *object, err error) {
	t, path, err := g.target(name)
	if err != nil {
		return nil, err
	}
	defer format.Catch(&err, path)
	return g.file.object(t.addr, path), nil
}

// Walk visits all arrays in the group and in the groups below it, by name. Links by
// name are passed over.
func (g *Group) Walk(visit func(*Dataset) error) error {
	return g.walk(map[uint64]bool{}, visit)
}

func (g *Group) walk(above map[uint64]bool, visit func(*Dataset) error) error {
	for _, name := range g.names() {
		t := g.link[name]
		if t.soft {
			continue
		}
		if above[t.addr] {
			return bad("%q leads to a group that it is in", name).In(g.Path)
		}
		o, err := g.child(name)
		if err != nil {
			return err
		}
		if o.isGroup() {
			below, err := g.step(name)
			if err != nil {
				return err
			}
			above[t.addr] = true
			if err := below.walk(above, visit); err != nil {
				return err
			}
			delete(above, t.addr)
			continue
		}
		d, err := g.Dataset(name)
		if err != nil {
			return err
		}
		if err := visit(d); err != nil {
			return err
		}
	}
	return nil
}

func (o *object) isGroup() bool {
	for _, kind := range []int{msgSymbolTable, msgLinkInfo, msgLink} {
		if _, ok := o.find(kind); ok {
			return true
		}
	}
	return false
}

// maxDepth is how deep groups may lie in each other.
const maxDepth = 64

func (g *Group) target(name string) (target, string, error) {
	path := strings.TrimSuffix(g.Path, "/") + "/" + name
	t, ok := g.link[name]
	switch {
	case !ok:
		return t, path, bad("it is not in the file").In(path)
	case t.soft:
		return t, path, bad("it is a soft or external link, which is not followed").In(path).WithHint("write the file again with the values in it")
	case strings.Count(path, "/") > maxDepth:
		return t, path, bad("groups are nested too deeply").In(g.Path)
	}
	return t, path, nil
}

// symbols reads the links of a group of the old form: a B-tree of tables of symbols,
// whose names are in a heap. It reports whether the group has that form.
func (g *Group) symbols() bool {
	c, ok := g.obj.find(msgSymbolTable)
	if !ok {
		return false
	}
	f := g.file
	tree, heap := c.offset(), c.offset()
	h := f.block(heap, uint64(8+2*f.sizeL+f.sizeO))
	h.magic("HEAP", 0)
	h.skip(3)
	size := h.length()
	h.length() // free list
	names := f.block(h.offset(), size)
	f.tree(tree, groupTree, 0, func(_, child *cursor) {
		t := f.block(child.offset(), 8)
		t.magic("SNOD", 1)
		t.skip(1)
		n := t.u16()
		width := 2*f.sizeO + 24
		t = f.cursor(t.pos, n*width)
		for range n {
			e := t.sub(width)
			at, addr := e.offset(), e.offset()
			const softLink = 2
			g.enter(e.pos, nul(names, at), target{addr, e.u32() == softLink})
		}
	})
	return true
}

// nul is the string that begins at byte at of the heap.
func nul(heap *cursor, at uint64) string {
	if at >= uint64(len(heap.b)) {
		corrupt(heap.pos, "a name at byte %d of a heap of %d", at, len(heap.b))
	}
	b := heap.b[at:]
	end := slices.Index(b, 0)
	if end < 0 {
		corrupt(heap.pos, "a name in the heap has no end")
	}
	return string(b[:end])
}

// links reads the links of a group of the new form: messages of its header, or when
// there are many, records in a heap, which a B-tree finds.
func (g *Group) links() bool {
	f, found := g.file, false
	for _, m := range g.obj.messages {
		switch c := *m.cursor; m.kind {
		case msgLink:
			g.linkMessage(&c)
			found = true
		case msgLinkInfo:
			found = true
			heap, index := f.heapInfo(&c, 8)
			if heap == undefined {
				continue
			}
			h := f.fractalHeap(heap)
			f.tree2(index, treeOfLinks, func(r *cursor) {
				r.skip(4) // hash of the name
				g.linkMessage(h.get(r.bytes(h.idSize)))
			})
		}
	}
	return found
}

// heapInfo reads a message with the places of a heap and of the B-tree of its names.
// The order of creation is counted in so many bytes.
func (f *File) heapInfo(c *cursor, order int) (heap, index uint64) {
	pos := c.pos
	if v := c.u8(); v != 0 {
		corrupt(pos, "version %d of a message about heaps is unknown", v)
	}
	if flags := c.u8(); flags&1 != 0 {
		c.skip(order)
	}
	return c.offset(), c.offset()
}

func (g *Group) linkMessage(c *cursor) {
	pos := c.pos
	if v := c.u8(); v != 1 {
		corrupt(pos, "link message version %d is unknown", v)
	}
	flags := c.u8()
	kind := 0
	if flags&0x08 != 0 {
		kind = c.u8()
	}
	if flags&0x04 != 0 {
		c.skip(8) // order of creation
	}
	if flags&0x10 != 0 {
		c.skip(1) // character set
	}
	n := c.uint(1 << (flags & 3))
	if n > uint64(len(c.b)) {
		corrupt(c.pos, "a name of %d bytes in a message with %d left", n, len(c.b))
	}
	name := string(c.bytes(int(n)))
	t := target{addr: undefined, soft: kind != 0}
	if !t.soft {
		t.addr = c.offset()
	}
	g.enter(pos, name, t)
}

func (g *Group) enter(pos int64, name string, t target) {
	if _, twice := g.link[name]; twice {
		corrupt(pos, "%q is in the group twice", name)
	}
	if name == "" || strings.Contains(name, "/") {
		corrupt(pos, "%q cannot be a name in a group", name)
	}
	g.link[name] = t
}
