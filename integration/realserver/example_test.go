package realserver_test

import (
	"context"
	"fmt"

	"github.com/mainspring-go/mainspring/integration/embedded"
)

// Example_embeddedStart stands here and not beside embedded, so that no second test binary
// links the server.
func Example_embeddedStart() {
	srv, err := embedded.Start(context.Background(), embedded.Options{Namespaces: []string{"orders"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("takes calls:", srv.Address() != "")
	fmt.Println("stopped:", srv.Stop() == nil)
	// Output:
	// takes calls: true
	// stopped: true
}
