//! How a failure looks on the wire.

use super::{Failure, Meta, ShardFailure};
use crate::render::Render;
use std::borrow::Cow;

impl Failure {
    /// Writes the object `{"type":…,"reason":…,<metadata>,"caused_by":{…}?,"suppressed":[…]?,"stack_trace":"…"?}`.
    pub fn render(&self, out: &mut Render) {
        out.object();
        self.render_fields(out);
        out.end_object();
    }

    /// Writes a whole error body: `{"error":{"root_cause":[…],"type":…},"status":n}`.
    pub fn render_body(&self, out: &mut Render) {
        out.object();
        out.key("error");
        out.object();
        self.render_with_root_cause(out);
        out.end_object();
        out.field_long("status", i64::from(self.status()));
        out.end_object();
    }

    /// The same as [`Failure::render_fields`] with `root_cause` before them.
    pub fn render_with_root_cause(&self, out: &mut Render) {
        out.key("root_cause");
        out.array();
        for root in self.root_causes() {
            out.object();
            root.render_head(out);
            root.render_stack_trace(out);
            out.end_object();
        }
        out.end_array();
        self.render_fields(out);
    }

    /// The same as [`Failure::render`] without the braces, for objects with keys of their own around it.
    pub fn render_fields(&self, out: &mut Render) {
        let chain: Vec<&Failure> = self.chain().collect();
        for (depth, failure) in chain.iter().enumerate() {
            if depth > 0 {
                out.key("caused_by");
                out.object();
            }
            failure.render_head(out);
        }
        for (depth, failure) in chain.iter().enumerate().rev() {
            failure.render_suppressed(out);
            failure.render_stack_trace(out);
            if depth > 0 {
                out.end_object();
            }
        }
    }

    fn render_head(&self, out: &mut Render) {
        out.field_str("type", self.kind.name());
        out.key("reason");
        match &self.reason {
            Some(reason) => out.string(reason),
            None => out.null(),
        }
        for (key, value) in &self.metadata {
            out.key(key);
            render_meta(value, out);
        }
    }

    fn render_suppressed(&self, out: &mut Render) {
        if self.suppressed.is_empty() {
            return;
        }
        out.key("suppressed");
        out.array();
        for failure in &self.suppressed {
            failure.render(out);
        }
        out.end_array();
    }

    fn render_stack_trace(&self, out: &mut Render) {
        if out.error_trace() {
            out.field_str("stack_trace", &self.stack_trace());
        }
    }
}

impl ShardFailure {
    /// Writes `{"shard":0,"index":"i","node":"N","reason":{…}}`.
    pub fn render(&self, out: &mut Render) {
        out.object();
        out.field_long("shard", self.shard);
        out.key("index");
        match &self.index {
            Some(index) => out.string(index),
            None => out.null(),
        }
        if let Some(node) = &self.node {
            out.field_str("node", node);
        }
        out.key("reason");
        self.reason.render(out);
        out.end_object();
    }
}

fn render_meta(value: &Meta, out: &mut Render) {
    match value {
        Meta::Text(text) => out.string(text),
        Meta::Long(number) => out.long(*number),
        Meta::Flag(flag) => out.boolean(*flag),
        Meta::Texts(texts) => {
            out.array();
            texts.iter().for_each(|text| out.string(text));
            out.end_array();
        }
        Meta::Object(fields) => render_meta_object(fields, out),
        Meta::ShardFailures(shards) => {
            out.array();
            shards.iter().for_each(|shard| shard.render(out));
            out.end_array();
        }
    }
}

fn render_meta_object(fields: &[(Cow<'static, str>, Meta)], out: &mut Render) {
    out.object();
    for (key, value) in fields {
        out.key(key);
        render_meta(value, out);
    }
    out.end_object();
}
