package sandboxed

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Build has the go command compile a guest, a main package in this workspace, to WebAssembly.
func Build(ctx context.Context, pkg string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "sandboxed-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	out := filepath.Join(dir, "guest.wasm")
	c := exec.CommandContext(ctx, "go", "build", "-buildmode=c-shared", "-buildvcs=false", "-o", out, pkg)
	c.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if said, err := c.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%v: %w\n%s", c, err, said)
	}
	return os.ReadFile(out)
}
