package compat

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/mainspring-go/mainspring/integration/scenarios"
)

// Store writes the histories of a case below a directory, under the label of who
// made them. Files are as the tools of Temporal write and read them, an event a
// line. Stacks are left out: they tell of the machine.
func (s Story) Store(dir, label, name string) error {
	stack := regexp.MustCompile(`"stackTrace":"(?:[^"\\]|\\.)*"`)
	dir = filepath.Join(dir, label)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	for n, h := range s.Histories {
		var b bytes.Buffer
		b.WriteString("{\"events\": [\n")
		for i, e := range h.GetEvents() {
			b.WriteString(stack.ReplaceAllString(scenarios.Message(e), `"stackTrace":"somewhere"`))
			if i < len(h.GetEvents())-1 {
				b.WriteString(",")
			}
			b.WriteString("\n")
		}
		b.WriteString("]}\n")
		if err := os.WriteFile(filepath.Join(dir, fileName(name, n)), b.Bytes(), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// fileName is that of the nth history of a case.
func fileName(name string, n int) string {
	if n == 0 {
		return name + ".json"
	}
	return fmt.Sprintf("%s.%d.json", name, n+1)
}

// Load reads what Store has written. Without files the story is empty.
func Load(dir, label, name string) (Story, error) {
	var s Story
	for n := 0; ; n++ {
		text, err := os.ReadFile(filepath.Join(dir, label, fileName(name, n)))
		if errors.Is(err, fs.ErrNotExist) {
			return s, nil
		}
		if err != nil {
			return s, err
		}
		h := new(historypb.History)
		if err := protojson.Unmarshal(text, h); err != nil {
			return s, fmt.Errorf("%s %s: %w", label, name, err)
		}
		s.Histories = append(s.Histories, h)
	}
}
