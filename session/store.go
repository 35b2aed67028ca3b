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

// An EndStore is a Store that also keeps what sessions ended with, so that the step that ended
// one can be repeated after a restart.
type EndStore interface {
	Store

	// End forgets sessions as Delete does, and keeps the records in their places, for Ended
	// alone: until many others have ended since, or a session of that ID is saved or deleted.
	// Of a record without a blob nothing is kept.
	End(ctx context.Context, records []Record) error

	// Ended returns the record that a session ended with. The error wraps ErrNotFound if there
	// is none.
	Ended(ctx context.Context, id string) (Record, error)
}
