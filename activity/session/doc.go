// Package session is the worker's half of sessions: activities of one workflow that all run in one
// process.
//
// A workflow makes a session by scheduling the activity [Creation] on the queue [CreationQueue] of its
// task queue. A worker that has room runs it for as long as the session lasts, and tells the workflow
// by a signal on which queue, its own alone, the session's activities must be. [Completion], on that
// queue, ends the session. The names, the signal and the errors are those of the official Go SDK, so
// workflows of either library have sessions with workers of either.
//
//	s, err := session.New(session.Options{ID: uuid, Room: room, Announce: signalWorkflow})
//	err = s.Register(activities)
//	// poll session.CreationQueue("orders"), with a slot for each session, and s.Queue()
package session
