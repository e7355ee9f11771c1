package evidence

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

// TestAskHidesSecretsInQuestions plants a secret in the subject, the failure and
// the gap of questions, and repeats them from what was written.
func TestAskHidesSecretsInQuestions(t *testing.T) {
	const secret = "8f14e45fceea167a5a36"
	c := &Case{Target: "http://example.com/", Started: time.Now().UTC()}
	rec := NewRecorder(c, redactor())
	subject := "/var/www/reset/" + secret
	_, _, err := Ask(rec, "file", subject, func() (string, error) { return "", errors.New("open " + subject + ": no such file") })
	if err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("the failure that the caller sees is %v", err)
	}
	_, _, err = Ask(rec, "other", subject, func() (string, error) { return "", &Gap{Source: subject, Why: subject, Allow: "cat " + subject} })
	var gap *Gap
	if !errors.As(err, &gap) || strings.Contains(gap.Source+gap.Why+gap.Allow, secret) {
		t.Errorf("the gap that the caller sees is %+v", err)
	}
	var file bytes.Buffer
	if err := Write(&file, c); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(file.String(), secret) {
		t.Errorf("the secret is in the file:\n%s", file.String())
	}
	again, err := Read(&file)
	if err != nil {
		t.Fatal(err)
	}
	for _, asked := range []string{subject, "/var/www/reset/***"} {
		_, _, err := Ask(Replay(again), "file", asked, func() (string, error) { panic("a replay asks nobody") })
		if err == nil || !strings.Contains(err.Error(), "no such file") {
			t.Errorf("the replay of %s says %v", asked, err)
		}
	}
}
