package service

import (
	"fmt"
	"strings"
)

// nodeKind is the kind of a node of a parsed query, by the name that the server's
// errors have for it.
type nodeKind string

const (
	andNode     nodeKind = "*sqlparser.AndExpr"
	orNode      nodeKind = "*sqlparser.OrExpr"
	notNode     nodeKind = "*sqlparser.NotExpr"
	parenNode   nodeKind = "*sqlparser.ParenExpr"
	compareNode nodeKind = "*sqlparser.ComparisonExpr"
	rangeNode   nodeKind = "*sqlparser.RangeCond"
	isNode      nodeKind = "*sqlparser.IsExpr"
	columnNode  nodeKind = "*sqlparser.ColName"
	valueNode   nodeKind = "*sqlparser.SQLVal"
	boolNode    nodeKind = "sqlparser.BoolVal"
	nullNode    nodeKind = "*sqlparser.NullVal"
	tupleNode   nodeKind = "sqlparser.ValTuple"
	unaryNode   nodeKind = "*sqlparser.UnaryExpr"
	binaryNode  nodeKind = "*sqlparser.BinaryExpr"
	callNode    nodeKind = "*sqlparser.FuncExpr"
)

// node is a node of a parsed query.
type node struct {
	kind nodeKind
	op   string // of comparisons, ranges and unary expressions, in small letters
	word word   // of values and columns
	args []*node
}

// parsed is a query.
type parsed struct {
	where   *node // nil: everything
	groupBy []*node
	orderBy []*node
	limit   bool
}

// A queryError is what is wrong with a query.
type queryError string

// Error implements error.
func (e queryError) Error() string { return string(e) }

func badQuery(format string, args ...any) error { return queryError(fmt.Sprintf(format, args...)) }

const (
	// queryPrefix makes a statement of a filter, as the server does: the positions
	// in its errors count from there.
	queryPrefix = "select * from table1 "
	wherePrefix = "where "
	// maxDepth is how deep parentheses and negations may be nested.
	maxDepth = 200
)

// parser reads a query by recursive descent. The first error ends it.
type parser struct {
	scanner
	word  word
	depth int
	err   error
}

// parseQuery parses a query, which may be empty.
func parseQuery(query string) (*parsed, error) {
	where := strings.TrimSpace(query)
	start := strings.ToLower(where)
	filtered := where != "" && !strings.HasPrefix(start, "order by") && !strings.HasPrefix(start, "group by")
	if filtered {
		where = wherePrefix + where
	}
	p := &parser{scanner: scanner{text: queryPrefix + where, at: len(queryPrefix)}}
	p.step()
	q := &parsed{}
	if filtered {
		p.step()
		q.where = p.or()
	}
	if p.isKey("group") {
		p.step()
		p.expectKey("by")
		q.groupBy = p.list(p.value)
	}
	if p.isKey("order") {
		p.step()
		p.expectKey("by")
		q.orderBy = p.list(p.sorted)
	}
	if p.isKey("limit") {
		q.limit = true
		p.step()
		p.list(p.value)
	}
	if p.word.kind != endWord {
		p.fail()
	}
	return q, p.err
}

func (p *parser) step() {
	if p.err == nil {
		p.word = p.next()
	}
}

// fail says that the query cannot go on with the word.
func (p *parser) fail() *node {
	if p.err == nil {
		near := ""
		if p.word.text != "" && p.word.kind != signWord && p.word.kind != endWord {
			near = " near '" + p.word.text + "'"
		}
		p.err = badQuery("malformed SQL query: syntax error at position %d%s", p.word.end+1, near)
		p.word = word{}
	}
	return &node{kind: nullNode}
}

// deeper goes one level down; it reports whether there is one.
func (p *parser) deeper() bool {
	p.depth++
	return p.depth <= maxDepth
}

func (p *parser) higher() { p.depth-- }

func (p *parser) isKey(key string) bool {
	return p.err == nil && p.word.kind == keyWord && p.word.text == key
}

func (p *parser) isSign(sign string) bool {
	return p.err == nil && p.word.kind == signWord && p.word.text == sign
}

func (p *parser) expectKey(key string) {
	if !p.isKey(key) {
		p.fail()
	}
	p.step()
}

func (p *parser) expectSign(sign string) {
	if !p.isSign(sign) {
		p.fail()
	}
	p.step()
}

// list reads things that commas are between.
func (p *parser) list(one func() *node) []*node {
	out := []*node{one()}
	for p.isSign(",") {
		p.step()
		out = append(out, one())
	}
	return out
}

func (p *parser) sorted() *node {
	n := p.value()
	if p.isKey("asc") || p.isKey("desc") {
		p.step()
	}
	return n
}

func (p *parser) or() *node {
	n := p.and()
	for p.isKey("or") || p.isSign("||") {
		p.step()
		n = &node{kind: orNode, args: []*node{n, p.and()}}
	}
	return n
}

func (p *parser) and() *node {
	n := p.not()
	for p.isKey("and") || p.isSign("&&") {
		p.step()
		n = &node{kind: andNode, args: []*node{n, p.not()}}
	}
	return n
}

func (p *parser) not() *node {
	if !p.isKey("not") {
		return p.condition()
	}
	if !p.deeper() {
		return p.fail()
	}
	defer p.higher()
	p.step()
	return &node{kind: notNode, args: []*node{p.not()}}
}

func (p *parser) condition() *node {
	n := p.comparison()
	for p.isKey("is") {
		p.step()
		op := "is "
		if p.isKey("not") {
			p.step()
			op += "not "
		}
		if !p.isKey("null") && !p.isKey("true") && !p.isKey("false") {
			return p.fail()
		}
		n = &node{kind: isNode, op: op + p.word.text, args: []*node{n}}
		p.step()
	}
	return n
}

func (p *parser) comparison() *node {
	left, not := p.value(), ""
	if p.word.kind == signWord && strings.Contains(" = < > <= >= != <> <=> ", " "+p.word.text+" ") {
		op := strings.Replace(p.word.text, "<>", "!=", 1)
		p.step()
		return &node{kind: compareNode, op: op, args: []*node{left, p.value()}}
	}
	if p.isKey("not") {
		not = "not "
		p.step()
		if !p.isKey("in") && !p.isKey("between") && !p.isKey("like") && !p.isKey("regexp") && !p.isKey("starts_with") {
			return p.fail()
		}
	}
	op := not + p.word.text
	switch {
	case p.isKey("in"):
		p.step()
		p.expectSign("(")
		tuple := &node{kind: tupleNode, args: p.list(p.value)}
		p.expectSign(")")
		return &node{kind: compareNode, op: op, args: []*node{left, tuple}}
	case p.isKey("between"):
		p.step()
		from := p.value()
		p.expectKey("and")
		return &node{kind: rangeNode, op: op, args: []*node{left, from, p.value()}}
	case p.isKey("like"), p.isKey("regexp"), p.isKey("starts_with"):
		p.step()
		return &node{kind: compareNode, op: op, args: []*node{left, p.value()}}
	default:
		return left
	}
}

// value reads a value, or arithmetics, which the server understands but refuses.
func (p *parser) value() *node {
	n := p.term()
	for p.err == nil && p.word.kind == signWord && strings.Contains("+-*/%", p.word.text) {
		p.step()
		n = &node{kind: binaryNode, args: []*node{n, p.term()}}
	}
	return n
}

// term reads a value, a column, or an expression in parentheses.
func (p *parser) term() *node {
	w := p.word
	switch {
	case p.err != nil:
		return p.fail()
	case w.kind == textWord, w.kind == intWord, w.kind == floatWord:
		p.step()
		return &node{kind: valueNode, word: w}
	case p.isKey("true"), p.isKey("false"):
		p.step()
		return &node{kind: boolNode, word: w}
	case p.isKey("null"):
		p.step()
		return &node{kind: nullNode}
	case w.kind == nameWord:
		return p.name()
	case p.isSign("-"), p.isSign("+"), p.isSign("("):
		return p.nested()
	default:
		return p.fail()
	}
}

// nested reads what holds another value.
func (p *parser) nested() *node {
	if !p.deeper() {
		return p.fail()
	}
	defer p.higher()
	w := p.word
	p.step()
	if w.text != "(" {
		return &node{kind: unaryNode, op: w.text, args: []*node{p.term()}}
	}
	args := p.list(p.or)
	p.expectSign(")")
	if len(args) > 1 {
		return &node{kind: tupleNode, args: args}
	}
	return &node{kind: parenNode, args: args}
}

// name reads a column, or a call of a function.
func (p *parser) name() *node {
	n := &node{kind: columnNode, word: p.word}
	p.step()
	for p.isSign(".") {
		p.step()
		if p.word.kind != nameWord {
			return p.fail()
		}
		n.word.text += "." + p.word.text
		p.step()
	}
	if !p.isSign("(") {
		return n
	}
	if !p.deeper() {
		return p.fail()
	}
	defer p.higher()
	n.kind = callNode
	p.step()
	if !p.isSign(")") {
		n.args = p.list(p.or)
	}
	p.expectSign(")")
	return n
}
