// Package calls counts calls for package spy and its twin for the official SDK. It is for tests and
// promises nothing to anybody else.
package calls
