//! A long list of tasks, told page by page: its memory does not grow with the number of tasks.
//!
//! The first page is an ordinary list; the others are asked node by node as children of the list's own task, which ends
//! when the last page is told.

use std::{any::Any, sync::Arc, time::Instant};

use bytes::Bytes;
use glasswork_content::{failure::Failure, render::Render};
use glasswork_node::{
    Node, NodeInfo, Rest,
    actions::tasks::{
        ListTasks, TasksResponse,
        list_node::{ListNode, ListNodeRequest, ListNodeResponse},
    },
};
use glasswork_tasks::{
    Cursor, Filter, NodeId, Snapshot, Task,
    wire::{
        matching,
        shown::{self, GroupBy},
    },
};
use tokio::sync::mpsc;

use crate::{form::Form, reply::Reply, server::BrokenOff};

/// Tasks of a page.
pub(super) const PAGE: usize = 1000;
/// Pages that wait for a slow client.
const WAITING: usize = 2;

/// What to ask for the next pages.
#[derive(Debug, Clone)]
pub(super) struct Question {
    node: Arc<Node>,
    request: ListTasks,
    group_by: GroupBy,
    began: Instant,
}

impl Question {
    /// The request of a list, as it was before its page was cut.
    pub(super) fn new(node: &Arc<Node>, request: &ListTasks, group_by: GroupBy) -> Self {
        Self {
            node: Arc::clone(node),
            request: request.clone(),
            group_by,
            began: Instant::now(),
        }
    }

    /// The beginning of the answer, and what is left of it when the first page was not all.
    ///
    /// # Errors
    /// When the page can't be written.
    pub(super) fn answer(
        self,
        form: &Form,
        first: TasksResponse,
        task: &Task,
    ) -> Result<(Reply, Option<Rest>), Failure> {
        let Some(next) = first.next.clone() else {
            let reply = form.try_reply(200, |out| shown::tasks(out, &first, self.group_by))?;
            return Ok((reply, None));
        };
        let mut out = Render::new(form.options());
        shown::begin(&mut out, &first, self.group_by)?;
        let (sender, receiver) = mpsc::channel(WAITING);
        let reply = Reply::pieces(200, form.content_type(), receiver);
        let failed = failed(&first);
        let telling = Telling {
            question: self,
            task: task.clone(),
            out,
            sender,
            open: Some(next.node.clone()),
        };
        let rest: Rest = Box::pin(async move {
            let sender = telling.tell(next.node, next.cursor, &failed).await;
            Box::new(sender) as Box<dyn Any + Send>
        });
        Ok((reply, Some(rest)))
    }
}

/// The nodes that could not tell their first page: the answer has said so.
fn failed(first: &TasksResponse) -> Vec<String> {
    first
        .node_failures
        .iter()
        .filter_map(|failure| match failure.meta("node_id") {
            Some(glasswork_content::failure::Meta::Text(id)) => Some(id.clone()),
            _ => None,
        })
        .collect()
}

type Sender = mpsc::Sender<Result<Bytes, BrokenOff>>;

struct Telling {
    question: Question,
    task: Task,
    out: Render,
    sender: Sender,
    /// The node whose tasks are being told.
    open: Option<NodeId>,
}

/// Why the telling ends early.
enum End {
    /// The client is gone.
    Unheard,
    /// A page could not be had or written.
    Failed(Failure),
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Telling {
    /// Tells the pages after `cursor` of `node` and those of the nodes after it.
    async fn tell(mut self, node: NodeId, cursor: Cursor, failed: &[String]) -> Sender {
        match self.pages(node, cursor, failed).await {
            Ok(()) | Err(End::Unheard) => {}
            Err(End::Failed(failure)) => {
                tracing::warn!(%failure, task = %self.task.id(), "a list of tasks broke off");
                // A client that is gone needs not be told.
                drop(self.sender.send(Err(BrokenOff(failure.to_string()))).await);
            }
        }
        self.sender
    }

    async fn pages(&mut self, first: NodeId, cursor: Cursor, failed: &[String]) -> Result<(), End> {
        self.send().await?;
        let node = Arc::clone(&self.question.node);
        // The first page has told which nodes could not say what is below the root.
        let request = &mut self.question.request;
        node.find_branches(&self.task, &mut request.filter).await;
        let manager = node.manager().map(|manager| manager.id);
        let members = node.members();
        let wanted = matching(
            &members,
            &self.question.request.nodes,
            node.id(),
            manager.as_ref(),
        );
        for member in wanted.into_iter().filter(|member| member.id >= first) {
            if failed.iter().any(|id| *id == *member.id.as_str()) {
                continue;
            }
            let mut after = (member.id == first).then(|| cursor.clone());
            loop {
                let asked = self.question.began.elapsed();
                let page = self.page(&member.id, after.take()).await?;
                self.write(member, &page.tasks)?;
                self.send().await?;
                // Tasks that began after the list are not chased: a node may start them as fast as they are told.
                let is_newer = |task: &Snapshot| u128::from(task.running_nanos) < asked.as_nanos();
                let caught_up = page.tasks.last().is_some_and(is_newer);
                after = page.cursors.last().cloned();
                if !page.more || caught_up || after.is_none() {
                    break;
                }
            }
            self.close();
        }
        self.close();
        match self.question.group_by {
            GroupBy::Nodes => self.out.end_object(),
            GroupBy::Parents | GroupBy::Nothing => self.out.end_array(),
        }
        self.out.end_object();
        let options = self.out.options().clone();
        let rest = std::mem::replace(&mut self.out, Render::new(options)).finish();
        self.pass(rest).await
    }

    async fn page(
        &self,
        node: &NodeId,
        after: Option<Cursor>,
    ) -> Result<ListNodeResponse, Failure> {
        let request = &self.question.request;
        let filter = Filter {
            size: Some(PAGE),
            after,
            ..request.filter.clone()
        };
        let part = ListNodeRequest {
            filter,
            view: request.view,
            wait: false,
            timeout: request.timeout,
        };
        let mut page = self
            .question
            .node
            .call_within::<ListNode>(&self.task, node, part, request.timeout)
            .await?;
        if request.view.extended {
            let node = &self.question.node;
            node.count_other_nodes(&self.task, &mut page.tasks).await;
        }
        Ok(page)
    }

    fn write(&mut self, node: &NodeInfo, tasks: &[Snapshot]) -> Result<(), Failure> {
        for task in tasks {
            if self.question.group_by == GroupBy::Nodes && self.open.as_ref() != Some(&node.id) {
                self.close();
                shown::open_node(&mut self.out, node);
                self.open = Some(node.id.clone());
            }
            shown::one(&mut self.out, task, self.question.group_by)?;
        }
        Ok(())
    }

    /// Ends the node that is open.
    fn close(&mut self) {
        if self.open.take().is_some() && self.question.group_by == GroupBy::Nodes {
            shown::close_node(&mut self.out);
        }
    }

    async fn send(&mut self) -> Result<(), End> {
        let piece = self.out.take();
        self.pass(piece).await
    }

    async fn pass(&self, piece: Vec<u8>) -> Result<(), End> {
        if piece.is_empty() {
            return Ok(());
        }
        self.sender
            .send(Ok(Bytes::from(piece)))
            .await
            .map_err(|_| End::Unheard)
    }
}
