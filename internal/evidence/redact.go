package evidence

// Redactor is filled in redact.go's real version.
type Redactor struct{}

// NewRedactor returns a redactor.
func NewRedactor(key []byte) *Redactor { return &Redactor{} }
