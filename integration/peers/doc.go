// Package peers holds benchmarks of the modules beside what their users would take otherwise. It
// links no Temporal server. Each benchmark checks its results, so that what is compared does the
// same work.
//
//	go test -bench . ./integration/peers
//
// It has no code of its own, and it will not judge: ratios with their date and machine are in the
// README of each module.
package peers
