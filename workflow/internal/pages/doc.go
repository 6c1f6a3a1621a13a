// Package pages reads the pages of histories that a server answers with.
//
// It makes no call itself, and checks nothing of what the events say.
package pages
