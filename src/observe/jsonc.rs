//! JSON with comments, edited in place: what a user wrote around our entry stays byte for byte as it was.
//!
//! Owns a small parser that keeps where each value stands in the text. Never fails and never panics: text that is not
//! JSON has no tree. Nesting is bounded.

use serde_json::Value;

/// The deepest nesting that is read.
const DEPTH_MAX: usize = 100;

/// A value and where it stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The first byte of the value.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
    /// What it is.
    pub kind: NodeKind,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeKind {
    /// Members with their keys, in order.
    Object(Vec<(String, Node)>),
    /// Elements, in order.
    Array(Vec<Node>),
    /// Anything else.
    Scalar,
}

impl Node {
    /// The value of `key`; the last one counts, as in JavaScript.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.kind {
            NodeKind::Object(members) => members.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The elements of an array; none of anything else.
    pub fn elements(&self) -> &[Self] {
        match &self.kind {
            NodeKind::Array(elements) => elements,
            _ => &[],
        }
    }

    /// The members of an object; none of anything else.
    pub fn members(&self) -> &[(String, Self)] {
        match &self.kind {
            NodeKind::Object(members) => members,
            _ => &[],
        }
    }
}

/// The tree of `text`; `None` when it is not JSON (comments and trailing commas are allowed).
pub fn parse(text: &str) -> Option<Node> {
    let mut parser = Parser { text, at: 0 };
    parser.space();
    let node = parser.value(0)?;
    parser.space();
    (parser.at == text.len()).then_some(node)
}

/// The value of `text`, comments and trailing commas dropped.
pub fn to_value(text: &str) -> Option<Value> {
    fn build(text: &str, node: &Node) -> Option<Value> {
        Some(match &node.kind {
            NodeKind::Object(members) => Value::Object(
                members.iter().map(|(k, v)| Some((k.clone(), build(text, v)?))).collect::<Option<_>>()?,
            ),
            NodeKind::Array(elements) => {
                Value::Array(elements.iter().map(|e| build(text, e)).collect::<Option<_>>()?)
            }
            NodeKind::Scalar => serde_json::from_str(text.get(node.start..node.end)?).ok()?,
        })
    }
    build(text, &parse(text)?)
}

/// `text` with `element` (JSON) appended to the array `node`, laid out as its neighbours are.
pub fn push(text: &str, node: &Node, element: &str) -> String {
    insert_last(text, node, node.elements().last().map(|e| (e.start, e.end)), element)
}

/// `text` with the member `"key": value` appended to the object `node`.
pub fn add_member(text: &str, node: &Node, key: &str, value: &str) -> String {
    let last = node.members().last().map(|(_, v)| (key_start(text, node, v), v.end));
    insert_last(text, node, last, &format!("{}: {value}", Value::from(key)))
}

/// `text` without the element `index` of the array `node`.
pub fn remove_element(text: &str, node: &Node, index: usize) -> String {
    let spans: Vec<(usize, usize)> = node.elements().iter().map(|e| (e.start, e.end)).collect();
    remove_span(text, node, &spans, index)
}

/// `text` without the member `key` of the object `node`.
pub fn remove_member(text: &str, node: &Node, key: &str) -> String {
    let members = node.members();
    let spans: Vec<(usize, usize)> = members.iter().map(|(_, v)| (key_start(text, node, v), v.end)).collect();
    match members.iter().rposition(|(k, _)| k == key) {
        Some(index) => remove_span(text, node, &spans, index),
        None => text.to_owned(),
    }
}

/// Where the key of the member with this value begins.
fn key_start(text: &str, object: &Node, value: &Node) -> usize {
    // Between the end of the member before and the value stand only white space, comments, commas and the key.
    let before = object.members().iter().map(|(_, v)| v.end).filter(|e| *e <= value.start).max();
    let mut parser = Parser { text, at: before.unwrap_or(object.start + 1) };
    parser.space();
    if parser.peek() == Some(b',') {
        parser.at += 1;
        parser.space();
    }
    parser.at
}

fn insert_last(text: &str, node: &Node, last: Option<(usize, usize)>, what: &str) -> String {
    // Something else stands there: it stays as it is.
    if !text[node.start..].starts_with(['[', '{']) {
        return text.to_owned();
    }
    let close = node.end.saturating_sub(1);
    match last {
        Some((start, end)) => {
            let between = match text[..start].rfind('\n') {
                Some(line) if text[line + 1..start].trim().is_empty() => format!(",{}", &text[line..start]),
                _ => ", ".to_owned(),
            };
            format!("{}{between}{what}{}", &text[..end], &text[end..])
        }
        None if text[node.start + 1..close].trim().is_empty() => {
            let indent = indent_of(text, node.start);
            let inner = format!("\n{indent}  {what}\n{indent}");
            format!("{}{inner}{}", &text[..=node.start], &text[close..])
        }
        // Only comments are in there: they stay above.
        None => format!("{}\n{what}\n{}", text[..close].trim_end(), &text[close..]),
    }
}

fn remove_span(text: &str, node: &Node, spans: &[(usize, usize)], index: usize) -> String {
    let Some(&(start, end)) = spans.get(index) else { return text.to_owned() };
    // With the comma that belongs to it: the one before, or, for the first, the one after.
    let (from, to) = if index > 0 {
        (spans[index - 1].1, end)
    } else if let Some(next) = spans.get(1) {
        (start, next.0)
    } else {
        let mut parser = Parser { text, at: end };
        parser.space();
        let to = if parser.peek() == Some(b',') { parser.at + 1 } else { end };
        let rest = text[node.start + 1..start].trim().is_empty()
            && text.get(to..node.end.saturating_sub(1)).is_some_and(|t| t.trim().is_empty());
        if rest { (node.start + 1, node.end.saturating_sub(1)) } else { (start, to) }
    };
    format!("{}{}", &text[..from], &text[to..])
}

fn indent_of(text: &str, at: usize) -> String {
    let line = text[..at].rfind('\n').map_or(0, |n| n + 1);
    text[line..at].chars().take_while(|c| matches!(c, ' ' | '\t')).collect()
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Skips white space, comments and a byte-order mark.
    fn space(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{feff}']).len();
            let rest = &rest[blank..];
            let comment = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else {
                0
            };
            self.at += blank + comment;
            if comment == 0 {
                return;
            }
        }
    }

    fn value(&mut self, depth: usize) -> Option<Node> {
        if depth > DEPTH_MAX {
            return None;
        }
        let start = self.at;
        let kind = match self.peek()? {
            b'{' => NodeKind::Object(self.list(b'}', |p| {
                let key = p.string()?;
                p.space();
                p.expect(b':')?;
                p.space();
                Some((key, p.value(depth + 1)?))
            })?),
            b'[' => NodeKind::Array(self.list(b']', |p| p.value(depth + 1))?),
            b'"' => {
                self.string()?;
                NodeKind::Scalar
            }
            _ => {
                let rest = &self.text[start..];
                let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')));
                self.at = start + end.unwrap_or(rest.len());
                serde_json::from_str::<Value>(&self.text[start..self.at]).ok()?;
                NodeKind::Scalar
            }
        };
        Some(Node { start, end: self.at, kind })
    }

    fn list<T>(&mut self, close: u8, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut items = Vec::new();
        self.at += 1;
        loop {
            self.space();
            if self.peek()? == close {
                self.at += 1;
                return Some(items);
            }
            items.push(item(self)?);
            self.space();
            if self.peek()? == b',' {
                self.at += 1;
            } else if self.peek()? != close {
                return None;
            }
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn string(&mut self) -> Option<String> {
        let start = self.at;
        self.expect(b'"')?;
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            let next = memchr::memchr2(b'"', b'\\', rest)?;
            self.at += next + 1;
            if rest[next] == b'"' {
                return serde_json::from_str(&self.text[start..self.at]).ok();
            }
            // What is escaped may be longer than a byte.
            self.at += self.text.get(self.at..)?.chars().next()?.len_utf8();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = "{\n  // mine\n  \"a\": [1, 2], /* b */\n  \"hooks\": {\n    \"Stop\": [\n      {\"x\": \"}\\\"]\"}\n    ],\n  }\n}\n";

    #[test]
    fn comments_and_trailing_commas_are_read() {
        let value = to_value(FILE).unwrap();
        assert_eq!(value, serde_json::json!({"a": [1, 2], "hooks": {"Stop": [{"x": "}\"]"}]}}));
        for bad in ["", "{", "[1 2]", "{\"a\" 1}", "{} x", "[\"\\", "nul", &"[".repeat(100_000)] {
            assert_eq!(parse(bad), None, "{}", &bad[..bad.len().min(20)]);
        }
    }

    #[test]
    fn what_is_added_and_taken_away_leaves_the_rest_byte_for_byte() {
        let root = parse(FILE).unwrap();
        let stop = root.get("hooks").unwrap().get("Stop").unwrap();
        let added = push(FILE, stop, "{\"y\": 1}");
        assert!(added.contains("      {\"x\": \"}\\\"]\"},\n      {\"y\": 1}\n    ],"), "{added}");
        let root = parse(&added).unwrap();
        assert_eq!(remove_element(&added, root.get("hooks").unwrap().get("Stop").unwrap(), 1), FILE);
        let added = add_member(FILE, &parse(FILE).unwrap(), "new", "[]");
        assert!(to_value(&added).unwrap()["new"].is_array(), "{added}");
        assert_eq!(remove_member(&added, &parse(&added).unwrap(), "new"), FILE);
    }

    #[test]
    fn empty_ones_are_opened() {
        let added = add_member("{}", &parse("{}").unwrap(), "hooks", "{}");
        assert_eq!(added, "{\n  \"hooks\": {}\n}");
        assert_eq!(remove_member(&added, &parse(&added).unwrap(), "hooks"), "{}");
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in "\\PC{0,200}") {
            let _ = parse(&text);
        }

        #[test]
        fn anything_like_json_is_taken(text in "[\\[\\]{}\",:/*\\\\a1 \n\u{fc}-]{0,120}") {
            if let Some(node) = parse(&text) {
                let _ = push(&text, &node, "1");
                let _ = add_member(&text, &node, "k", "1");
                for index in 0..node.elements().len() {
                    prop_assert!(parse(&remove_element(&text, &node, index)).is_some(), "{:?}", text);
                }
                for (key, _) in node.members() {
                    prop_assert!(parse(&remove_member(&text, &node, key)).is_some(), "{:?}", text);
                }
            }
        }

        #[test]
        fn what_serde_writes_is_read(values in proptest::collection::vec((any::<i64>(), ".{0,8}"), 0..6)) {
            let value = serde_json::json!({"list": values, "f": 1.5e-7, "n": null});
            let text = serde_json::to_string_pretty(&value).unwrap();
            prop_assert_eq!(to_value(&text), Some(value));
        }
    }
}
