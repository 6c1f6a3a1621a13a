// Package gopsutil reads, for a resource-based supplier of slots, how busy a machine of any system
// is: macOS, Windows, the BSDs and others that gopsutil knows.
//
//	controller, err := slots.NewController(slots.ControllerOptions{
//		Memory: 0.8, CPU: 0.9, Sampler: gopsutil.Sampler{},
//	})
//	if err != nil {
//		return err
//	}
//	supplier, err := slots.NewResource(slots.ResourceOptions{Controller: controller, Limit: 500})
//
// What it promises: memory that the system can take back, such as the page cache, does not count as
// used; a [Sampler] keeps no state, so one may be shared, and it starts no goroutine.
//
// What it will not do: it reads the machine as a whole and knows no limits of containers. On Linux
// use the sampler that package slots has itself, which does, and needs no dependency.
package gopsutil
