package lab

import (
	"fmt"
	"os"
	"testing"
)

// TestOne starts one scene: GOODGATE_LAB_ONE=name:seed.
func TestOne(t *testing.T) {
	var name string
	var seed uint64
	if _, err := fmt.Sscanf(os.Getenv("GOODGATE_LAB_ONE"), "%s %d", &name, &seed); err != nil {
		t.Skip("for a person")
	}
	f, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	try(t, f, seed)
}
