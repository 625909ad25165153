//! A long list of tasks, told page by page as the client reads it: its memory does not grow with the number of tasks.

use std::time::Instant;

use bytes::Bytes;
use glasswork_content::{
    failure::Failure,
    render::{Options, Render},
};

use super::{body::BrokenOff, serving::Serving};
use crate::{
    Cursor, Filter, Registry, Snapshot, View,
    wire::{
        GroupBy, ListCursor, Part, TasksResponse, filter_for, merge,
        shown::{self, close_node},
    },
};

/// Tasks of a page.
const PAGE: usize = 1000;

/// The tasks that fit, behind `after`.
pub(super) fn page(
    serving: &Serving,
    filter: &Filter,
    after: Option<&ListCursor>,
    view: &View,
) -> TasksResponse {
    let here = filter_for(&serving.node.id, filter, after);
    let parts = here.map(|here| {
        let list = serving.registry.list(&here);
        Part {
            node: serving.node.clone(),
            tasks: serving.registry.snapshots(&list.tasks, view),
            cursors: list.cursors,
            more: list.next.is_some(),
        }
    });
    merge(parts.into_iter().collect(), filter)
}

/// A list that is being told.
pub(super) struct Listing {
    registry: Registry,
    filter: Filter,
    view: View,
    group_by: GroupBy,
    began: Instant,
    /// Nothing, once the last piece is told.
    out: Option<Render>,
    /// Where to go on, when the first page was not all.
    next: Option<Cursor>,
}

impl Listing {
    /// Takes the first page.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) fn begin(
        serving: &Serving,
        filter: Filter,
        view: View,
        group_by: GroupBy,
        options: Options,
    ) -> Result<Self, Failure> {
        let began = Instant::now();
        let first = Filter {
            size: Some(PAGE),
            ..filter.clone()
        };
        let response = page(serving, &first, None, &view);
        let mut out = Render::new(options);
        let next = match &response.next {
            None => {
                shown::tasks(&mut out, &response, group_by)?;
                None
            }
            Some(next) => {
                shown::begin(&mut out, &response, group_by)?;
                Some(next.cursor.clone())
            }
        };
        Ok(Self {
            registry: serving.registry.clone(),
            filter,
            view,
            group_by,
            began,
            out: Some(out),
            next,
        })
    }

    /// The next piece; nothing when all is told.
    pub(super) fn next(&mut self) -> Option<Result<Bytes, BrokenOff>> {
        let mut out = self.out.take()?;
        let Some(after) = self.next.take() else {
            return Some(Ok(out.finish().into()));
        };
        let piece = out.take();
        if let Err(failure) = self.write(&mut out, after) {
            // What was made before stays untold: the client must not take it for whole.
            return Some(Err(BrokenOff(failure.to_string())));
        }
        self.out = Some(out);
        Some(Ok(piece.into()))
    }

    /// Writes the page after `after`, and what comes behind the last.
    fn write(&mut self, out: &mut Render, after: Cursor) -> Result<(), Failure> {
        let asked = self.began.elapsed();
        let list = self.registry.list(&Filter {
            size: Some(PAGE),
            after: Some(after),
            ..self.filter.clone()
        });
        let tasks = self.registry.snapshots(&list.tasks, &self.view);
        for task in &tasks {
            shown::one(out, task, self.group_by)?;
        }
        // Tasks that began after the list are not chased: they may start as fast as they are told.
        let is_newer = |task: &Snapshot| u128::from(task.running_nanos) < asked.as_nanos();
        self.next = list.next.filter(|_| !tasks.last().is_some_and(is_newer));
        if self.next.is_none() {
            match self.group_by {
                GroupBy::Nodes => {
                    close_node(out);
                    out.end_object();
                }
                GroupBy::Parents | GroupBy::Nothing => out.end_array(),
            }
            out.end_object();
        }
        Ok(())
    }
}
