package service

import (
	"encoding/json"

	"go.temporal.io/api/serviceerror"
)

// token is what task tokens hold.
type token struct {
	Namespace  string `json:"namespace,omitempty"`
	WorkflowID string `json:"workflowId,omitempty"`
	RunID      string `json:"runId,omitempty"`
	Scheduled  int64  `json:"scheduled,omitempty"`
	Started    int64  `json:"started,omitempty"`
	Attempt    int32  `json:"attempt,omitempty"`
	// Stamp tells workflow tasks apart that have the same ids and attempt, since
	// the events of the first were never written.
	Stamp      int64  `json:"stamp,omitempty"`
	ActivityID string `json:"activityId,omitempty"`
	Query      string `json:"query,omitempty"`
}

func (t token) bytes() []byte {
	b, err := json.Marshal(t)
	if err != nil {
		return nil // it has strings and numbers only
	}
	return b
}

func readToken(b []byte) (token, error) {
	var t token
	if len(b) == 0 {
		return t, invalid("Task token not set on request.")
	}
	if json.Unmarshal(b, &t) != nil {
		return t, serviceerror.NewInvalidArgument(textBadTokenAtFront)
	}
	return t, nil
}

// pageToken is what tokens of pages of history hold.
type pageToken struct {
	RunID string `json:"runId"`
	// First is the first event of the page, Next the one behind the last page.
	First   int64 `json:"first"`
	Next    int64 `json:"next"`
	Running bool  `json:"running"`
}

func (t pageToken) bytes() []byte {
	b, err := json.Marshal(t)
	if err != nil {
		return nil // it has strings and numbers only
	}
	return b
}

func readPageToken(b []byte) (pageToken, error) {
	var t pageToken
	if json.Unmarshal(b, &t) != nil {
		return t, serviceerror.NewInvalidArgument(textBadPageToken)
	}
	return t, nil
}
