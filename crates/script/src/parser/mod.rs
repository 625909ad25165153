//! From words to the tree.

mod expression;
mod function;
mod operand;
mod statement;

use crate::ast::{Expr, ExprId, ExprKind, Statement, Tree};
use crate::fault::Fault;
use crate::lexer::{self, Word, WordKind};
use crate::limits::Limits;
use crate::static_type::StaticType;
use glasswork_content::{Failure, Kind};
use std::sync::Arc;

/// Parses a whole script.
pub(crate) fn parse(source: &str, limits: &Limits) -> Result<(Tree, Vec<Statement>), Fault> {
    let words = joined(lexer::words(source)?, source);
    let mut parser = Parser {
        source,
        words,
        next: 0,
        tree: Tree::default(),
        depth: 0,
        nodes: 0,
        limits,
    };
    while let Some(function) = parser.function()? {
        parser.tree.functions.push(function);
    }
    let mut statements = Vec::new();
    while parser.peek().kind != WordKind::End {
        statements.push(parser.statement()?);
    }
    Ok((parser.tree, statements))
}

/// `Map.Entry` is one name.
fn joined(words: Vec<Word>, source: &str) -> Vec<Word> {
    let mut joined: Vec<Word> = Vec::with_capacity(words.len());
    for word in words {
        let end = word.end;
        let entry = word.kind == WordKind::Name && &source[word.at..end] == "Entry";
        joined.push(word);
        if let [.., map, dot, _] = &joined[..]
            && entry
            && dot.kind == WordKind::Sign(".")
            && &source[map.at..end] == "Map.Entry"
        {
            joined.truncate(joined.len() - 2);
            if let Some(map) = joined.last_mut() {
                map.end = end;
            }
        }
    }
    joined
}

struct Parser<'a> {
    source: &'a str,
    words: Vec<Word>,
    next: usize,
    tree: Tree,
    depth: usize,
    nodes: usize,
    limits: &'a Limits,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> &Word {
        self.ahead(0)
    }

    fn ahead(&self, count: usize) -> &Word {
        let last = self.words.len() - 1;
        &self.words[(self.next + count).min(last)]
    }

    /// Where the next word stands.
    fn at(&self) -> usize {
        self.peek().at
    }

    fn advance(&mut self) -> &Word {
        let last = self.words.len() - 1;
        let index = self.next.min(last);
        self.next = (index + 1).min(last);
        &self.words[index]
    }

    fn text_of(&self, word: &Word) -> &'a str {
        &self.source[word.at..word.end]
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek().kind, WordKind::Sign(next) if next == sign)
    }

    fn takes_sign(&mut self, sign: &str) -> bool {
        let taken = self.is_sign(sign);
        if taken {
            self.advance();
        }
        taken
    }

    fn expect_sign(&mut self, sign: &str) -> Result<(), Fault> {
        if self.takes_sign(sign) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    /// The name that comes next, when one does.
    fn name(&self) -> Option<&'a str> {
        self.name_ahead(0)
    }

    fn name_ahead(&self, count: usize) -> Option<&'a str> {
        let word = self.ahead(count);
        (word.kind == WordKind::Name).then(|| self.text_of(word))
    }

    fn is_keyword(&self, keyword: &str) -> bool {
        self.name() == Some(keyword)
    }

    fn takes_keyword(&mut self, keyword: &str) -> bool {
        let taken = self.is_keyword(keyword);
        if taken {
            self.advance();
        }
        taken
    }

    /// A name that the script chose.
    fn identifier(&mut self) -> Result<Arc<str>, Fault> {
        match self.name() {
            Some(name) if !is_reserved(name) => {
                self.advance();
                Ok(name.into())
            }
            _ => Err(self.unexpected()),
        }
    }

    /// Whether a declaration `type name` comes next.
    fn declares(&self) -> bool {
        let declared = |name: Option<&str>| name.is_some_and(|name| !is_reserved(name));
        let Some(first) = self.name() else {
            return false;
        };
        if is_reserved(first) && StaticType::named(first).is_none() {
            return false;
        }
        declared(self.name_ahead(1)) && self.name_ahead(1) != Some("in")
    }

    #[cold]
    fn unexpected(&self) -> Fault {
        let word = self.peek();
        let reason = match word.kind {
            WordKind::End => "unexpected end of script.".to_owned(),
            _ => format!(
                "invalid sequence of tokens near ['{}'].",
                self.text_of(word)
            ),
        };
        let cause = Failure::without_reason(Kind::NoViableAlt);
        Fault::new(word.at, Failure::illegal_argument(reason).caused_by(cause))
    }

    /// Goes one level deeper for the time of `parse`.
    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth >= self.limits.depth {
            let reason = format!(
                "script is nested deeper than the allowed [{}] levels",
                self.limits.depth
            );
            return Err(Fault::illegal(self.at(), reason));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn count_node(&mut self, at: usize) -> Result<(), Fault> {
        self.nodes += 1;
        if self.nodes > self.limits.nodes {
            let reason = format!(
                "script has more than the allowed [{}] expressions and statements",
                self.limits.nodes
            );
            return Err(Fault::illegal(at, reason));
        }
        Ok(())
    }

    /// Adds an expression whose tree is as high as `below` demands.
    fn add(&mut self, kind: ExprKind, at: usize, below: usize) -> Result<ExprId, Fault> {
        self.count_node(at)?;
        let height = below + 1;
        if height > 2 * self.limits.depth {
            let reason = format!(
                "expression is nested deeper than the allowed [{}] levels",
                2 * self.limits.depth
            );
            return Err(Fault::illegal(at, reason));
        }
        let id = ExprId(self.tree.exprs.len() as u32);
        self.tree.exprs.push(Expr { kind, at, height });
        Ok(id)
    }

    fn height(&self, id: ExprId) -> usize {
        self.tree.get(id).height
    }

    fn highest(&self, ids: &[ExprId]) -> usize {
        ids.iter().map(|&id| self.height(id)).max().unwrap_or(0)
    }
}

/// Words that cannot be names of variables.
fn is_reserved(name: &str) -> bool {
    matches!(
        name,
        "if" | "else"
            | "while"
            | "do"
            | "for"
            | "continue"
            | "break"
            | "return"
            | "new"
            | "try"
            | "catch"
            | "throw"
            | "this"
            | "instanceof"
            | "true"
            | "false"
            | "null"
    ) || StaticType::is_primitive_name(name)
}
