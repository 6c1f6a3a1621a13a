package worker_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"

	"github.com/mainspring-go/mainspring/activity"
)

// A logbook keeps what is logged.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logbook) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(line)
}

func (b *logbook) logger() *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }

// has reports whether a text was logged.
func (b *logbook) has(text string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Contains(b.text.String(), text)
}

// named is an activity's name.
func named(name string) activity.RegisterOptions { return activity.RegisterOptions{Name: name} }
