//go:build !unix

package subprocess_test

import (
	"errors"
	"testing"

	"github.com/mainspring-go/mainspring/activity/subprocess"
)

func TestOtherSystemsAreRefused(t *testing.T) {
	if _, err := subprocess.New(subprocess.Options{}); !errors.Is(err, subprocess.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
}
