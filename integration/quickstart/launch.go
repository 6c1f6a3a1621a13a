package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

const (
	// codeInterrupted is what shells report of a program that Ctrl-C ended.
	codeInterrupted = 130
	// patience is how long a child that was told to end may take before it is killed.
	patience = 15 * time.Second
	// keepCommand is the first argument when the go command runs this program, as
	// go run -exec, in place of what it has built.
	keepCommand = "keep-built-program"
)

// launcher builds a program and runs it.
type launcher struct {
	program  string // its import path or directory
	args     []string
	in       io.Reader
	out, err io.Writer
}

// run returns the exit code.
func (l launcher) run(ctx context.Context) int {
	dir, err := os.MkdirTemp("", "mainspring-quickstart-")
	if err != nil {
		fmt.Fprintln(l.err, "quickstart: no temporary directory:", err)
		return 1
	}
	defer func() {
		if err := os.RemoveAll(dir); err != nil {
			fmt.Fprintln(l.err, "quickstart: left behind:", err)
		}
	}()
	built := filepath.Join(dir, "quickstart")
	if runtime.GOOS == "windows" {
		built += ".exe"
	}
	if err := l.build(ctx, built); err != nil {
		if ctx.Err() != nil {
			fmt.Fprintln(l.err, "Stopped while compiling; what is compiled is kept for next time.")
			return codeInterrupted
		}
		fmt.Fprintln(l.err, "quickstart:", err)
		return 1
	}
	return l.start(ctx, built)
}

// build has the go command build the program, and put a link to it at target.
//
// It is go run and not go build because go run keeps what it has linked in the
// build cache, and linking a server takes as long as compiling the rest. What go
// run runs is this program, as keep.
func (l launcher) build(ctx context.Context, target string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "run", "-v", "-buildvcs=false",
		"-exec", quote(self)+" "+keepCommand+" "+quote(target), l.program)
	// The go command then ends its compilers.
	cmd.Cancel = func() error { return interrupt(cmd.Process) }
	cmd.WaitDelay = patience
	// An interrupted go command does not always remove its work; run does.
	cmd.Env = append(os.Environ(), "GOTMPDIR="+filepath.Dir(target))
	p := newProgress(l.out, isTerminal(l.out))
	cmd.Stdout, cmd.Stderr = p, p
	p.begin()
	err = cmd.Run()
	p.end(err == nil)
	switch _, statErr := os.Stat(target); {
	case errors.Is(err, exec.ErrNotFound):
		return errors.New("there is no go command in the PATH: install Go from https://go.dev/dl")
	case err != nil:
		return fmt.Errorf("the go command could not build it: %w\n%s", err, p.complaints())
	case statErr != nil:
		return fmt.Errorf("the go command built nothing: %w\n%s", statErr, p.complaints())
	}
	return nil
}

// keep is what the go command runs in place of the built program: it saves the
// program from being deleted when the go command ends.
func keep(target, built string) int {
	// A link costs nothing; a copy is for when the cache is on another disk.
	if os.Link(built, target) == nil {
		return 0
	}
	if err := copyFile(target, built); err != nil {
		fmt.Fprintln(os.Stderr, "keep the built program:", err)
		return 1
	}
	return 0
}

func copyFile(target, source string) error {
	from, err := os.Open(source)
	if err != nil {
		return err
	}
	defer from.Close() //nolint:errcheck // It was only read.
	to, err := os.OpenFile(target, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o700)
	if err != nil {
		return err
	}
	if _, err := io.Copy(to, from); err != nil {
		return errors.Join(err, to.Close())
	}
	return to.Close()
}

// start runs the built program to its end and returns its exit code.
func (l launcher) start(ctx context.Context, built string) int {
	cmd := exec.CommandContext(ctx, built, l.args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = l.in, l.out, l.err
	// Ctrl-C reaches the program by itself, from the terminal; a signal that
	// somebody sent to this process does not, so pass it on. One more does no
	// harm.
	cmd.Cancel = func() error { return interrupt(cmd.Process) }
	cmd.WaitDelay = patience
	err := cmd.Run()
	if cmd.ProcessState == nil {
		fmt.Fprintln(l.err, "quickstart: could not run what was built:", err)
		return 1
	}
	if code := cmd.ProcessState.ExitCode(); code >= 0 {
		return code
	}
	if ctx.Err() != nil {
		return codeInterrupted
	}
	fmt.Fprintln(l.err, "quickstart:", err)
	return 1
}

// interrupt asks a process to end. Windows cannot be asked.
func interrupt(p *os.Process) error {
	if runtime.GOOS == "windows" {
		return p.Kill()
	}
	return p.Signal(os.Interrupt)
}

// quote makes one word for the go command's -exec.
func quote(word string) string { return "'" + word + "'" }
