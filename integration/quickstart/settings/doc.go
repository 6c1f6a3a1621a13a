// Package settings reads the flags of the quickstart, for the program that builds
// it and for the program that is built.
//
//	s, err := settings.Parse(os.Args[1:], os.Stderr)
//
// It promises that both understand the same flags, so that a mistyped one is
// told at once and not after minutes of compiling. It needs only the standard
// library, and will not read the environment.
package settings
