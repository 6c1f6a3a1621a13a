package replay

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/workflow"
)

// A Source is one history that can be had.
type Source struct {
	// Name tells people which it is, such as the name of its file.
	Name string
	// Namespace of the run, if it is known.
	Namespace string
	// Execution is the run, if it is known.
	Execution workflow.Execution
	// Load gets the history. It is called once, when its turn has come.
	Load func(context.Context) (*historypb.History, error)
}

// A Service is a server that has histories. Package server beneath this one
// makes one of a client's connection.
type Service interface {
	// HistoryPage returns a page of the history of a run and the token of the
	// next; no token asks for the first page, and is returned with the last one.
	HistoryPage(
		ctx context.Context, namespace string, run *commonpb.WorkflowExecution, token []byte,
	) (events []*historypb.HistoryEvent, next []byte, err error)
}

// FromService is a run on a server. An empty RunID means the latest run.
func FromService(s Service, namespace string, e workflow.Execution) Source {
	return Source{
		Name: strings.TrimSuffix(e.ID+" "+e.RunID, " "), Namespace: namespace, Execution: e,
		Load: func(ctx context.Context) (*historypb.History, error) {
			if e.ID == "" {
				return nil, errors.New("the workflow id of the history to fetch is empty")
			}
			return fetch(ctx, s, namespace, e)
		},
	}
}

func fetch(ctx context.Context, s Service, namespace string, e workflow.Execution) (*historypb.History, error) {
	run := &commonpb.WorkflowExecution{WorkflowId: e.ID, RunId: e.RunID}
	var h historypb.History
	for token := []byte(nil); ; {
		events, next, err := s.HistoryPage(ctx, namespace, run, token)
		if err != nil {
			return nil, fmt.Errorf("history of workflow %s: %w", e.ID, err)
		}
		h.Events = append(h.Events, events...)
		if len(next) == 0 {
			return &h, nil
		}
		token = next
	}
}

// Files are histories in JSON files. Of a directory they are all files beneath
// it whose names end in .json, in their order. What cannot be read is a source
// that fails to load.
func Files(paths ...string) iter.Seq[Source] {
	return func(yield func(Source) bool) {
		for _, path := range paths {
			info, err := os.Stat(path)
			switch {
			case err != nil:
				if !yield(failing(path, err)) {
					return
				}
			case info.IsDir():
				if !walk(path, yield) {
					return
				}
			case !yield(file(path)):
				return
			}
		}
	}
}

func file(path string) Source {
	return Source{Name: path, Load: func(context.Context) (*historypb.History, error) {
		return HistoryFromFile(path, 0)
	}}
}

func failing(name string, err error) Source {
	return Source{Name: name, Load: func(context.Context) (*historypb.History, error) { return nil, err }}
}

// walk yields the histories beneath a directory; it reports whether to go on.
func walk(dir string, yield func(Source) bool) bool {
	found, goOn := false, true
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() || filepath.Ext(path) != ".json" {
			return nil
		}
		found = true
		if goOn = yield(file(path)); !goOn {
			return fs.SkipAll
		}
		return nil
	})
	switch {
	case !goOn:
		return false
	case err != nil:
		return yield(failing(dir, err))
	case !found:
		return yield(failing(dir, errors.New("no file in this directory ends in .json")))
	}
	return true
}
