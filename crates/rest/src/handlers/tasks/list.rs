//! `GET /_tasks`: what runs.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::tasks::{ListTasks, list::List},
};

use glasswork_tasks::wire::{
    ask,
    shown::{self, GroupBy},
};

use super::{
    GROUPS, extensions,
    stream::{PAGE, Question},
};
use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, choice, flag, list, text, time},
};

pub(crate) const ROUTES: &[Route] = &[Route {
    method: Method::Get,
    path: "/_tasks",
    params: &[
        PARAMS,
        &[
            choice("group_by", GROUPS, "nodes"),
            time("master_timeout", ""),
            time("cluster_manager_timeout", ""),
            extensions::EXTENDED,
        ],
        extensions::FILTERS,
        extensions::PAGES,
    ],
    body: Body::Ignored,
    handler: handler!(list_tasks),
    action: "cluster:monitor/tasks/lists",
}];

/// What chooses tasks, here and in the table of `/_cat/tasks`.
pub(super) const PARAMS: &[Param] = &[
    list("nodes"),
    list("actions"),
    text("parent_task_id", ""),
    flag("detailed"),
    flag("wait_for_completion"),
    time("timeout", "30s"),
];

async fn list_tasks(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let mut action = read(&node, &mut request)?;
    let params = &mut request.params;
    let group_by = params.text("group_by").unwrap_or("nodes").to_owned();
    if !super::is_strict(&node) {
        // The time for a list is `timeout`; these are what older clients send.
        for name in ["master_timeout", "cluster_manager_timeout"] {
            if params.has(name) {
                params.time(name)?;
            }
        }
        extensions::read(params, &mut action)?;
    }
    params.refuse_unknown()?;
    let group_by = GroupBy::parse(&group_by)?;
    let form = request.form.clone();
    let caller = request.caller();
    if action.wait || action.filter.size.is_some() || group_by == GroupBy::Parents {
        // What is waited for is taken at once, a page is short, and a tree can't be told before it is whole.
        return node
            .run::<List, _>(action, caller, move |answer| {
                let answer = answer?;
                form.try_reply(200, |out| shown::tasks(out, &answer, group_by))
            })
            .await;
    }
    let question = Question::new(&node, &action, group_by);
    let mut first = action;
    first.filter.size = Some(PAGE);
    node.run_in_pieces::<List, _>(first, caller, move |answer, task| {
        question.answer(&form, answer?, task)
    })
    .await
}

/// Reads [`PARAMS`].
pub(super) fn read(node: &Node, request: &mut Request) -> Result<ListTasks, Failure> {
    let params = &mut request.params;
    let detailed = params.flag("detailed")?;
    let nodes = params.list("nodes");
    let filter = ask::filter(params, super::is_strict(node))?;
    let wait = params.flag("wait_for_completion")?;
    let timeout = super::timeout(params)?;
    let view = super::view(detailed, &request.form);
    Ok(ListTasks {
        nodes,
        filter,
        after: None,
        view,
        wait,
        timeout,
    })
}
