// Command hello is what the tests of the launcher build: it says what it was
// given, and ends with the code that it was told.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

func main() {
	fmt.Println("args:", os.Args[1:])
	if os.Args[1] == "wait" {
		stopped := make(chan os.Signal, 1)
		signal.Notify(stopped, os.Interrupt, syscall.SIGTERM)
		fmt.Println("waiting")
		<-stopped
		fmt.Println("stopped in order")
		os.Exit(7)
	}
	code, err := strconv.Atoi(os.Args[1])
	if err != nil {
		code = 99
	}
	os.Exit(code)
}
