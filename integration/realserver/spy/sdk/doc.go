// Package sdk is package spy for the official SDK: a copy with other imports. It is for tests and
// promises nothing to anybody else.
package sdk
