package http1

// Bounds of what surrounds the data of a chunked body.
const (
	maxChunkLine = 4 << 10  // one chunk size with its extensions
	maxOverhead  = 64 << 10 // all trailers
)

// Chunked decodes a chunked body (RFC 9112 section 7.1) without copying. The zero
// value is ready.
type Chunked struct {
	Offset int64 // bytes consumed so far

	// Keep makes Trailer hold the bytes after the last chunk, the empty line
	// included, for Response.ParseTrailer.
	Keep    bool
	Trailer []byte

	state   chunkState
	left    int64 // bytes of data left in this chunk
	digits  int
	line    int // bytes of this line outside the data
	trailer int // bytes of trailers
	cr      bool
	named   bool // an extension began: the semicolon came
	bare    bool // a bare LF was reported
}

type chunkState uint8

const (
	chunkSize chunkState = iota
	chunkExtension
	chunkData
	chunkDataEnd
	chunkTrailer
	chunkDone
	chunkBroken
)

// Done reports whether the last chunk and the empty line after the trailers came.
func (c *Chunked) Done() bool { return c.state == chunkDone }

// Next takes n bytes from the front of b and returns the body data among them, a
// part of b and possibly empty. Call it again with the rest until n is 0, then
// with more bytes; after Done it takes no more. A fault that is not Fatal comes
// with progress and decoding may go on; after a Fatal one it takes no more.
func (c *Chunked) Next(b []byte) (data []byte, n int, fault *Fault) {
	for n < len(b) && c.state != chunkDone && c.state != chunkBroken {
		if c.state == chunkData {
			take := min(int64(len(b)-n), c.left)
			data = b[n : n+int(take)]
			n += int(take)
			c.left -= take
			c.Offset += take
			if c.left == 0 {
				c.state, c.cr = chunkDataEnd, false
			}
			return data, n, nil
		}
		kind := c.step(b[n])
		if kind != "" {
			f := NewFault(kind, c.Offset, b[n:])
			if f.Fatal {
				c.state = chunkBroken
				return nil, n, &f
			}
			n++
			c.Offset++
			return nil, n, &f
		}
		if c.Keep && (c.state == chunkTrailer || c.state == chunkDone) && c.trailer > 0 {
			c.Trailer = append(c.Trailer, b[n])
		}
		n++
		c.Offset++
	}
	return nil, n, nil
}

// step takes one byte of framing and returns what is wrong with it, or "".
func (c *Chunked) step(b byte) Kind {
	switch c.state {
	case chunkSize:
		return c.size(b)
	case chunkExtension:
		return c.extension(b)
	case chunkDataEnd:
		return c.dataEnd(b)
	case chunkTrailer:
		return c.trailers(b)
	}
	return ChunkSize
}

func (c *Chunked) size(b byte) Kind {
	v, ok := hex(b)
	switch {
	case ok:
		if c.left > (1<<63-1)>>4 || c.digits >= 16 {
			return ChunkSize // does not fit
		}
		c.left = c.left<<4 | int64(v)
		c.digits++
		return ""
	case c.digits == 0:
		return ChunkSize
	case b == ';' || b == ' ' || b == '\t' || b == '\r' || b == '\n':
		c.state, c.line, c.cr, c.named = chunkExtension, 0, false, false
		return c.extension(b)
	}
	return ChunkSize
}

// extension takes what stands between the size and the end of its line.
func (c *Chunked) extension(b byte) Kind {
	if c.line++; c.line > maxChunkLine {
		return TrailerTooLarge
	}
	switch {
	case b == '\n':
		kind := c.lineEnd()
		c.digits, c.state = 0, chunkData
		if c.left == 0 {
			c.state, c.line, c.trailer = chunkTrailer, 0, 0
		}
		return kind
	case c.cr:
		return BareCR
	case b == '\r':
		c.cr = true
	case b == ';':
		c.named = true
	case b == ' ' || b == '\t':
	case b < ' ' || b == 0x7f || !c.named:
		return ChunkSize
	}
	return ""
}

func (c *Chunked) dataEnd(b byte) Kind {
	switch {
	case b == '\r' && !c.cr:
		c.cr = true
		return ""
	case b == '\n':
		kind := c.lineEnd()
		c.state, c.left, c.digits = chunkSize, 0, 0
		return kind
	}
	return ChunkEnd
}

// trailers takes the lines after the last chunk; the empty one ends the body.
func (c *Chunked) trailers(b byte) Kind {
	if c.trailer++; c.trailer > maxOverhead {
		return TrailerTooLarge
	}
	switch {
	case b == '\n':
		empty := c.line == 0
		kind := c.lineEnd()
		c.line = 0
		if empty {
			c.state = chunkDone
		}
		return kind
	case c.cr:
		return BareCR
	case b == '\r':
		c.cr = true
	default:
		c.line++
	}
	return ""
}

// lineEnd is called at LF and reports the first one that no CR precedes.
func (c *Chunked) lineEnd() Kind {
	had := c.cr
	c.cr = false
	if had || c.bare {
		return ""
	}
	c.bare = true
	return BareLF
}

func hex(b byte) (int, bool) {
	switch {
	case digit(b):
		return int(b - '0'), true
	case 'a' <= b && b <= 'f':
		return int(b-'a') + 10, true
	case 'A' <= b && b <= 'F':
		return int(b-'A') + 10, true
	}
	return 0, false
}
