//! Writing a tree of values.

use super::Render;
use crate::json::{Entry, Node, Value};

/// An object or array of which some entries are still to be written.
enum Open<'a> {
    Array(std::slice::Iter<'a, Node>),
    Object(std::slice::Iter<'a, Entry>),
}

impl Render {
    /// A tree, without recursion.
    pub fn node(&mut self, node: &Node) {
        let mut open = Vec::new();
        self.begin_node(node, &mut open);
        while let Some(container) = open.last_mut() {
            let next = match container {
                Open::Array(elements) => elements.next(),
                Open::Object(entries) => match entries.next() {
                    Some(entry) => {
                        self.key(&entry.key);
                        Some(&entry.node)
                    }
                    None => None,
                },
            };
            match next {
                Some(child) => self.begin_node(child, &mut open),
                None => match open.pop() {
                    Some(Open::Array(_)) => self.end_array(),
                    Some(Open::Object(_)) | None => self.end_object(),
                },
            }
        }
    }

    fn begin_node<'a>(&mut self, node: &'a Node, open: &mut Vec<Open<'a>>) {
        match &node.value {
            Value::Null => self.null(),
            Value::Bool(flag) => self.boolean(*flag),
            Value::Long(number) => self.long(*number),
            Value::Unsigned(number) => self.unsigned(*number),
            Value::Big(digits) => self.literal(digits.as_bytes()),
            Value::Double(number) => self.double(*number),
            Value::String(text) => self.string(text),
            Value::Array(elements) => {
                self.array();
                open.push(Open::Array(elements.iter()));
            }
            Value::Object(object) => {
                self.object();
                open.push(Open::Object(object.entries().iter()));
            }
        }
    }
}
