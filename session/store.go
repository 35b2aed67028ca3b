package session

import (
	"context"
	"iter"
	"time"
)

// A Record is a session as a Store keeps it.
type Record struct {
	ID   string    // name of the session, 1 to 256 bytes
	Used time.Time // when it was last used, which its time to live counts from
	Blob []byte    // what AppendBinary gave
}

// A Store keeps sessions. Its methods may be called from several goroutines at once, but
// never two at once that change what there is of one ID.
type Store interface {
	// Load returns the record of a session. The error wraps ErrNotFound if there is none,
	// and ErrStateLost if there is one that is damaged.
	Load(ctx context.Context, id string) (Record, error)

	// Save keeps all records in place of those of their IDs. What it returned nil for
	// survives the end of the process and, as far as the store promises it, of the machine.
	// After an error each of them may be kept or not. It does not hold on to the blobs.
	Save(ctx context.Context, records []Record) error

	// Delete forgets sessions; those that there are not are no error.
	Delete(ctx context.Context, ids ...string) error

	// All lists the records that it has, without their blobs, in the order of their IDs,
	// from the first after the given ID on.
	All(ctx context.Context, after string) iter.Seq2[Record, error]
}
