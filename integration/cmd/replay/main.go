// Command replay replays histories on the workflows of integration/compat, whose
// histories are stored beside them:
//
//	go run ./integration/cmd/replay integration/compat/testdata
//
// It is also how a program of one's own does it: with one's own workflows.
package main

import (
	"os"

	"github.com/mainspring-go/mainspring/core/replay"
	"github.com/mainspring-go/mainspring/integration/compat/workflows"
)

func main() { os.Exit(replay.Main(workflows.Workflows()...)) }
