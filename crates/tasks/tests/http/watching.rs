//! Watches, and how much is waited for at a time.

use glasswork_tasks::http::{ApiBody, Limits, TasksApi};
use http_body_util::BodyExt;
use serde_json::json;

use super::{PATIENCE, ask, reason, registry, request, send, start, until, waits};

/// The next piece of a watch.
async fn piece(body: &mut ApiBody) -> Option<String> {
    let frame = tokio::time::timeout(PATIENCE, body.frame())
        .await
        .unwrap()?;
    let data = frame.unwrap().into_data().unwrap();
    Some(String::from_utf8(data.to_vec()).unwrap())
}

/// What a watch tells from here until it has told `what`.
async fn heard(body: &mut ApiBody, what: &str) -> String {
    let mut all = String::new();
    while !all.contains(what) {
        all.push_str(&piece(body).await.expect("the watch is over"));
    }
    all
}

#[tokio::test]
async fn a_watch_tells_what_happens_and_goes_on_where_it_broke_off() {
    let registry = registry();
    let api = TasksApi::new(&registry);
    let mut watch = send(&api, request("GET", "/_tasks/_watch?actions=shop*"))
        .await
        .into_body();
    assert_eq!(piece(&mut watch).await.unwrap(), ": watching\n\n");
    let guard = start(&registry, "shop:order");
    start(&registry, "other").succeed();
    let told = heard(&mut watch, "event: started").await;
    let id = told
        .split("id: ")
        .nth(1)
        .unwrap()
        .split('\n')
        .next()
        .unwrap()
        .to_owned();
    guard.succeed();
    let told = heard(&mut watch, "event: ended").await;
    assert!(
        told.contains(r#""outcome":"succeeded""#) && !told.contains("other"),
        "{told}"
    );

    let mut again = request("GET", "/_tasks/_watch?actions=shop*");
    again
        .headers_mut()
        .insert("last-event-id", id.parse().unwrap());
    let mut resumed = send(&api, again).await.into_body();
    let told = heard(&mut resumed, "event: ended").await;
    assert!(
        !told.contains("event: missed") && !told.contains("event: started"),
        "{told}"
    );

    let mut foreign = request("GET", "/_tasks/_watch");
    foreign
        .headers_mut()
        .insert("last-event-id", "17".parse().unwrap());
    let mut stranger = send(&api, foreign).await.into_body();
    heard(&mut stranger, "event: missed").await;
}

#[tokio::test]
async fn a_watch_of_one_task_ends_with_it() {
    let registry = registry();
    let guard = start(&registry, "shop:order");
    let api = TasksApi::new(&registry);
    let mut watch = send(&api, request("GET", "/_tasks/n1:1/_watch"))
        .await
        .into_body();
    guard.succeed();
    heard(&mut watch, "event: ended").await;
    assert_eq!(piece(&mut watch).await, None);
}

#[tokio::test]
async fn a_slow_reader_misses_events_and_costs_no_memory() {
    let registry = registry();
    let api = TasksApi::new(&registry);
    let mut watch = send(&api, request("GET", "/_tasks/_watch"))
        .await
        .into_body();
    piece(&mut watch).await.unwrap();
    for _ in 0..20_000 {
        start(&registry, "shop:order").succeed();
    }
    let told = heard(&mut watch, "event: ").await;
    assert!(told.starts_with("event: missed"), "{}", &told[..80]);
    let count = told.split("\"count\":").nth(1).unwrap();
    let count: u64 = count.split('}').next().unwrap().parse().unwrap();
    assert!(count > 30_000, "{count} of 40,000 events are lost");
}

#[tokio::test]
async fn more_watchers_and_waiters_than_allowed_are_turned_away_and_may_come_later() {
    let registry = registry();
    let _runs = start(&registry, "shop:order");
    let mut limits = Limits::default();
    (limits.watches, limits.waits) = (3, 1);
    let api = TasksApi::new(&registry).limits(limits);
    let mut open = Vec::new();
    for _ in 0..3 {
        let watch = send(&api, request("GET", "/_tasks/_watch")).await;
        assert_eq!(watch.status(), 200);
        open.push(watch.into_body());
    }
    let (status, refused) = ask(&api, "GET", "/_tasks/_watch").await;
    assert_eq!(
        (status, &refused["error"]["type"]),
        (429, &json!("rejected_execution_exception"))
    );
    open.pop();
    assert_eq!(
        send(&api, request("GET", "/_tasks/_watch")).await.status(),
        200
    );

    let waiting = tokio::spawn({
        let api = api.clone();
        async move { ask(&api, "GET", "/_tasks/n1:1?wait_for_completion&timeout=1h").await }
    });
    until(|| waits(&registry) == 1).await;
    let (status, _) = ask(&api, "GET", "/_tasks/n1:1?wait_for_completion").await;
    assert_eq!(status, 429);
    waiting.abort();
    until(|| waits(&registry) == 0).await;
}

#[tokio::test]
async fn the_end_of_the_process_ends_watches_and_waits() {
    let registry = registry();
    let guard = start(&registry, "shop:order");
    let api = TasksApi::new(&registry);
    let mut watch = send(&api, request("GET", "/_tasks/_watch"))
        .await
        .into_body();
    piece(&mut watch).await.unwrap();
    let waiting = tokio::spawn({
        let api = api.clone();
        async move { ask(&api, "GET", "/_tasks/n1:1?wait_for_completion&timeout=1h").await }
    });
    until(|| waits(&registry) == 1).await;
    registry.cancel_everything("the service stops");
    while piece(&mut watch).await.is_some() {}
    let (status, answer) = tokio::time::timeout(PATIENCE, waiting)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(status, 500);
    assert_eq!(
        reason(&answer),
        "cancelled task with reason: the service stops"
    );
    drop(guard);
}
