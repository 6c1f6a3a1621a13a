package worker

import (
	"crypto/fips140"
	"crypto/md5" //nolint:gosec // it tells builds apart, and guards nothing
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"sync"
)

// executable is the build id of this program. It is what the official SDK takes, so that workers
// of both in one program are of one build.
//
//nolint:gochecknoglobals // a process has one executable, which takes a while to read
var executable = sync.OnceValues(func() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	sum := md5.New() //nolint:gosec // see above
	if fips140.Enabled() {
		sum = sha256.New()
	}
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
})
