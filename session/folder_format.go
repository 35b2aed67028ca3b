package session

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A folder holds a log of records, oldest first, in files called segments: 0000000001.log and
// so on. A segment is a header and then records, without gaps. Numbers are little-endian.
//
// The header (40 bytes):
//
//	 0  "rclg"
//	 4  version of the format, 1; three zeros
//	 8  mark [8], random bytes that each record of the segment begins with
//	16  u64 number of the first record
//	24  u32 number of the segment
//	28  u32 number of the segment before it that holds records, 0 for none
//	32  u32 bytes of that one which count; what is behind them was never acknowledged
//	36  u32 CRC-32C of the bytes before
//
// A record (108 bytes, the ID, the blob):
//
//	 0  mark [8]
//	 8  u32 CRC-32C of the mark, and of the bytes from here to the end of the ID
//	12  kind u8, a zero
//	14  u16 bytes of the ID
//	16  u32 bytes of the blob
//	20  u32 CRC-32C of the blob
//	24  u64 number of the record; those of a log follow one another
//	32  i64 when the session was used, in nanoseconds since 1970
//	40  u32 bytes of this segment that were synced before the record was written
//	44  u64 [8] hashes of the IDs of the records before it, the last one first
//
// The numbers tell how many records damage has taken, the hashes which sessions they were of.
// Bytes that are no record lie either before what a later record knows to be synced, which is
// damage, or behind it, where they are left of a write that was never acknowledged. A store
// that is closed writes last records which know all before them.
const (
	logMagic   = "rclg"
	logVersion = 1

	headerSize = 40
	headSize   = 108 // of a record, without the ID
	markSize   = 8
	recent     = 8 // a sector of a disk touches no more records
)

// The kinds of records.
const (
	kindSave   = 1 + iota
	kindDelete // of the session with the ID; the blob, if there is one, is what it ended with
	kindLost   // of a session whose record was damaged; the time is the hash of its ID
	kindEnd    // the store was closed; there are two of them, the first with 4096 bytes
	kinds
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// A checksummer is the checksum of what was added.
type checksummer uint32

func (c *checksummer) add(b []byte) { *c = checksummer(crc32.Update(uint32(*c), castagnoli, b)) }

// hashID is FNV-1a.
func hashID[T string | []byte](id T) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * 1099511628211
	}
	return h
}

func segmentName(number uint32) string { return fmt.Sprintf("%010d.log", number) }

// segmentNumber returns the number of the segment of a name, false for other files.
func segmentNumber(name string) (uint32, bool) {
	n, err := strconv.ParseUint(strings.TrimSuffix(name, filepath.Ext(name)), 10, 32)
	return uint32(n), err == nil && n > 0 && name == segmentName(uint32(n))
}

// A header is that of a segment.
type header struct {
	mark    [markSize]byte
	first   uint64
	number  uint32
	prev    uint32
	prevEnd uint32
}

func (h header) append(b []byte) []byte {
	from := len(b)
	b = append(b, logMagic...)
	b = append(b, logVersion, 0, 0, 0)
	b = append(b, h.mark[:]...)
	b = binary.LittleEndian.AppendUint64(b, h.first)
	b = binary.LittleEndian.AppendUint32(b, h.number)
	b = binary.LittleEndian.AppendUint32(b, h.prev)
	b = binary.LittleEndian.AppendUint32(b, h.prevEnd)
	return binary.LittleEndian.AppendUint32(b, checksum(b[from:]))
}

// parseHeader reads the header that a segment begins with. The version is 0 if it is damaged.
func parseHeader(b []byte) (h header, version byte) {
	if len(b) < headerSize || string(b[:4]) != logMagic || checksum(b[:36]) != binary.LittleEndian.Uint32(b[36:]) {
		return header{}, 0
	}
	h = header{
		first:   binary.LittleEndian.Uint64(b[16:]),
		number:  binary.LittleEndian.Uint32(b[24:]),
		prev:    binary.LittleEndian.Uint32(b[28:]),
		prevEnd: binary.LittleEndian.Uint32(b[32:]),
	}
	copy(h.mark[:], b[8:])
	return h, b[4]
}

// A head is all of a record but the blob.
type head struct {
	kind   byte
	id     []byte // of the bytes that it was read from
	blob   int    // bytes
	sum    uint32 // of the blob
	used   int64
	synced uint32
	counters
}

func (h *head) size() int { return headSize + len(h.id) + h.blob }

// hash is what later records call a record by.
func hash[T string | []byte](kind byte, id T, used int64) uint64 {
	switch kind {
	case kindEnd:
		return 0
	case kindLost:
		return uint64(used)
	}
	return hashID(id)
}

// counters are what the next record tells of those before it.
type counters struct {
	number uint64 // of the next record
	before [recent]uint64
}

// after returns the counters after a record of a hash.
func (c counters) after(hash uint64) counters {
	next := counters{number: c.number + 1}
	next.before[0] = hash
	copy(next.before[1:], c.before[:])
	return next
}

// appendHead writes a head; h.id is not used, so that a string serves.
func appendHead(b []byte, mark [markSize]byte, h *head, id string) []byte {
	from := len(b)
	b = append(b, mark[:]...)
	b = append(b, 0, 0, 0, 0, h.kind, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(id)))
	b = binary.LittleEndian.AppendUint32(b, uint32(h.blob))
	b = binary.LittleEndian.AppendUint32(b, h.sum)
	b = binary.LittleEndian.AppendUint64(b, h.number)
	b = binary.LittleEndian.AppendUint64(b, uint64(h.used))
	b = binary.LittleEndian.AppendUint32(b, h.synced)
	for _, x := range h.before {
		b = binary.LittleEndian.AppendUint64(b, x)
	}
	b = append(b, id...)
	binary.LittleEndian.PutUint32(b[from+8:], headSum(b[from:]))
	return b
}

// headSum is the checksum of a head, but for the place where that stands.
func headSum(b []byte) uint32 {
	return crc32.Update(checksum(b[:markSize]), castagnoli, b[markSize+4:])
}

// parseHead reads the head that b begins with, and reports whether it is one. It may tell of
// more bytes of blob than there are.
func parseHead(b []byte, mark []byte) (h head, ok bool) {
	if len(b) < headSize || string(b[:markSize]) != string(mark) {
		return h, false
	}
	n := int(binary.LittleEndian.Uint16(b[14:]))
	kind, blob := b[12], binary.LittleEndian.Uint32(b[16:])
	if kind == 0 || kind >= kinds || b[13] != 0 || n > maxID || blob > maxBlob || len(b) < headSize+n {
		return h, false
	}
	if headSum(b[:headSize+n]) != binary.LittleEndian.Uint32(b[8:]) {
		return h, false
	}
	h = head{
		kind:   kind,
		id:     b[headSize : headSize+n],
		blob:   int(blob),
		sum:    binary.LittleEndian.Uint32(b[20:]),
		used:   int64(binary.LittleEndian.Uint64(b[32:])),
		synced: binary.LittleEndian.Uint32(b[40:]),
	}
	h.number = binary.LittleEndian.Uint64(b[24:])
	for i := range h.before {
		h.before[i] = binary.LittleEndian.Uint64(b[44+8*i:])
	}
	return h, true
}

// noTime stands for the zero time, which is outside of the years 1678 to 2262 that
// nanoseconds reach.
const noTime = math.MinInt64

func toNanos(t time.Time) int64 {
	switch {
	case t.IsZero():
		return noTime
	case t.Year() < 1678:
		return noTime + 1
	case t.Year() > 2261:
		return math.MaxInt64
	}
	return t.UnixNano()
}

func fromNanos(n int64) time.Time {
	if n == noTime {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
