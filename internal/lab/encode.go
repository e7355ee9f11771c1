package lab

import (
	"encoding/json"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
)

func encode(c backend.Config) (string, error) {
	text, err := json.MarshalIndent(c, "", "  ")
	return string(text) + "\n", err
}
