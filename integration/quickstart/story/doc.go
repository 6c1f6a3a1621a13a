// Package story tells on a terminal what a workflow does, and where its time
// went.
//
//	s := story.New(os.Stdout, story.Colourful(os.Stdout, os.Getenv))
//	s.Tell("you", "order %s is placed", id)
//	// ...
//	s.Receipt("Receipt", [][2]string{{"total", "12.50 EUR"}})
//	s.Spans(story.WhereTheTimeWent(events))
//
// It promises lines that stand in columns, each written with one call so that
// tellers on several goroutines do not mix, and no colour unless it was asked for. It
// will not wrap lines, or tell anything that it was not told: the times of
// WhereTheTimeWent are those of the server's history.
package story
