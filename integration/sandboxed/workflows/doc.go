// Package workflows has workflows that are run both natively and in a sandbox, to see what
// that costs. It promises the names and arguments that the frontend of the benchmarks uses, and not to
// pull into a guest what workflows do not need.
package workflows
