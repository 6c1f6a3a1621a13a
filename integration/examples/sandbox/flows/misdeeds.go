package flows

import (
	"fmt"
	"net"
	"os"
	"time"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
)

// A Misdeed is a way to misbehave.
type Misdeed struct {
	// Name says what the code does.
	Name string
	do   func() error
}

// Misdeeds are the ways to misbehave that Misbehave knows.
func Misdeeds() []Misdeed {
	return []Misdeed{
		{"reads a file", readFile},
		{"dials an address", dial},
		{"reads the environment", readEnvironment},
		{"sleeps, but not in workflow time", sleep},
		{"exits", exit},
		{"loops for ever", loop},
		{"takes too much memory", takeMemory},
		{"waits for what never comes", wait},
	}
}

// Misbehave commits the misdeed of that name.
func Misbehave(_ workflow.Context, name string) (string, error) {
	for _, m := range Misdeeds() {
		if m.Name == name {
			return "got away with it", m.do()
		}
	}
	return "", temporal.NewNonRetryableApplicationError("no such misdeed: "+name, "NoMisdeed", nil)
}

func readFile() error {
	_, err := os.ReadFile("/etc/hostname")
	return err
}

func dial() error {
	conn, err := net.Dial("tcp", "example.com:443") //nolint:noctx // a misdeed
	if err != nil {
		return err
	}
	return conn.Close()
}

func readEnvironment() error {
	if os.Getenv("HOME") == "" {
		return os.ErrNotExist
	}
	return nil
}

func sleep() error {
	time.Sleep(time.Second)
	return nil
}

func exit() error {
	os.Exit(3) //nolint:forbidigo // a misdeed
	return nil
}

func loop() error {
	for n := 1; n != 0; {
		n += 2 // is odd, always
	}
	return nil
}

func takeMemory() error {
	var all [][]byte
	for range 1024 {
		all = append(all, make([]byte, 1<<20))
	}
	return fmt.Errorf("%d MiB were to be had", len(all))
}

func wait() error {
	<-make(chan struct{})
	return nil
}
