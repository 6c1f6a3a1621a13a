package poller

// DefaultRatio is the usual share of normal polls for [Split].
const DefaultRatio = 0.2

// Split divides total polls between a normal queue and a sticky one, ratio being the share of the
// normal queue. Both get at least one poll, so the sum exceeds total when total is 1 or ratio
// is 1. A total below 1 counts as 1, a ratio outside [0,1] as the nearer bound, NaN as 0.
// It is for two queues: with no sticky queue in use all polls are normal.
//
// The product is taken in 32-bit floating point, as other workers do, so that the same numbers
// give the same split: 0.29 of 100 is 29, which 64 bits would make 28.
func Split(total int, ratio float64) (normal, sticky int) {
	total = max(1, total)
	if !(ratio > 0) {
		ratio = 0
	}
	ratio = min(1, ratio)
	normal = max(1, int(float32(total)*float32(ratio)))
	normal = min(normal, total) // rounding must not exceed a very large total
	return normal, max(1, total-normal)
}
