package dialect

// Tally counts the lines that tell of no failure, which is nearly all of a busy
// log. A Log's Access function fills it.
type Tally struct {
	Status [1000]uint64 // lines by the status that the client got
	Lines  uint64       // lines looked at, those that were handed on included

	// Minute returns the count of the minute that begins at a Unix time. It is
	// asked once per change of the minute and never returns nil.
	Minute func(unix int64) *Minute

	// Stamp is the beginning of the stamp that belongs to Current. Access keeps
	// its last one here, so that it is known to the next block.
	Stamp   [32]byte
	Current *Minute // nil: no stamp was read yet
}

// Minute counts what happened in one minute.
type Minute struct {
	Requests uint64
	Failures uint64 // of Requests
	Errors   uint64 // lines of error logs that tell of a failed request
	First    int64  // Unix time of the first failure or error; 0: none
	Mode     Mode
}

// Mode says what becomes of the lines of a minute.
type Mode uint8

// The modes.
const (
	Counted Mode = iota // counted
	Skipped             // outside the time asked for: passed over
	Asked               // partly outside: every line is handed on
)
