package data

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
)

// IDXMagic is what IDX files of unsigned bytes begin with.
const IDXMagic = "\x00\x00\x08"

// An IDX is an array of bytes in the format of the MNIST files: images [n, rows,
// columns] or labels [n].
type IDX struct {
	Dims []int
	Data []byte
}

// ReadIDX reads an IDX file of unsigned bytes, which may be packed by gzip. limit
// is the most bytes of data to accept; 0 means 1 GiB. What is wrong with it is an Error,
// with the name of r if that is a *File; what fails to be read for another reason keeps its
// error.
func ReadIDX(r io.Reader, limit int64) (*IDX, error) {
	if limit <= 0 {
		limit = 1 << 30
	}
	in, ok := r.(*File)
	if !ok {
		var err error
		if in, err = NewFile(r, ""); err != nil {
			return nil, err
		}
	}
	fail := func(format string, args ...any) error {
		return &Error{File: in.Name, Reason: fmt.Sprintf(format, args...), Hint: "download it again"}
	}
	short := func(what string, err error) error {
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return fail("%s cut short: %v", what, err)
		}
		return in.Failed(0, err)
	}
	var head [4]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return nil, short("the header is", err)
	}
	if head[0] != 0 || head[1] != 0 || head[2] != 8 || head[3] == 0 || head[3] > 4 {
		return nil, fail("the header % x is not that of an array of unsigned bytes of 1 to 4 dimensions", head)
	}
	x, size := &IDX{}, uint64(1)
	for range head[3] {
		var dim [4]byte
		if _, err := io.ReadFull(in, dim[:]); err != nil {
			return nil, short("the header is", err)
		}
		n := binary.BigEndian.Uint32(dim[:])
		if n == 0 {
			return nil, fail("the header declares no values: dimension %d is 0", len(x.Dims)+1)
		}
		hi, lo := bits.Mul64(size, uint64(n))
		if hi != 0 || lo > uint64(limit) {
			return nil, fail("the header declares more than %d bytes", limit)
		}
		size = lo
		x.Dims = append(x.Dims, int(n))
	}
	var err error
	if x.Data, err = io.ReadAll(io.LimitReader(in, int64(size))); err != nil {
		return nil, short("the values are", err)
	}
	if uint64(len(x.Data)) != size {
		return nil, fail("there are %d bytes, but the header %v declares %d", len(x.Data), x.Dims, size)
	}
	if _, err := in.Peek(1); err == nil {
		return nil, fail("there are more bytes than the %d that the header %v declares", size, x.Dims)
	} else if err != io.EOF {
		return nil, in.Failed(0, err)
	}
	return x, nil
}
