//! `glasswork tasks watch`: follows one task to its end.

use super::{
    Session, TasksError,
    look::{End, Look, Slice},
    out,
    pace::Pace,
};
use crate::{
    arguments::tasks::WatchArguments,
    exit::Code,
    view::{age, count, per_second},
};
use glasswork_client::{ByQueryStatus, Error, TaskAnswer, excerpt, sanitise};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};

/// However long a server wants to be left alone (`Retry-After`), after so long it is asked again.
const LONGEST: Duration = Duration::from_secs(60);
/// Slices that get a bar of their own.
const BARS: usize = 12;
/// A look that takes longer is made less often.
const SLOW: Duration = Duration::from_millis(200);

pub(super) async fn run(session: &Session, arguments: &WatchArguments) -> Result<Code, TasksError> {
    let mut screen = Screen::of(arguments);
    let mut pace = Pace::default();
    let mut seen = false;
    let mut looks = 0;
    loop {
        let began = Instant::now();
        let mut pause = arguments.every;
        match Look::take(&session.client, &arguments.id).await {
            Ok(look) => {
                seen = true;
                if let Some(done) = look.done {
                    pace.look(look.answer.task.running_time(), done);
                }
                screen.show(&look, &pace)?;
                if look.answer.completed {
                    return screen.ended(&look.answer);
                }
                if began.elapsed() > SLOW {
                    pause = pause.max(began.elapsed() * 10);
                }
            }
            Err(error) if error.is_not_found() && seen => return screen.gone(arguments),
            Err(error) if error.is_passing() && seen => {
                screen.say(&error);
                let asked = error.refusal().and_then(|refusal| refusal.retry_after);
                pause = pause.max(asked.unwrap_or_default().min(LONGEST));
            }
            Err(error) => return Err(error.into()),
        }
        looks += 1;
        if arguments.times.is_some_and(|times| looks >= times) {
            screen.clear();
            return Ok(Code::StillRuns);
        }
        tokio::time::sleep(pause).await;
    }
}

/// Where the progress is shown: bars on a terminal, else lines, or lines of JSON.
enum Screen {
    Bars {
        all: MultiProgress,
        main: ProgressBar,
        slices: Vec<ProgressBar>,
    },
    Lines {
        last: String,
    },
    Json,
}

impl Screen {
    fn of(arguments: &WatchArguments) -> Self {
        if arguments.json {
            return Self::Json;
        }
        if !std::io::stdout().is_terminal() || !std::io::stderr().is_terminal() {
            return Self::Lines {
                last: String::new(),
            };
        }
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let main =
            all.add(ProgressBar::no_length().with_prefix(excerpt(&arguments.id.to_string(), 60)));
        Self::Bars {
            all,
            main,
            slices: Vec::new(),
        }
    }

    fn show(&mut self, look: &Look, pace: &Pace) -> Result<(), TasksError> {
        let left = look.done.and_then(|done| pace.left(done, look.total));
        match self {
            Self::Json => {
                let millis = left.and_then(|left| u64::try_from(left.as_millis()).ok());
                let rate = look.done.and(pace.rate());
                out::json_line(&look.json(rate, millis))
            }
            Self::Lines { last } => {
                let line = line(look, pace, left);
                if *last != line {
                    out::text(&format!(
                        "{} {line}\n",
                        age(look.answer.task.running_time())
                    ))?;
                    *last = line;
                }
                Ok(())
            }
            Self::Bars { all, main, slices } => {
                draw(main, look.done, look.total, &line(look, pace, left));
                for (number, slice) in look.slices.iter().take(BARS).enumerate() {
                    if slices.len() <= number {
                        let bar = ProgressBar::no_length().with_prefix(format!("  slice {number}"));
                        slices.push(all.add(bar));
                    }
                    draw(&slices[number], Some(slice.done), slice.total, &told(slice));
                }
                Ok(())
            }
        }
    }

    fn ended(self, answer: &TaskAnswer) -> Result<Code, TasksError> {
        self.clear();
        let (text, code) = summary(answer);
        match self {
            Self::Json => out::json_line(
                &json!({"completed": true, "response": answer.response, "error": answer.error}),
            )?,
            _ => out::text(&format!("{text}\n"))?,
        }
        Ok(code)
    }

    /// It was there, and the server keeps nothing of it.
    fn gone(self, arguments: &WatchArguments) -> Result<Code, TasksError> {
        self.clear();
        match self {
            Self::Json => out::json_line(&json!({"completed": true}))?,
            _ => {
                let id = sanitise(&arguments.id.to_string()).into_owned();
                out::text(&format!("{id} ended; the server keeps no result of it\n"))?;
            }
        }
        Ok(Code::Success)
    }

    fn say(&self, error: &Error) {
        match self {
            Self::Bars { all, .. } => all.suspend(|| eprintln!("glasswork tasks: {error}")),
            _ => eprintln!("glasswork tasks: {error}"),
        }
    }

    fn clear(&self) {
        if let Self::Bars { all, main, slices } = self {
            main.finish_and_clear();
            slices.iter().for_each(ProgressBar::finish_and_clear);
            // What can't be cleared stays on the screen.
            let _ = all.clear();
        }
    }
}

fn draw(bar: &ProgressBar, done: Option<u64>, total: Option<u64>, message: &str) {
    let template = match total {
        Some(_) => "{prefix} {bar:30} {msg}",
        None => "{prefix} {spinner} {msg}",
    };
    bar.set_style(ProgressStyle::with_template(template).expect("the template is well formed"));
    if let Some(total) = total {
        bar.set_length(total);
    }
    bar.set_position(done.unwrap_or(0));
    bar.set_message(message.to_owned());
    bar.tick();
}

/// `15 of 60 docs  25%  4.8/s  9s left  (2 of 5 slices ended)`.
fn line(look: &Look, pace: &Pace, left: Option<Duration>) -> String {
    let mut parts = Vec::new();
    match (look.done, look.total) {
        (None, _) => parts.push("runs; it does not tell how far it is".to_owned()),
        (Some(done), None) => parts.push(format!("{} {}", count(done), sanitise(&look.unit))),
        (Some(done), Some(total)) => {
            parts.push(format!(
                "{} of {} {}",
                count(done),
                count(total),
                sanitise(&look.unit)
            ));
            parts.push(format!(
                "{}%",
                u128::from(done) * 100 / u128::from(total.max(1))
            ));
        }
    }
    if let Some(rate) = pace.rate().filter(|_| look.done.is_some()) {
        let limit = look
            .limit()
            .map(|limit| format!(" (held to {})", per_second(limit)))
            .unwrap_or_default();
        parts.push(format!("{}{limit}", per_second(rate)));
    }
    if let Some(left) = left.filter(|left| !left.is_zero()) {
        parts.push(format!("{} left", age(left)));
    }
    if !look.slices.is_empty() {
        let ended = look
            .slices
            .iter()
            .filter(|slice| slice.end != End::Runs)
            .count();
        parts.push(format!("{ended} of {} slices ended", look.slices.len()));
    }
    if look.answer.task.cancelled {
        parts.push("was told to stop".to_owned());
    }
    parts.join("  ")
}

fn told(slice: &Slice) -> String {
    match &slice.end {
        End::Failed(reason) => format!("failed: {}", excerpt(reason, 100)),
        End::Ended => format!("{} ended", count(slice.done)),
        End::Runs => match slice.total {
            Some(total) => format!("{} of {}", count(slice.done), count(total)),
            None => "has not begun".to_owned(),
        },
    }
}

/// What came of it, in a line, and whether that is a success.
fn summary(answer: &TaskAnswer) -> (String, Code) {
    let id = sanitise(&answer.task.id().to_string()).into_owned();
    let after = age(answer.task.running_time());
    if let Some(error) = &answer.error {
        let text = |key: &str| error[key].as_str().unwrap_or_default();
        let said = excerpt(&format!("{}: {}", text("type"), text("reason")), 300);
        return (format!("{id} failed after {after}: {said}"), Code::Failure);
    }
    let response = answer.response.as_ref().unwrap_or(&Value::Null);
    let did = ByQueryStatus::read(response)
        .map(|status| did(&status))
        .unwrap_or_default();
    let cancelled = response["canceled"].as_str();
    if cancelled.is_some() || answer.task.cancelled {
        let reason = cancelled
            .map(|reason| format!(", {}", excerpt(reason, 300)))
            .unwrap_or_default();
        return (
            format!("{id} was cancelled after {after}{reason}{did}"),
            Code::Failure,
        );
    }
    let failures = response["failures"].as_array().map_or(0, Vec::len);
    if failures > 0 {
        return (
            format!("{id} ended after {after} with {failures} failures{did}"),
            Code::Failure,
        );
    }
    (format!("{id} ended after {after}{did}"), Code::Success)
}

fn did(status: &ByQueryStatus) -> String {
    let parts = [
        ("created", status.created),
        ("updated", status.updated),
        ("deleted", status.deleted),
        ("left as they were", status.noops),
        ("in conflict", status.version_conflicts),
    ];
    let parts = parts.iter().filter(|(_, number)| *number > 0);
    let parts: Vec<String> = parts
        .map(|(name, number)| format!("{} {name}", count(*number)))
        .collect();
    match parts.is_empty() {
        true => format!(": {} docs", count(status.total)),
        false => format!(": {}", parts.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(value: Value) -> TaskAnswer {
        serde_json::from_value(value).expect("an answer")
    }

    #[test]
    fn a_summary_says_how_it_ended() {
        let task = json!({"node": "n", "id": 1, "running_time_in_nanos": 12_300_000_000_u64});
        let response = json!({"total": 60, "created": 58, "batches": 6, "version_conflicts": 2, "failures": []});
        let ended = answer(json!({"completed": true, "task": task, "response": response}));
        assert_eq!(
            summary(&ended),
            (
                "n:1 ended after 12s: 58 created, 2 in conflict".into(),
                Code::Success
            )
        );
        let mut cancelled = ended.clone();
        cancelled.response.as_mut().expect("it is there")["canceled"] = json!("by user request");
        let said = "n:1 was cancelled after 12s, by user request: 58 created, 2 in conflict";
        assert_eq!(summary(&cancelled), (said.into(), Code::Failure));
        let mut partly = ended.clone();
        partly.response.as_mut().expect("it is there")["failures"] = json!([{}]);
        assert_eq!(summary(&partly).1, Code::Failure);
        let failed = answer(
            json!({"completed": true, "task": task, "error": {"type": "t", "reason": "r\n"}}),
        );
        assert_eq!(
            summary(&failed),
            (r"n:1 failed after 12s: t: r\n".into(), Code::Failure)
        );
    }
}
