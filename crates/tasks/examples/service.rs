//! A small service whose work is visible: it makes reports, each of several chapters, on a few threads of its own.
//!
//! `cargo run -p glasswork-tasks --example service` starts three reports, lists them as a tree, shows why one of them waits,
//! cancels one and waits for its end, and then says what became of all.

use std::{sync::Arc, time::Duration};

use glasswork_tasks::{
    Action, ActionSpec, Checkpoint, Config, Filter, Guard, HistoryFilter, On, Reason, Registry,
    Start, Stop, Task, View,
};
use tokio::sync::Semaphore;

const CHAPTERS: u64 = 3;
const PAGES: u64 = 60;

/// Everything that the service needs to make a report.
#[derive(Clone)]
struct Service {
    tasks: Registry,
    report: Action,
    chapter: Action,
    /// Two chapters are written at a time.
    writers: Arc<Semaphore>,
}

impl Service {
    fn new() -> Result<Self, Box<dyn std::error::Error>> {
        let tasks = Registry::new(Config::new("reports-1"));
        // A real service reserves blocks durably, so that numbers grow over restarts too.
        tasks.hand_in_numbers(1..glasswork_tasks::BLOCK)?;
        let report = tasks.declare(ActionSpec::cancellable(
            "report",
            Duration::from_millis(100),
        ))?;
        let chapter = tasks.declare(ActionSpec::cancellable(
            "report/chapter",
            Duration::from_millis(50),
        ))?;
        Ok(Self {
            tasks,
            report,
            chapter,
            writers: Arc::new(Semaphore::new(2)),
        })
    }

    /// Begins a report and lets it run.
    fn begin(&self, title: &'static str, user: &str) -> Result<Task, Box<dyn std::error::Error>> {
        let start =
            Start::new(self.report)
                .user(user)
                .description(move |out: &mut dyn std::fmt::Write| {
                    write!(out, "report [{title}], chapters [{CHAPTERS}]")
                });
        let guard = self.tasks.start(start)?;
        let task = guard.task().clone();
        let service = self.clone();
        tokio::spawn(async move { service.write(guard).await });
        Ok(task)
    }

    async fn write(self, guard: Guard) {
        guard.task().count_in("chapters");
        guard.task().expect(CHAPTERS);
        for number in 1..=CHAPTERS {
            let start = Start::new(self.chapter).child_of(guard.task()).description(
                move |out: &mut dyn std::fmt::Write| write!(out, "chapter [{number}]"),
            );
            let chapter = match self.tasks.start(start) {
                Ok(chapter) => chapter,
                Err(error) => return guard.fail("not_started", error.to_string()),
            };
            if let Err(stop) = self.write_chapter(chapter).await {
                return guard.fail("stopped", stop.to_string());
            }
            guard.task().advance(1);
        }
        guard.succeed();
    }

    async fn write_chapter(&self, guard: Guard) -> Result<(), Stop> {
        let task = guard.task().clone();
        let waiting = task.waiting(On::Pool("writers"));
        let writer = Arc::clone(&self.writers)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        drop(waiting);
        task.count_in("pages");
        task.expect(PAGES);
        for _ in 0..PAGES {
            task.checkpoint()?;
            tokio::time::sleep(Duration::from_millis(10)).await;
            task.advance(1);
        }
        drop(writer);
        guard.succeed();
        Ok(())
    }

    /// Shows the live tasks as a tree.
    fn show(&self) {
        let view = View {
            extended: true,
            ..View::DETAILED
        };
        let snapshots = self
            .tasks
            .snapshots(&self.tasks.list(&Filter::default()).tasks, &view);
        for root in snapshots.iter().filter(|task| task.parent.is_none()) {
            let below = snapshots
                .iter()
                .filter(|task| task.parent.as_ref() == Some(&root.id));
            for (depth, task) in std::iter::once((0, root)).chain(below.map(|task| (1, task))) {
                let extended = task.extended.as_ref().expect("it was asked for");
                let state = match (&extended.wait, &extended.progress) {
                    (Some((on, millis)), _) => format!("waits for {on} since {millis} ms"),
                    (None, Some(progress)) => format!(
                        "{} of {:?} {}",
                        progress.done, progress.total, progress.unit
                    ),
                    (None, None) => "runs".to_owned(),
                };
                let description = task
                    .description
                    .as_ref()
                    .map_or("", |description| &description.text);
                println!(
                    "{:indent$}{} {description}: {state}",
                    "",
                    task.id,
                    indent = depth * 2
                );
            }
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let service = Service::new()?;
    let yearly = service.begin("the year", "ann")?;
    let monthly = service.begin("the month", "ann")?;
    let daily = service.begin("the day", "bob")?;
    tokio::time::sleep(Duration::from_millis(200)).await;

    println!("what runs:");
    service.show();

    println!("\ncancel {}:", yearly.id());
    service
        .tasks
        .cancel(yearly.number(), Reason::new("nobody reads it").by("ann"))?;
    let began = std::time::Instant::now();
    yearly.ended().await;
    println!("it and all below it had ended after {:?}", began.elapsed());

    println!("\nwait for the others:");
    monthly.ended().await;
    daily.ended().await;
    for ended in service.tasks.history(&HistoryFilter {
        size: 100,
        ..HistoryFilter::default()
    }) {
        let why = ended
            .cancel_reason
            .map(|reason| format!(": {reason}"))
            .unwrap_or_default();
        println!(
            "{} {} {} after {} ms{why}",
            ended.task.id,
            ended.task.action,
            ended.outcome.as_str(),
            ended.task.running_nanos / 1_000_000
        );
    }
    Ok(())
}
