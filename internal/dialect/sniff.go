package dialect

import "bytes"

// sniffed is how many lines of a file are looked at to tell whose log it is.
const sniffed = 30

// Share returns a Log's Sniff: sure times the share of the first lines that read
// explains, and 0 only where it explains none.
func Share(sure int, read func(line []byte, r *Record) Key) func(head []byte) int {
	return Mean(func(line []byte, r *Record) int {
		if read(line, r) == Unparsed {
			return 0
		}
		return sure
	})
}

// Mean returns a Log's Sniff: the mean of what weigh says, from 0 to 100, of the
// first lines, and 0 only where it says 0 of each. The record is scratch space.
func Mean(weigh func(line []byte, r *Record) int) func(head []byte) int {
	return func(head []byte) int {
		var r Record
		lines, sum := 0, 0
		for lines < sniffed && len(head) > 0 {
			row, rest, found := bytes.Cut(head, []byte{'\n'})
			if !found && lines > 0 {
				break // the last line may be cut
			}
			head = rest
			if len(bytes.TrimSpace(row)) == 0 {
				continue
			}
			lines++
			sum += weigh(row, &r)
		}
		if sum == 0 {
			return 0
		}
		return max(1, sum/lines)
	}
}
