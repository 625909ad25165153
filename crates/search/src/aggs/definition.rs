//! What makes a kind of aggregation: how it is read, printed, collected, reduced and shown.

use std::rc::Rc;

use glasswork_content::{Failure, Node, Render};
use glasswork_tasks::Checkpoint;

use crate::{growing_body::GrowingBody, interrupt::Halt, mapping::ValueFormat};

use super::{
    Aggregation,
    collector::{Collector, Scope},
    ledger::STRIDE,
    partial::Partial,
    reduction::Reduction,
    spelling::Spelling,
};

/// How a kind of aggregation is read. One file each; one line each in the table.
pub(crate) trait Parse: Definition + Sized {
    /// Its name in requests.
    const NAME: &'static str;

    /// Reads the object behind the name; `called` is what the request calls this aggregation.
    ///
    /// # Errors
    /// 400 in OpenSearch's words for what is unknown or malformed.
    fn parse(body: &Node, called: &str) -> Result<Self, Failure>;
}

/// What a kind of aggregation does.
pub(crate) trait Definition {
    /// Writes the keys of the object behind the name, with all defaults, as OpenSearch prints a parsed request.
    fn render(&self, out: &mut Render);

    /// Writes the object behind the name with its braces.
    fn render_object(&self, out: &mut Render) {
        out.object();
        self.render(out);
        out.end_object();
    }

    /// What collects it on a shard.
    ///
    /// # Errors
    /// 400 when the fields of this shard do not suit it.
    fn collector<'s>(
        &'s self,
        scope: Scope<'s>,
        at: &'s Aggregation,
    ) -> Result<Box<dyn Collector + 's>, Halt>;

    /// The last reduction: puts buckets into their order, cuts them, fills gaps.
    ///
    /// # Errors
    /// The ledger's stop; too many buckets.
    fn finalize(
        &self,
        partial: Partial,
        _at: &Aggregation,
        _reduction: &Reduction<'_>,
    ) -> Result<Partial, Halt> {
        Ok(partial)
    }

    /// Writes the answer of one owner: the keys of the object behind the aggregation's name.
    ///
    /// # Errors
    /// The ledger's stop.
    fn show(
        &self,
        partial: &Partial,
        owner: usize,
        at: &Aggregation,
        show: &mut Show<'_>,
    ) -> Result<(), Halt>;

    /// What answers of this kind are called with `typed_keys`.
    fn typed_name(&self, partial: &Partial) -> &'static str;

    /// A number of the answer to order buckets by.
    fn value(&self, _partial: &Partial, _owner: usize, _metric: Option<&str>) -> Option<f64> {
        None
    }

    /// Whether it makes buckets, and so may have aggregations below.
    fn has_buckets(&self) -> bool {
        false
    }

    /// Whether the last reduction may make buckets that no shard told of.
    fn fills_gaps(&self) -> bool {
        false
    }

    /// Whether it makes exactly one bucket.
    fn is_single_bucket(&self) -> bool {
        false
    }
}

/// Where answers are written.
pub(crate) struct Show<'r> {
    /// The body.
    pub(crate) out: &'r mut Render,
    /// Whether names are to carry their kind.
    pub(crate) typed: bool,
    body: GrowingBody<'r>,
    unchecked: usize,
    formats: Vec<(Spelling, Rc<ValueFormat>)>,
}

impl<'r> Show<'r> {
    /// Writes to `out` for as long as `checkpoint` lets it.
    pub(crate) fn new(out: &'r mut Render, typed: bool, checkpoint: &'r dyn Checkpoint) -> Self {
        Show {
            body: GrowingBody::new(out, checkpoint),
            out,
            typed,
            unchecked: 0,
            formats: Vec::new(),
        }
    }

    /// Says that one bucket or value is written.
    ///
    /// # Errors
    /// The checkpoint's reason to stop; the body takes more memory than it may.
    #[inline]
    pub(crate) fn step(&mut self) -> Result<(), Halt> {
        self.unchecked += 1;
        if self.unchecked < STRIDE {
            return Ok(());
        }
        self.unchecked = 0;
        Ok(self.body.check(self.out)?)
    }

    /// What spells so; made once for each spelling.
    pub(crate) fn format(&mut self, spelling: &Spelling) -> Rc<ValueFormat> {
        if let Some((_, format)) = self.formats.iter().find(|(known, _)| known == spelling) {
            return Rc::clone(format);
        }
        let format = Rc::new(spelling.open());
        self.formats.push((spelling.clone(), Rc::clone(&format)));
        format
    }
}
