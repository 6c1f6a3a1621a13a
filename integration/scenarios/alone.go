package scenarios

import "github.com/google/uuid"

// alone gives every run of the scenarios names of its own. They see what was
// there before under their names: request ids, updates, closed workflows.
func alone(all []Scenario) []Scenario {
	for i, s := range all {
		all[i].Run = func(e *Env) {
			e.Name = s.Name + "-" + uuid.NewString()
			s.Run(e)
		}
	}
	return all
}
