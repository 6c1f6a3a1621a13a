package env

import (
	"strconv"
	"strings"
)

// officialSDK is the name under which the official Go SDK signs its tasks.
const officialSDK = "temporal-go"

// ReplaysOfficialBefore reports whether the task that is replayed was completed
// by a release of the official Go SDK before major.minor. A few behaviours
// changed between its releases without a flag. Releases that did not sign at
// all are older than any that did.
func (e *Env) ReplaysOfficialBefore(major, minor int) bool {
	if !e.Replaying || (e.SDK.Name != "" && e.SDK.Name != officialSDK) {
		return false
	}
	parts := strings.SplitN(e.SDK.Version, ".", 3)
	if len(parts) < 2 {
		return true
	}
	haveMajor, err1 := strconv.Atoi(parts[0])
	haveMinor, err2 := strconv.Atoi(parts[1])
	if err1 != nil || err2 != nil {
		return false
	}
	return haveMajor < major || (haveMajor == major && haveMinor < minor)
}
