package cli

import (
	"bytes"
	"os"
	"testing"
)

// TestProgressIsForTerminals holds that nothing is drawn where nobody looks.
func TestProgressIsForTerminals(t *testing.T) {
	var buffer bytes.Buffer
	file, err := os.CreateTemp(t.TempDir(), "stderr")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s := &session{}
	s.Stderr = &buffer
	p := s.newProgress()
	p.show("asking the upstream")
	p.end()
	p.show("after the end")
	if buffer.Len() > 0 {
		t.Errorf("it draws %q into a pipe", buffer.String())
	}
	s.Stderr = file
	p = s.newProgress()
	p.show("asking the upstream")
	p.end()
	if info, err := file.Stat(); err != nil || info.Size() > 0 {
		t.Errorf("it draws %d bytes into a file, %v", info.Size(), err)
	}
}
