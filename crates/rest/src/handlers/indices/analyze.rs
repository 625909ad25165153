//! `GET|POST [/{index}]/_analyze`: the tokens of a text.

use std::sync::Arc;

use glasswork_content::{failure::Failure, render::Render};
use glasswork_node::{
    Node,
    actions::indices::{Analyze, AnalyzeRequest},
};
use glasswork_search::analysis::request::{
    AnalyzeRequest as Question, AnalyzeResponse, AnalyzedToken, Stage,
};

use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, text},
};

pub(crate) const ROUTES: &[Route] = &[
    row(Method::Get, "/_analyze", &[INDEX]),
    row(Method::Post, "/_analyze", &[INDEX]),
    row(Method::Get, "/{index}/_analyze", &[]),
    row(Method::Post, "/{index}/_analyze", &[]),
];

const INDEX: &[Param] = &[text("index", "")];

const fn row(method: Method, path: &'static str, params: &'static [&'static [Param]]) -> Route {
    Route {
        method,
        path,
        params,
        body: Body::Object,
        handler: handler!(analyze),
        action: "indices:admin/analyze",
    }
}

async fn analyze(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let index = request.params.path("index").to_owned();
    request.params.refuse_unknown()?;
    let question = Question::parse(&request.body.required_tree()?)?;
    let attributes = question.attributes.clone();
    let form = request.form.clone();
    let action = AnalyzeRequest {
        index: Some(index).filter(|name| !name.is_empty()),
        question,
    };
    node.run::<Analyze, _>(action, request.caller(), move |answer| {
        let answer = answer?;
        Ok(form.reply(200, |out| render(out, &answer, &attributes)))
    })
    .await
}

fn render(out: &mut Render, answer: &AnalyzeResponse, attributes: &[String]) {
    out.object();
    match answer {
        AnalyzeResponse::Tokens(tokens) => {
            out.field_array("tokens");
            for token in tokens {
                out.object();
                render_token(out, token);
                out.end_object();
            }
            out.end_array();
        }
        AnalyzeResponse::Analyzer(stage) => {
            out.field_object("detail");
            out.field_bool("custom_analyzer", false);
            out.key("analyzer");
            render_stage(out, stage, attributes);
            out.end_object();
        }
        AnalyzeResponse::Parts {
            char_filters,
            tokenizer,
            filters,
        } => {
            out.field_object("detail");
            out.field_bool("custom_analyzer", true);
            out.field_array("charfilters");
            for (name, texts) in char_filters {
                out.object();
                out.field_str("name", name);
                out.field_strings("filtered_text", texts);
                out.end_object();
            }
            out.end_array();
            if let Some(tokenizer) = tokenizer {
                out.key("tokenizer");
                render_stage(out, tokenizer, attributes);
            }
            out.field_array("tokenfilters");
            for filter in filters {
                render_stage(out, filter, attributes);
            }
            out.end_array();
            out.end_object();
        }
    }
    out.end_object();
}

fn render_token(out: &mut Render, token: &AnalyzedToken) {
    out.field_str("token", &token.token);
    out.field_unsigned("start_offset", token.start_offset.into());
    out.field_unsigned("end_offset", token.end_offset.into());
    out.field_str("type", &token.kind);
    out.field_unsigned("position", token.position.into());
    if token.position_length > 1 {
        out.field_unsigned("positionLength", token.position_length.into());
    }
}

fn render_stage(out: &mut Render, stage: &Stage, attributes: &[String]) {
    let wanted = |name: &str| {
        attributes.is_empty()
            || attributes
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name))
    };
    out.object();
    out.field_str("name", &stage.name);
    out.field_array("tokens");
    for token in &stage.tokens {
        out.object();
        out.field_str("token", &token.token);
        out.field_unsigned("start_offset", token.start_offset.into());
        out.field_unsigned("end_offset", token.end_offset.into());
        out.field_str("type", &token.kind);
        out.field_unsigned("position", token.position.into());
        if wanted("bytes") {
            let bytes: Vec<String> = token
                .token
                .bytes()
                .map(|byte| format!("{byte:x}"))
                .collect();
            out.field_str("bytes", &format!("[{}]", bytes.join(" ")));
        }
        if let Some(keyword) = token.keyword.filter(|_| wanted("keyword")) {
            out.field_bool("keyword", keyword);
        }
        if wanted("positionLength") {
            out.field_unsigned("positionLength", token.position_length.into());
        }
        if wanted("termFrequency") {
            out.field_long("termFrequency", 1);
        }
        out.end_object();
    }
    out.end_array();
    out.end_object();
}
