package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/mainspring-go/mainspring/integration/bench/contestant"
	"github.com/mainspring-go/mainspring/integration/bench/frontend"
)

// A process is this program in another role. It is told lines and answers with lines.
type process struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Scanner
}

func startProcess(ctx context.Context, args ...string) (*process, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return startCommand(exec.CommandContext(ctx, path, args...))
}

// startCommand starts another program as a process.
func startCommand(cmd *exec.Cmd) (*process, error) {
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &process{cmd: cmd, in: in, lines: bufio.NewScanner(out)}, nil
}

// line is what the process says next.
func (p *process) line() (string, error) {
	if p.lines.Scan() {
		return p.lines.Text(), nil
	}
	return "", errors.Join(errors.New("a process of the benchmark has ended early"), p.lines.Err())
}

func (p *process) ask(question string) (answer string, err error) {
	if _, err := fmt.Fprintln(p.in, question); err != nil {
		return "", err
	}
	return p.line()
}

// end lets the process end by itself.
func (p *process) end() error {
	return errors.Join(p.in.Close(), p.cmd.Wait())
}

// A pair is a contestant and a frontend of its own; a replay has none, and
// neither has a contestant that is told another address.
type pair struct {
	job      contestant.Job
	frontend *process
	worker   *process

	rate    float64          // at which units arrive in a second
	perRun  float64          // bytes that one takes that is parked
	outcome frontend.Outcome // of the latest order
}

// startPair starts both; the contestant writes its profiles to files that have a name.
func startPair(ctx context.Context, job contestant.Job, prof profiles) (p *pair, err error) {
	p = &pair{job: job}
	defer func() {
		if err != nil {
			p.kill()
		}
	}()
	text, err := json.Marshal(p.job)
	if err != nil {
		return nil, err
	}
	if job.Replay == "" && job.Address == "" {
		if p.frontend, err = startProcess(ctx, "-as", "frontend", "-job", string(text)); err != nil {
			return nil, err
		}
		if p.job.Address, err = p.frontend.line(); err != nil {
			return nil, err
		}
		if text, err = json.Marshal(p.job); err != nil {
			return nil, err
		}
	}
	p.worker, err = startProcess(ctx, "-as", job.Contestant, "-job", string(text),
		"-cpuprofile", prof.cpu, "-memprofile", prof.allocs)
	if err != nil {
		return nil, err
	}
	_, err = p.worker.line() // it is ready
	return p, err
}

// do returns when n units of the order are done, or n replays.
func (p *pair) do(o frontend.Order, n int) error {
	if p.job.Replay == "" {
		o.Units = n
		return p.handOut(o)
	}
	for range n {
		if err := expectOK(p.worker.ask(contestant.Replay)); err != nil {
			return err
		}
	}
	return nil
}

// handOut has the frontend hand out an order.
func (p *pair) handOut(o frontend.Order) error {
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	p.outcome = frontend.Outcome{}
	if err := p.frontend.tell(string(text), &p.outcome); err != nil {
		return err
	}
	if p.outcome.Wrong != "" {
		return errors.New(p.outcome.Wrong)
	}
	return nil
}

func expectOK(answer string, err error) error {
	if err == nil && answer != "ok" {
		err = errors.New(answer)
	}
	return err
}

func (p *pair) read() (r contestant.Reading, err error) {
	return r, p.worker.tell("read", &r)
}

// tell asks a question and decodes the answer.
func (p *process) tell(question string, answer any) error {
	text, err := p.ask(question)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(text), answer); err != nil {
		return errors.New(text) // which says what is wrong
	}
	return nil
}

// stop ends the contestant in order, then its frontend, and returns how long the contestant took to
// stop. It has nothing to do then but to end its polls.
func (p *pair) stop() (took time.Duration, err error) {
	answer, err := p.worker.ask(contestant.Stop)
	if err != nil {
		return 0, err
	}
	if took, err = time.ParseDuration(answer); err != nil {
		return 0, err
	}
	return took, p.end()
}

// end lets both end that have nothing left to do.
func (p *pair) end() error {
	err := p.worker.end()
	if p.frontend != nil {
		err = errors.Join(err, p.frontend.end())
	}
	return err
}

// kill ends what is left of the pair.
func (p *pair) kill() {
	for _, one := range []*process{p.worker, p.frontend} {
		if one != nil && one.cmd.ProcessState == nil {
			_ = one.cmd.Process.Kill() // it may be over
			_ = one.cmd.Wait()
		}
	}
}
