// Package idle measures the memory that workflow runs take while they wait in the cache of a worker:
// heap, stacks, and what is resident of the process.
//
// It promises the difference of two readings of one process, with garbage collected and what is free
// given back to the system. It does not tell the runs' memory from that of anything else which grows
// meanwhile, so nothing else should happen in the process, and runs should be many.
package idle
