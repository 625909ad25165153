//! How a task comes into being: its parent agrees, it gets a number and a place, is published, and then looks once more
//! whether its parent was cancelled meanwhile.

use std::sync::{Arc, OnceLock, atomic::AtomicU64};

use crate::{
    Action, Guard, Start, StartError, Task,
    body::{self, Body, Extra, Parent},
    lane::Place,
    life::{Life, Purpose},
    page::{PROVISIONAL, mark_of, parent_key},
    shared::{Anchor, Shared},
};

pub(crate) fn start(anchor: &Arc<Anchor>, start: Start) -> Result<Guard, StartError> {
    let shared = &*anchor.shared;
    let cancellable =
        start.purpose == Purpose::Working && shared.actions.get(start.action).spec.cancellable;
    let is_root = matches!(start.parent, Parent::None);
    if let Parent::Remote(id) = &start.parent
        && cancellable
        && let Some(reason) = shared.bans.reason(id)
    {
        return Err(StartError::CancelledBeforeStart(reason));
    }
    if let Some(parent) = start.local_parent()
        && parent.life.attach(start.purpose).is_err()
    {
        return Err(StartError::ParentCancelled(parent.ban_reason()));
    }
    let place = match find_place(anchor, start.action, start.number) {
        Ok(place) => place,
        Err(error) => {
            if let Parent::Local(parent) = start.parent {
                body::release(&parent);
            }
            return Err(error);
        }
    };
    let body = Arc::new(build(anchor, place, start));
    let slot = usize::from(body.slot);
    let provisional = if is_root || !cancellable {
        0
    } else {
        PROVISIONAL
    };
    body.page.publish(
        slot,
        mark_of(&body, cancellable) | provisional,
        key_of_parent(&body),
        &body,
    );
    if provisional != 0 {
        if let Some(reason) = banned_meanwhile(shared, &body) {
            withdraw(shared, &body);
            return Err(StartError::CancelledBeforeStart(reason));
        }
        body.page.confirm(slot);
    }
    shared.started(&body);
    Ok(Guard::new(Task::of(body)))
}

fn find_place(
    anchor: &Arc<Anchor>,
    action: Action,
    number: Option<u64>,
) -> Result<Place, StartError> {
    let lane = &anchor.shared.lanes[anchor.lane];
    let Some(number) = number else {
        return Ok(lane.place(anchor, action)?);
    };
    if !anchor.shared.numbers.is_from_before(number) {
        return Err(StartError::NotResumable(
            number,
            "it is not from before the restart".into(),
        ));
    }
    if anchor.shared.get(number).is_some() {
        return Err(StartError::NotResumable(number, "it is running".into()));
    }
    lane.place_resumed(anchor, action, number)
        .ok_or_else(|| StartError::NotResumable(number, "it is running".into()))
}

fn build(anchor: &Arc<Anchor>, place: Place, start: Start) -> Body {
    let clock = &*anchor.shared.clock;
    let now = clock.nanos();
    let own = start.deadline.map_or(u64::MAX, |remaining| {
        now.saturating_add(u64::try_from(remaining.as_nanos()).unwrap_or(u64::MAX))
    });
    let parent = match &start.parent {
        Parent::Local(parent) => Some(&**parent),
        Parent::None | Parent::Remote(_) => None,
    };
    // Clearing up must be possible after the parent's time is over.
    let inherited = match (parent, start.purpose) {
        (Some(parent), Purpose::Working) => parent.deadline,
        _ => u64::MAX,
    };
    let start_millis = anchor.shared.wall.millis(clock, now);
    // A wall clock that was set back since then makes it no younger than it is here.
    let earlier_millis = start
        .begun_millis
        .map_or(0, |begun| start_millis.saturating_sub(begun).max(0));
    let earlier_nanos = earlier_millis.unsigned_abs().saturating_mul(1_000_000);
    let extra = OnceLock::new();
    if let Some(status) = start.status {
        let built = Box::<Extra>::default();
        built.rare.lock().status = Some(status);
        extra.get_or_init(|| built);
    }
    Body {
        number: place.number,
        page: place.page,
        slot: u8::try_from(place.slot).expect("a page has 256 slots"),
        start_nanos: now.saturating_sub(earlier_nanos),
        start_millis: start.begun_millis.unwrap_or(start_millis),
        deadline: own.min(inherited),
        headers: start.headers.or_else(|| parent?.headers.clone()),
        who: start.who.map(Arc::new).or_else(|| parent?.who.clone()),
        description: start.description,
        life: Life::new(),
        ended_nanos: AtomicU64::new(0),
        extra,
        ticks: 0.into(),
        action: start.action,
        origin: start.origin,
        purpose: start.purpose,
        internal: start.internal || parent.is_some_and(|parent| parent.internal),
        durable: start.durable,
        parent: start.parent,
    }
}

fn banned_meanwhile(shared: &Shared, body: &Body) -> Option<Arc<str>> {
    match &body.parent {
        Parent::None => None,
        Parent::Local(parent) => parent.life.banned_meanwhile().then(|| parent.ban_reason()),
        Parent::Remote(id) => shared.bans.reason(id),
    }
}

/// Takes back a task that nobody was shown.
fn withdraw(shared: &Shared, body: &Arc<Body>) {
    shared.lanes[body.page.anchor.lane].withdraw(&body.page, usize::from(body.slot), body.action);
    if let Parent::Local(parent) = &body.parent {
        body::release(parent);
    }
}

fn key_of_parent(body: &Body) -> u64 {
    match &body.parent {
        Parent::None => 0,
        Parent::Local(parent) => parent_key(true, parent.number),
        Parent::Remote(id) => parent_key(false, id.number),
    }
}
