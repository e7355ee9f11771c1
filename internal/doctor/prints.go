package doctor

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os/exec"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/scan"
)

// Some products write no file and keep their log in memory that they share with
// a program which prints it. It is run where it can see that memory, for a bounded
// time and a bounded length; what it prints is read as any other log.

const (
	printTime = 2 * time.Second
	printMost = 64 << 20 // bytes of what is printed
)

// print returns how a log in memory is read, or nil where path is no such log.
func (x *examination) print(path string) *dialect.Print {
	if x.match == nil || !strings.HasPrefix(path, "memory:") {
		return nil
	}
	for i, p := range x.match.Gateway.Conf.Prints {
		if p.Path == path {
			return &x.match.Gateway.Conf.Prints[i]
		}
	}
	return nil
}

// printed returns the lines of a log in memory as a file. What one run of the
// program printed serves every log that is made of it, until something new is
// looked for.
func (x *examination) printed(ctx context.Context, p dialect.Print) (scan.File, error) {
	words := strings.Join(p.Command, " ")
	text, ok := x.prints[words]
	if !ok {
		var err error
		if text, err = x.runPrint(ctx, p, words); err != nil {
			return nil, err
		}
		x.prints = map[string][]byte{words: text}
	}
	return memoryFile{bytes.NewReader(p.Lines(text))}, nil
}

// runPrint runs the program.
func (x *examination) runPrint(ctx context.Context, p dialect.Print, words string) ([]byte, error) {
	gap := func(why string) error { return &evidence.Gap{Source: "log in memory", Why: why, Allow: p.Allow} }
	if !x.place.OwnMount {
		return nil, gap("the gateway runs in another mount namespace, where goodgate starts no program")
	}
	ctx, cancel := context.WithTimeout(ctx, printTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.Command[0], p.Command[1:]...)
	cmd.Env = []string{"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.WaitDelay = 100 * time.Millisecond
	out, errs := &bounded{most: printMost}, &bounded{most: 4 << 10}
	cmd.Stdout, cmd.Stderr = out, errs
	if err := cmd.Run(); err != nil {
		// The newest come last: what was printed until then says nothing about now.
		why := words + ": " + err.Error()
		if ctx.Err() != nil {
			why = words + " did not end within 2 s"
		}
		if said := strings.TrimSpace(errs.String()); said != "" {
			why += ": " + clip(said, 300)
		}
		return nil, gap(why)
	}
	return out.Bytes(), nil
}

// bounded keeps the beginning of what is written to it.
type bounded struct {
	bytes.Buffer
	most int
}

var errEnough = errors.New("more than enough was printed")

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.most {
		return 0, errEnough
	}
	return b.Buffer.Write(p)
}

// memoryFile is text as a file that was written just now.
type memoryFile struct{ *bytes.Reader }

var _ scan.File = memoryFile{}

func (memoryFile) Close() error                 { return nil }
func (f memoryFile) Stat() (fs.FileInfo, error) { return memoryInfo{f.Reader.Size()}, nil }

type memoryInfo struct{ size int64 }

func (i memoryInfo) Name() string     { return "memory" }
func (i memoryInfo) Size() int64      { return i.size }
func (memoryInfo) Mode() fs.FileMode  { return 0o400 }
func (memoryInfo) ModTime() time.Time { return time.Now() }
func (memoryInfo) IsDir() bool        { return false }
func (memoryInfo) Sys() any           { return nil }
