package scan

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// TestFollow follows a log through everything that happens to logs. Each step
// waits for what it must cause.
func TestFollow(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir := t.TempDir()
	path, late := filepath.Join(dir, "log"), filepath.Join(dir, "late")
	line := func(i int) string {
		return noon.Add(time.Duration(i)*time.Second).Format(time.RFC3339) + fmt.Sprintf(" bad 10.0.0.1:80 /n/r%d\n", i)
	}
	appendTo := func(path, text string) {
		t.Helper()
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	appendTo(path, line(0))

	said := make(chan string, 100)
	ctx, stop := context.WithCancel(context.Background())
	var rep *Report
	done := make(chan error)
	go func() {
		var err error
		rep, err = Follow(ctx, []string{path, late}, Config{Dialects: []dialect.Dialect{{Name: "toy", Logs: []dialect.Log{toy}}}, Open: openFile, Location: time.UTC},
			func(l Live) {
				if l.News != "" {
					word, _, _ := strings.Cut(l.News, ":")
					said <- filepath.Base(l.Path) + " " + word
				} else if l.Failure != nil {
					said <- l.Failure.Route
				}
			})
		done <- err
	}()
	expect := func(want ...string) {
		t.Helper()
		for _, w := range want {
			select {
			case got := <-said:
				if got != w {
					t.Fatalf("%q was told, want %q", got, w)
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("%q was not told", w)
			}
		}
	}
	expect("late waiting")
	appendTo(path, line(1))
	expect("/n/r1")
	appendTo(path, line(2)[:10])
	appendTo(path, line(2)[10:]+line(3))
	expect("/n/r2", "/n/r3")
	// Rotated by rename; the writer goes on in the old file for a while.
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	expect("log gone")
	appendTo(path, line(4))
	expect("log appeared", "/n/r4")
	appendTo(late, line(5))
	expect("late appeared", "/n/r5")
	// Rotated by a rename of another file over it.
	appendTo(path+".new", line(6))
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	expect("log rotated", "/n/r6")
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	expect("log truncated")
	appendTo(path, line(7))
	expect("/n/r7")
	if err := os.Remove(late); err != nil {
		t.Fatal(err)
	}
	expect("late gone")
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if rep.Failing() != 7 || len(rep.Files) != 4 {
		t.Errorf("%d failures in %d files", rep.Failing(), len(rep.Files))
	}
}
