// Package log is the logging interface that workers, workflows and activities are given.
//
// A *slog.Logger is a [Logger] as it is:
//
//	var logger log.Logger = slog.Default()
//	logger = log.With(logger, "Order", 7)
//	logger.Info("shipped", "Parcels", 2)
//
// [Forward] makes lines plain data, a [Record], that a logger elsewhere writes: in another process, or
// outside of a sandbox.
//
// A logger must be safe for concurrent use. The package writes nothing itself: it has no levels,
// no formats and no default.
package log
