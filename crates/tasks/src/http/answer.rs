//! Answers: their form, status and headers.

use glasswork_content::{
    failure::Failure,
    render::{FilterPath, Format, Options, Render},
    text::parse_flag,
};
use http::{HeaderName, HeaderValue, Response, StatusCode, header};

use super::body::ApiBody;

/// How a client wants its answer.
#[derive(Clone, Default)]
pub(super) struct Form(Options);

impl Form {
    /// Reads `format`, `pretty`, `human`, `error_trace` and `filter_path`.
    ///
    /// # Errors
    /// 400 for a value that makes no sense.
    pub(super) fn of(pairs: &[(String, String)]) -> Result<Self, Failure> {
        let given = |name: &str| {
            let mut last = pairs.iter().rev();
            let (_, value) = last.find(|(known, _)| known == name)?;
            Some(value.as_str())
        };
        let flag = |name| match given(name).map(parse_flag) {
            None => Ok(false),
            Some(flag) => Ok(flag?.unwrap_or(false)),
        };
        let format = match given("format") {
            None | Some("" | "json") => Format::Json,
            Some("yaml") => Format::Yaml,
            Some(other) => {
                return Err(Failure::illegal_argument(format!(
                    "[format] must be one of [json] or [yaml] but was [{other}]"
                )));
            }
        };
        Ok(Self(Options {
            format,
            pretty: flag("pretty")?,
            human: flag("human")?,
            error_trace: flag("error_trace")?,
            filter: given("filter_path").and_then(FilterPath::parse),
        }))
    }

    pub(super) fn human(&self) -> bool {
        self.0.human
    }

    pub(super) fn options(&self) -> Options {
        self.0.clone()
    }

    /// As this one, without `filter_path`.
    pub(super) fn unfiltered(&self) -> Self {
        Self(Options {
            filter: None,
            ..self.options()
        })
    }

    /// As this one, pretty in any case.
    pub(super) fn pretty(&self) -> Self {
        Self(Options {
            pretty: true,
            ..self.options()
        })
    }

    pub(super) fn answer(&self, status: u16, write: impl FnOnce(&mut Render)) -> Answer {
        let mut out = Render::new(self.options());
        write(&mut out);
        self.whole(status, out)
    }

    /// As [`Form::answer`] with a rendering that can fail.
    ///
    /// # Errors
    /// What `write` gives back.
    pub(super) fn try_answer(
        &self,
        write: impl FnOnce(&mut Render) -> Result<(), Failure>,
    ) -> Result<Answer, Failure> {
        let mut out = Render::new(self.options());
        write(&mut out)?;
        Ok(self.whole(200, out))
    }

    pub(super) fn failure(&self, failure: &Failure) -> Answer {
        self.unfiltered()
            .answer(failure.status(), |out| failure.render_body(out))
    }

    /// An answer that is told as it is made.
    pub(super) fn pieces(&self, body: ApiBody) -> Answer {
        Answer::new(200, self.content_type(), body)
    }

    fn whole(&self, status: u16, out: Render) -> Answer {
        Answer::new(status, self.content_type(), ApiBody::whole(out.finish()))
    }

    fn content_type(&self) -> &'static str {
        match self.0.format {
            Format::Json => "application/json; charset=UTF-8",
            Format::Yaml => "application/yaml",
        }
    }
}

/// An answer before it is HTTP.
pub(super) struct Answer {
    status: u16,
    content_type: &'static str,
    body: ApiBody,
    headers: Vec<(HeaderName, String)>,
}

impl Answer {
    pub(super) fn new(status: u16, content_type: &'static str, body: ApiBody) -> Self {
        Self {
            status,
            content_type,
            body,
            headers: Vec::new(),
        }
    }

    /// An answer without a body.
    pub(super) fn text(status: u16) -> Self {
        Self::new(status, "text/plain; charset=UTF-8", ApiBody::empty())
    }

    pub(super) fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn into_response(self) -> Response<ApiBody> {
        let mut response = Response::new(self.body);
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let out = response.headers_mut();
        out.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(self.content_type),
        );
        for (name, value) in self.headers {
            // All of them are names of methods, numbers and fixed texts.
            if let Ok(value) = HeaderValue::try_from(value) {
                out.insert(name, value);
            }
        }
        response
    }
}
