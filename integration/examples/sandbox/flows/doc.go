// Package flows has the workflows of the example: one that keeps to the rules, and one that breaks
// them in eight ways. They are written as for a worker without a sandbox.
package flows
