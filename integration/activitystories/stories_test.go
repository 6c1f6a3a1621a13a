package activitystories_test

import (
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"

	"github.com/mainspring-go/mainspring/integration/activitystories"
	"github.com/mainspring-go/mainspring/testkit/service"
)

// TestInMemory tells the stories to the service in memory, in virtual time.
func TestInMemory(t *testing.T) {
	for _, s := range activitystories.All() {
		if s.RealOnly != "" {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake, err := service.New(service.Options{})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := fake.Leftovers(); err != nil {
						t.Error(err)
					}
					if err := fake.Close(); err != nil {
						t.Error(err)
					}
				})
				s.Run(t, activitystories.Server{
					Address:     "passthrough:///service",
					DialOptions: []grpc.DialOption{grpc.WithContextDialer(fake.Dial)},
				})
			})
		})
	}
}
