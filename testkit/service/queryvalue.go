package service

import (
	"strconv"
	"strings"
	"time"
)

// values are those that a query compares the column with.
func (c column) values(n *node) ([]any, error) {
	if n.kind != tupleNode {
		v, err := c.value(n)
		return []any{v}, err
	}
	out := make([]any, len(n.args))
	for i, arg := range n.args {
		v, err := c.value(arg)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func (c column) value(n *node) (any, error) {
	switch n.kind {
	case valueNode:
		v, err := literal(n.word)
		switch {
		case err != nil:
			return nil, err
		case c.name == "ExecutionStatus":
			return statusValue(v)
		case c.name == "ExecutionDuration":
			return durationValue(v)
		}
		return c.fit(v)
	case boolNode:
		return c.fit(n.word.text == "true")
	case unaryNode:
		return c.signed(n)
	case callNode:
		return nil, badQuery("operation is not supported: nested func")
	case columnNode:
		return nil, badQuery("operation is not supported: column name on the right side of comparison expression "+
			"(did you forget to quote %q?)", n.word.text)
	default:
		return nil, badQuery("invalid expression: unexpected value type %s", n.kind)
	}
}

// signed is a value behind a sign.
func (c column) signed(n *node) (any, error) {
	inner := n.args[0]
	if inner.kind != valueNode || inner.word.kind == textWord {
		text := inner.word.text
		if inner.kind == valueNode {
			text = "'" + text + "'"
		}
		return nil, badQuery("invalid expression: unary operator not supported in %q", n.op+text)
	}
	v, err := c.value(inner)
	if err != nil || n.op == "+" {
		return v, err
	}
	switch v := v.(type) {
	case int64:
		return -v, nil
	case float64:
		return -v, nil
	default:
		return nil, badQuery("invalid expression: unary expression %q", n.op+inner.word.text)
	}
}

// literal is the value of a word.
func literal(w word) (any, error) {
	if w.kind == textWord {
		return strings.Trim(w.text, "'"), nil
	}
	if n, err := strconv.ParseInt(w.text, 10, 64); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(w.text, 64)
	if err != nil {
		return nil, badQuery("invalid expression: unable to parse value %q", w.text)
	}
	return f, nil
}

// fit refuses values that are not of the column's type.
func (c column) fit(v any) (any, error) {
	text, isText := v.(string)
	_, isBool := v.(bool)
	whole, isInt := v.(int64)
	_, isFloat := v.(float64)
	ok := false
	switch c.kind {
	case intType, doubleType:
		ok = isInt || isFloat
	case boolType:
		ok = isBool
	case datetimeType:
		if isInt {
			return time.Unix(0, whole).UTC(), nil
		}
		if isText {
			at, err := time.Parse(time.RFC3339Nano, text)
			if err != nil {
				return nil, badQuery("invalid expression: unable to parse datetime '%s'", text)
			}
			return at.UTC(), nil
		}
	case textType:
		if isText && strings.TrimSpace(text) == "" {
			return nil, badQuery("invalid expression: no tokens found filtering on Text type search attribute %s", c.alias)
		}
		ok = isText
	default:
		ok = isText
	}
	if !ok {
		return nil, badQuery("invalid expression: invalid value type for search attribute %s of type %s: %#v (type: %T)",
			c.alias, c.kind, v, v)
	}
	return v, nil
}
