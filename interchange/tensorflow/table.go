package tensorflow

import (
	"encoding/binary"
	"hash/crc32"
)

// The index of a checkpoint is a table as LevelDB has them: blocks of sorted keys with
// their values, an index of the blocks, and at the end a footer with the place of
// that.
const (
	footerSize = 48
	tableMagic = 0xdb4775248b80fb57
	maxIndex   = 1 << 30
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// masked is a CRC-32C as LevelDB stores it, so that a checksum of bytes that hold
// checksums is a good one too.
func masked(crc uint32) uint32 { return (crc>>15 | crc<<17) + 0xa282ead8 }

// table visits the entries of a table in order. Blocks follow one another, so none is read
// twice; and writers repeat whole names often enough that what keys share with those before
// them makes a file no more than 16 times longer.
func table(file []byte, visit func(key string, value []byte) error) error {
	if len(file) < footerSize || binary.LittleEndian.Uint64(file[len(file)-8:]) != tableMagic {
		return badAt(int64(len(file)), "it does not end as the index of a checkpoint does; was it cut short?")
	}
	footer := reader{b: file[len(file)-footerSize : len(file)-8], at: int64(len(file) - footerSize)}
	footer.varint() // the index of meta blocks
	footer.varint()
	index := footer.handle()
	if footer.bad {
		return badAt(footer.at, "its footer is damaged")
	}
	names, most := 0, 1<<20+16*len(file)
	end := uint64(0) // of the block before
	return block(file, index, func(_ string, where []byte) error {
		r := reader{b: where}
		at := r.handle()
		if r.bad {
			return badAt(int64(index.at), "the index of its blocks is damaged")
		}
		if at.at < end {
			return badAt(int64(index.at), "a block at %d lies before the end of another, %d", at.at, end)
		}
		end = at.at + at.n
		return block(file, at, func(key string, value []byte) error {
			if names += len(key); names > most {
				return badAt(int64(at.at), "its names have more than %d bytes, and the file %d", most, len(file))
			}
			return visit(key, value)
		})
	})
}

// A handle is the place of a block.
type handle struct{ at, n uint64 }

// block visits the entries of a block, in which a key is what it shares with the key
// before, and the rest.
func block(file []byte, h handle, visit func(key string, value []byte) error) error {
	const trailer = 5 // kind of compression, checksum
	if h.at > uint64(len(file)) || h.n+trailer < h.n || h.n+trailer > uint64(len(file))-h.at {
		return badAt(int64(min(h.at, 1<<62)), "a block of %d bytes at %d does not lie in a file of %d", h.n, h.at, len(file))
	}
	body := file[h.at : h.at+h.n+1]
	if got, want := masked(crc32.Checksum(body, castagnoli)), binary.LittleEndian.Uint32(file[h.at+h.n+1:]); got != want {
		return badAt(int64(h.at), "the checksum of a block is %#x, not %#x as written; the file is damaged", got, want)
	}
	if kind := body[h.n]; kind != 0 {
		return badAt(int64(h.at), "a block with compression %d (1 is Snappy), which checkpoints of version 2 do not have", kind)
	}
	body = body[:h.n]
	if len(body) < 4 {
		return badAt(int64(h.at), "a block of %d bytes", len(body))
	}
	restarts := uint64(binary.LittleEndian.Uint32(body[len(body)-4:]))
	if restarts > uint64(len(body)-4)/4 {
		return badAt(int64(h.at), "a block of %d bytes with %d restarts", len(body), restarts)
	}
	r := reader{b: body[:uint64(len(body)-4)-4*restarts], at: int64(h.at)}
	var key []byte
	for len(r.b) > 0 {
		shared, rest, n := r.varint(), r.varint(), r.varint()
		if r.bad || shared > uint64(len(key)) {
			return badAt(r.at, "an entry of the index is damaged")
		}
		key = append(key[:shared], r.bytes(rest)...)
		value := r.bytes(n)
		if r.bad {
			return badAt(r.at, "an entry of the index is cut short")
		}
		if len(key) > maxName {
			return badAt(r.at, "a name of %d bytes", len(key))
		}
		if err := visit(string(key), value); err != nil {
			return err
		}
	}
	return nil
}

// maxName is the longest name of a variable.
const maxName = 64 << 10

// A reader takes bytes apart; bad is set once there are too few.
type reader struct {
	b   []byte
	at  int64
	bad bool
}

func (r *reader) bytes(n uint64) []byte {
	if r.bad || n > uint64(len(r.b)) {
		r.bad = true
		return nil
	}
	b := r.b[:n]
	r.b, r.at = r.b[n:], r.at+int64(n)
	return b
}

func (r *reader) varint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.b, r.at = r.b[n:], r.at+int64(n)
	return v
}

func (r *reader) handle() handle { return handle{r.varint(), r.varint()} }
