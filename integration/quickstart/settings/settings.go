package settings

import (
	"flag"
	"fmt"
	"io"
	"net"
)

// Settings are what the flags say.
type Settings struct {
	// Address of a Temporal server, as host:port. Empty: start one.
	Address string
	// Namespace to work in.
	Namespace string
	// Serve keeps server and worker running after the story.
	Serve bool
}

// Parse reads command-line arguments without the program's name. It writes the
// usage and what is wrong to complaints. The error is flag.ErrHelp if help was
// asked for.
func Parse(args []string, complaints io.Writer) (Settings, error) {
	var s Settings
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(complaints)
	flags.StringVar(&s.Address, "address", "",
		"`host:port` of a running Temporal server; without it the quickstart brings its own")
	flags.StringVar(&s.Namespace, "namespace", "default",
		"`name` of the namespace; on a server of your own it must exist")
	flags.BoolVar(&s.Serve, "serve", false,
		"keep server and worker running after the story, until Ctrl-C")
	flags.Usage = func() {
		fmt.Fprint(complaints, "The quickstart runs one order through a Mainspring worker.\n\n"+
			"usage: go run ./integration/quickstart [flags]\n\n")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return Settings{}, err
	}
	if err := s.check(flags.Args()); err != nil {
		fmt.Fprintln(complaints, err)
		return Settings{}, err
	}
	return s, nil
}

func (s Settings) check(rest []string) error {
	if len(rest) > 0 {
		return fmt.Errorf("quickstart: unknown argument %q: it takes only flags", rest[0])
	}
	if s.Namespace == "" {
		return fmt.Errorf("quickstart: -namespace is empty: leave it out for %q", "default")
	}
	if s.Address == "" {
		return nil
	}
	if _, port, err := net.SplitHostPort(s.Address); err != nil || port == "" {
		return fmt.Errorf("quickstart: -address is %q: give host:port, for example localhost:7233",
			s.Address)
	}
	return nil
}
