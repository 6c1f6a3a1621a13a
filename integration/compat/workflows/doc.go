// Package workflows is the workflow code that compatibility is proven with. It
// is plain: nothing in it knows which library it runs on.
//
// What a workflow sees it writes in a diary, which is its result and can be
// queried meanwhile. Everything here leaves the same history whenever it is run;
// where order would depend on how busy a machine is, the case that runs it
// decides the order.
package workflows
