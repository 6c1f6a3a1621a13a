//go:build !linux

package engine

import (
	"fmt"
	"runtime"
)

func newMapped([]byte, []byte, uint64) (image, error) {
	return nil, fmt.Errorf("memory is not mapped on %s", runtime.GOOS)
}
