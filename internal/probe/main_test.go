package probe

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain looks for goroutines that a question left behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
