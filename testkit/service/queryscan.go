package service

import (
	"bytes"
	"strings"
)

// wordKind is the kind of a word of a query.
type wordKind int

const (
	endWord  wordKind = iota
	nameWord          // the name of a column
	keyWord           // a word that SQL reserves
	textWord          // 'text' or "text"
	intWord
	floatWord
	signWord // an operator or a parenthesis
	badWord
)

// word is one word of a query.
type word struct {
	kind wordKind
	text string // of key words in small letters, of signs themselves
	end  int    // where it ends
}

// keyWords are the reserved words that the grammar of queries has, or that must
// not be taken for names.
const keyWords = " and or not in between is null true false like regexp starts_with order group by limit " +
	"asc desc select from where having union exists case when then else end escape div mod as on join "

// scanner cuts a query into words, as the server's parser of SQL does.
type scanner struct {
	text string
	at   int
}

func letter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == '@'
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// peek is the next byte; zero at the end.
func (s *scanner) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

// next returns the next word.
func (s *scanner) next() word {
	for s.at < len(s.text) && strings.IndexByte(" \t\r\n", s.text[s.at]) >= 0 {
		s.at++
	}
	w := s.scan()
	w.end = s.at
	return w
}

func (s *scanner) scan() word {
	start := s.at
	if start >= len(s.text) {
		return word{kind: endWord}
	}
	switch c := s.text[start]; {
	case letter(c):
		for letter(s.peek()) || digit(s.peek()) {
			s.at++
		}
		text := s.text[start:s.at]
		if small := strings.ToLower(text); strings.Contains(keyWords, " "+small+" ") {
			return word{kind: keyWord, text: small}
		}
		return word{kind: nameWord, text: text}
	case digit(c):
		return s.number()
	case c == '\'' || c == '"':
		s.at++
		return s.quoted(c)
	case c == '`':
		s.at++
		w := s.quoted(c)
		if w.kind == textWord {
			w.kind = nameWord
		}
		return w
	default:
		for _, sign := range []string{"<=>", "<=", ">=", "<>", "!=", "&&", "||"} {
			if strings.HasPrefix(s.text[start:], sign) {
				s.at += len(sign)
				return word{kind: signWord, text: sign}
			}
		}
		s.at++
		if strings.IndexByte("=<>(),+-*/%.", c) < 0 {
			return word{kind: badWord}
		}
		return word{kind: signWord, text: string(c)}
	}
}

func (s *scanner) number() word {
	start, kind := s.at, intWord
	digits := func() {
		for digit(s.peek()) {
			s.at++
		}
	}
	digits()
	if s.peek() == '.' {
		kind = floatWord
		s.at++
		digits()
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		kind = floatWord
		s.at++
		if c := s.peek(); c == '+' || c == '-' {
			s.at++
		}
		digits()
	}
	if letter(s.peek()) {
		kind = badWord
	}
	return word{kind: kind, text: s.text[start:s.at]}
}

// quoted reads a text up to its end, which is not doubled.
func (s *scanner) quoted(quote byte) word {
	var text bytes.Buffer
	for s.at < len(s.text) {
		c := s.text[s.at]
		s.at++
		switch {
		case c == '\\' && quote != '`' && s.at < len(s.text):
			text.WriteByte(unescaped(s.text[s.at]))
			s.at++
		case c != quote:
			text.WriteByte(c)
		case s.peek() == quote:
			text.WriteByte(c)
			s.at++
		default:
			return word{kind: textWord, text: text.String()}
		}
	}
	return word{kind: badWord, text: text.String()}
}

// unescaped is the byte that SQL means by a backslash and the byte.
func unescaped(c byte) byte {
	switch c {
	case '0':
		return 0
	case 'b':
		return '\b'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'Z':
		return 26
	default:
		return c
	}
}
