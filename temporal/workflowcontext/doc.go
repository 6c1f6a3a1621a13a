// Package workflowcontext declares the context of workflow code and its channels, for data
// converters that adapt to a workflow.
//
// Package workflow of the module of that name has these types under the same names, and makes
// their values; workflow code imports that one. They are declared here because converters name
// them and are named by package workflow in turn.
package workflowcontext
