package service

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	enumspb "go.temporal.io/api/enums/v1"
)

// truth is the logic of SQL: what is compared with nothing is neither true nor
// false, and neither is its negation.
type truth int

const (
	isFalse truth = iota
	isUnknown
	isTrue
)

func truthOf(b bool) truth {
	if b {
		return isTrue
	}
	return isFalse
}

// filter says whether a run fits a query.
type filter func(*run) truth

// column is a search attribute that a query names.
type column struct {
	alias, name string
	kind        enumspb.IndexedValueType
}

// column finds the search attribute that a query means.
func (s *Service) column(n *node) (column, error) {
	if n.kind != columnNode {
		return column{}, badQuery("invalid expression: must be a column name but was %s", n.kind)
	}
	alias := n.word.text
	name := alias
	if kind := s.attributeType(name); kind != 0 {
		return column{alias, name, kind}, nil
	}
	const prefix = "Temporal"
	switch {
	case strings.TrimPrefix(alias, prefix) == "ScheduleId":
		name = "WorkflowId"
	case strings.HasPrefix(alias, prefix):
		name = strings.TrimPrefix(alias, prefix)
	default:
		name = prefix + alias
	}
	if kind := s.attributeType(name); kind != 0 {
		return column{alias, name, kind}, nil
	}
	return column{}, badQuery("invalid search attribute: %s", alias)
}

func (s *Service) attributeType(name string) enumspb.IndexedValueType {
	if kind, ok := systemType(name); ok {
		return kind
	}
	if kind, _ := predefinedType(name); kind != 0 {
		return kind
	}
	return s.options.SearchAttributes[name]
}

// filter makes a filter of a parsed expression.
func (s *Service) filter(n *node) (filter, error) {
	switch n.kind {
	case andNode, orNode:
		return s.junction(n)
	case notNode:
		inner, err := s.filter(n.args[0])
		return func(r *run) truth { return isTrue - inner(r) }, err
	case parenNode:
		return s.filter(n.args[0])
	case compareNode:
		return s.comparison(n)
	case rangeNode:
		return s.between(n)
	case isNode:
		c, err := s.column(n.args[0])
		switch {
		case err != nil:
			return nil, err
		case n.op == "is null":
			return func(r *run) truth { return truthOf(r.attribute(c) == nil) }, nil
		case n.op == "is not null":
			return func(r *run) truth { return truthOf(r.attribute(c) != nil) }, nil
		}
		return nil, badQuery("invalid expression: 'IS' operator can only be used as 'IS NULL' or 'IS NOT NULL'")
	case callNode:
		return nil, badQuery("operation is not supported: function expression")
	case columnNode:
		return nil, badQuery("invalid expression: incomplete expression")
	default:
		return nil, badQuery("operation is not supported: expression of type %s", n.kind)
	}
}

func (s *Service) junction(n *node) (filter, error) {
	left, err := s.filter(n.args[0])
	if err != nil {
		return nil, err
	}
	right, err := s.filter(n.args[1])
	if n.kind == andNode {
		return func(r *run) truth { return min(left(r), right(r)) }, err
	}
	return func(r *run) truth { return max(left(r), right(r)) }, err
}

// operators are those that the type has.
func operators(kind enumspb.IndexedValueType) []string {
	switch kind {
	case keywordType:
		return []string{"=", "!=", "<", ">", "<=", ">=", "in", "not in", "starts_with", "not starts_with"}
	case keywordListType:
		return []string{"=", "!=", "in", "not in"}
	case textType:
		return []string{"=", "!="}
	default:
		return []string{"=", "!=", "<", ">", "<=", ">=", "in", "not in"}
	}
}

func (s *Service) comparison(n *node) (filter, error) {
	c, err := s.column(n.args[0])
	if err != nil {
		return nil, err
	}
	values, err := c.values(n.args[1])
	if err != nil {
		return nil, err
	}
	if !slices.Contains(operators(c.kind), n.op) {
		return nil, badQuery("operation is not supported: operator '%s' not supported for %s type search attribute '%s'",
			strings.ToUpper(n.op), c.kind, c.alias)
	}
	op, not := strings.TrimPrefix(n.op, "not "), strings.HasPrefix(n.op, "not ")
	if op == "!=" {
		op, not = "=", true
	}
	if op == "starts_with" {
		if _, text := values[0].(string); !text {
			return nil, badQuery("invalid expression: right-hand side of %q operator must be a literal string (got: %v)",
				n.op, values[0])
		}
	}
	listed := c.kind == keywordListType || c.kind == textType
	return func(r *run) truth {
		have := r.attribute(c)
		if have == nil {
			if listed {
				return truthOf(not)
			}
			return isUnknown
		}
		fits := slices.ContainsFunc(values, func(want any) bool { return holds(c.kind, op, have, want) })
		return truthOf(fits != not)
	}, nil
}

func (s *Service) between(n *node) (filter, error) {
	c, err := s.column(n.args[0])
	if err != nil {
		return nil, err
	}
	if c.kind == boolType || c.kind == textType || c.kind == keywordListType {
		return nil, badQuery("invalid expression: cannot do range condition on search attribute '%s' of type %s", c.alias, c.kind)
	}
	from, err := c.values(n.args[1])
	if err != nil {
		return nil, err
	}
	to, err := c.values(n.args[2])
	not := n.op == "not between"
	return func(r *run) truth {
		have := r.attribute(c)
		if have == nil {
			return isUnknown
		}
		return truthOf((order(have, from[0]) >= 0 && order(have, to[0]) <= 0) != not)
	}, err
}

// holds reports whether what a run has compares so with what a query wants.
func holds(kind enumspb.IndexedValueType, op string, have, want any) bool {
	switch {
	case kind == keywordListType:
		list, _ := have.([]string)
		text, _ := want.(string)
		return slices.Contains(list, text)
	case kind == textType:
		return hasToken(have, want)
	case op == "starts_with":
		text, _ := have.(string)
		prefix, _ := want.(string)
		return strings.HasPrefix(text, prefix)
	}
	o := order(have, want)
	switch op {
	case "<":
		return o < 0
	case "<=":
		return o <= 0
	case ">":
		return o > 0
	case ">=":
		return o >= 0
	default:
		return o == 0
	}
}

// hasToken reports whether the text has one of the words that the query has.
func hasToken(have, want any) bool {
	text, _ := have.(string)
	query, _ := want.(string)
	words := func(s string) []string {
		return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	}
	has := words(text)
	return slices.ContainsFunc(words(query), func(w string) bool { return slices.Contains(has, w) })
}

// order compares two values of one type; numbers may be whole or not.
func order(a, b any) int {
	switch a := a.(type) {
	case string:
		b, _ := b.(string)
		return strings.Compare(a, b)
	case time.Time:
		b, _ := b.(time.Time)
		return a.Truncate(time.Microsecond).Compare(b.Truncate(time.Microsecond))
	case bool:
		b, _ := b.(bool)
		return cmp.Compare(btoi(a), btoi(b))
	}
	x, whole := a.(int64)
	y, both := b.(int64)
	if whole && both {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(number(a), number(b))
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func number(v any) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	default:
		return 0
	}
}

// attribute is what the run has of the column; nil if it has nothing.
func (r *run) attribute(c column) any {
	switch c.name {
	case "WorkflowId":
		return r.workflowID
	case "RunId":
		return r.id
	case "WorkflowType":
		return r.started.GetWorkflowType().GetName()
	case "TaskQueue":
		return r.started.GetTaskQueue().GetName()
	case "ExecutionStatus":
		return int64(r.status)
	case "StartTime":
		return r.startTime
	case "ExecutionTime":
		return r.executionTime()
	case "ParentWorkflowId", "ParentRunId", "RootWorkflowId", "RootRunId":
		return r.relative(c.name)
	case "CloseTime", "ExecutionDuration", "HistoryLength", "HistorySizeBytes", "StateTransitionCount":
		return r.atEnd(c.name)
	}
	v, err := decodeAttribute(r.attributes[c.name], c.kind)
	if err != nil {
		return nil
	}
	return v
}

// relative is an id of a workflow that the run belongs to.
func (r *run) relative(name string) any {
	info := r.info()
	e := info.GetRootExecution()
	if strings.HasPrefix(name, "Parent") {
		e = info.GetParentExecution()
	}
	if e == nil {
		return nil
	}
	if strings.HasSuffix(name, "RunId") {
		return e.GetRunId()
	}
	return e.GetWorkflowId()
}

// atEnd is what is told only of runs that are closed.
func (r *run) atEnd(name string) any {
	switch {
	case r.running():
		return nil
	case name == "CloseTime":
		return r.closed
	case name == "ExecutionDuration":
		return int64(r.closed.Sub(r.executionTime()))
	case name == "HistoryLength":
		return int64(len(r.events))
	case name == "HistorySizeBytes":
		return r.size()
	default:
		return nil // state transitions are not counted
	}
}

// statusValue is an execution status as it is compared.
func statusValue(v any) (any, error) {
	const name = "ExecutionStatus"
	switch v := v.(type) {
	case int64:
		if _, ok := enumspb.WorkflowExecutionStatus_name[int32(v)]; ok && v >= 0 && v < 1<<31 { //nolint:gosec // it is looked at
			return v, nil
		}
		return nil, badQuery("invalid expression: invalid %s value %v", name, v)
	case string:
		status, err := enumspb.WorkflowExecutionStatusFromString(v)
		if err != nil {
			return nil, badQuery("invalid expression: invalid %s value '%s'", name, v)
		}
		return int64(status), nil
	default:
		return nil, badQuery("invalid expression: unexpected value type %T for search attribute %s", v, name)
	}
}

// durationValue is a duration as it is compared, in nanoseconds.
func durationValue(v any) (any, error) {
	const name = "ExecutionDuration"
	switch v := v.(type) {
	case int64:
		return v, nil
	case string:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return n, nil
		}
		if d, err := time.ParseDuration(v); err == nil {
			return int64(d), nil
		}
		if d, ok := clockDuration(v); ok {
			return int64(d), nil
		}
		return nil, badQuery("invalid expression: invalid duration value for search attribute %s: %v", name, v)
	default:
		return nil, badQuery("invalid expression: unexpected value type %T for search attribute %s", v, name)
	}
}

// clockDuration reads hours, minutes and seconds with colons between them.
func clockDuration(s string) (time.Duration, bool) {
	parts := strings.Split(s, ":")
	if len(parts) != 3 {
		return 0, false
	}
	var total time.Duration
	for i, unit := range []time.Duration{time.Hour, time.Minute, time.Second} {
		n, err := strconv.ParseUint(parts[i], 10, 16)
		if err != nil || i > 0 && n > 59 {
			return 0, false
		}
		total += time.Duration(n) * unit //nolint:gosec // it is small
	}
	return total, true
}
