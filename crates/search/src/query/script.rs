//! `script`: documents for which a script says true.

use std::sync::Arc;

use glasswork_content::{Failure, Node, Object, Render, Value};
use glasswork_script::Context as Purpose;
use serde::{Deserialize, Serialize};
use tantivy::{
    DocId, DocSet, Score, SeekDangerResult, SegmentReader, TERMINATED, TantivyError,
    fastfield::AliveBitSet,
    query::{ConstScorer, Explanation, Scorer, Weight},
};

use super::{
    Common, Parser, QueryKind, clause,
    compile::{Compiler, Plan},
};
use crate::scripting::{Prepared, Runs, UserScript};

/// Matches documents for which a script says true.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScriptQuery {
    /// What decides.
    pub script: UserScript,
    /// Boost (the score) and name.
    pub common: Common,
}

impl QueryKind for ScriptQuery {
    const NAME: &'static str = "script";

    fn parse(body: &Object, at: &Node, _parser: &mut Parser) -> Result<Self, Failure> {
        let mut common = Common::default();
        let mut script = None;
        for (key, node) in body.iter() {
            match (key, &node.value) {
                ("script", Value::String(_) | Value::Object(_)) => {
                    script = UserScript::parse(node)?;
                }
                (_, Value::Array(_) | Value::Object(_)) => {
                    return Err(clause::unsupported(Self::NAME, key, node.at));
                }
                _ if common.take(key, node)? => {}
                _ => return Err(clause::unsupported(Self::NAME, key, node.at)),
            }
        }
        let script = script.ok_or_else(|| {
            Failure::parsing(
                "script must be provided with a [script] filter",
                clause::end(body, at),
            )
        })?;
        Ok(Self { script, common })
    }

    fn render(&self, out: &mut Render) {
        self.script.render(out);
        self.common.render(out);
    }

    fn compile(&self, compiler: &Compiler<'_>) -> Result<Plan, Failure> {
        compiler.count_leaf()?;
        let prepared = Prepared::new(compiler.context(), &self.script, Purpose::Filter)?;
        Ok(Plan::Constant {
            weight: Arc::new(ScriptWeight(prepared)),
            score: self.common.boost,
            term: None,
        })
    }

    fn common(&self) -> &Common {
        &self.common
    }
}

struct ScriptWeight(Prepared);

impl Weight for ScriptWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let mut documents = Scripted {
            runs: self.0.open(reader),
            doc: 0,
            max_doc: reader.max_doc(),
            alive: reader.alive_bitset().cloned(),
        };
        documents.find();
        Ok(Box::new(ConstScorer::new(documents, boost)))
    }

    fn explain(&self, _reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        Err(TantivyError::InvalidArgument(format!(
            "document {doc} is not explained"
        )))
    }
}

/// Documents of a segment for which the script says true, found one by one.
struct Scripted {
    runs: Runs,
    doc: DocId,
    max_doc: DocId,
    alive: Option<AliveBitSet>,
}

impl Scripted {
    /// Goes to the first match at or behind the document at hand.
    fn find(&mut self) -> DocId {
        while self.doc < self.max_doc {
            match self.decide() {
                Some(true) => return self.doc,
                Some(false) => self.doc += 1,
                None => break,
            }
        }
        self.doc = TERMINATED;
        TERMINATED
    }

    /// What the script says of the document at hand; nothing when the search ends.
    fn decide(&mut self) -> Option<bool> {
        let alive = self.alive.as_ref();
        if alive.is_some_and(|alive| !alive.is_alive(self.doc)) {
            return Some(false);
        }
        self.runs.filter(self.doc)
    }
}

impl DocSet for Scripted {
    fn advance(&mut self) -> DocId {
        if self.doc >= self.max_doc {
            return TERMINATED;
        }
        self.doc += 1;
        self.find()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc < target {
            self.doc = target;
            self.find();
        }
        self.doc
    }

    /// Runs the script for one document alone, which is all that an intersection asks.
    fn seek_danger(&mut self, target: DocId) -> SeekDangerResult {
        if target >= self.max_doc {
            self.doc = TERMINATED;
            return SeekDangerResult::SeekLowerBound(TERMINATED);
        }
        self.doc = target;
        match self.decide() {
            Some(true) => SeekDangerResult::Found,
            Some(false) => SeekDangerResult::SeekLowerBound(target + 1),
            None => {
                self.doc = TERMINATED;
                SeekDangerResult::SeekLowerBound(TERMINATED)
            }
        }
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        self.max_doc
    }

    fn cost(&self) -> u64 {
        u64::from(self.max_doc) * 1_000
    }
}
