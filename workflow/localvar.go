package workflow

// A LocalVar is a variable of one workflow run that workflow code and
// interceptors share. Copies of it are the same variable. Its value is nowhere
// but in memory: it is made again in replay, and does not go to activities,
// child workflows or the run that this one continues as. The zero LocalVar is
// of no use: see [NewLocalVar].
type LocalVar[T any] struct {
	key *localKey
	run *run
}

// localKey is what a variable is found by. It has a size, so that no two have
// the same address.
type localKey struct{ _ byte }

// NewLocalVar returns a new variable of the run of ctx.
func NewLocalVar[T any](ctx Context) LocalVar[T] {
	return LocalVar[T]{key: &localKey{}, run: runOf(ctx)}
}

// Get returns what was set last, or the zero value.
func (v LocalVar[T]) Get(ctx Context) T {
	v.check(ctx)
	value, _ := v.run.locals[v.key].(T)
	return value
}

// Set changes the value. It is not for code that must not change the workflow,
// such as query handlers.
func (v LocalVar[T]) Set(ctx Context, value T) {
	v.check(ctx)
	v.run.mustMutate()
	if v.run.locals == nil {
		v.run.locals = make(map[*localKey]any)
	}
	v.run.locals[v.key] = value
}

func (v LocalVar[T]) check(ctx Context) {
	if v.key == nil {
		mistake("workflow.LocalVar is not initialized; use workflow.NewLocalVar(ctx)")
	}
	if runOf(ctx) != v.run {
		mistake("workflow.LocalVar: context belongs to a different workflow run")
	}
}
