//! Runs a future on a pool: each poll is a job of the pool, so that its CPU work is done there and waiting holds no thread.

use crate::{Pool, pools::panicked};
use glasswork_content::Failure;
use glasswork_tasks::Task;
use parking_lot::Mutex;
use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};
use tokio::{runtime::Handle, sync::Notify};

/// Told when the future can go on.
struct Woken(Notify);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }
}

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Polls `future` on `pool` until it is ready.
///
/// # Errors
/// What [`Pool::run`] refuses before the first poll. A future that has begun is driven to its end: when the pool refuses a
/// later poll it is polled here.
pub(crate) async fn on_pool<T: Send + 'static>(
    pool: &Pool,
    task: &Task,
    future: impl Future<Output = T> + Send + 'static,
) -> Result<T, Failure> {
    let woken = Arc::new(Woken(Notify::new()));
    let slot: Arc<Mutex<Option<Boxed<T>>>> = Arc::new(Mutex::new(Some(Box::pin(future))));
    // What the future waits for lives in this runtime; the pool's threads belong to none.
    let runtime = Handle::current();
    let mut begun = false;
    loop {
        let (job, waker, runtime) = (
            Arc::clone(&slot),
            Waker::from(Arc::clone(&woken)),
            runtime.clone(),
        );
        let polled = pool
            .run(task, move |_| {
                let _entered = runtime.enter();
                poll(&job, &waker)
            })
            .await;
        let polled = match polled {
            Err(_) if begun && slot.lock().is_some() => {
                poll(&slot, &Waker::from(Arc::clone(&woken)))
            }
            other => other,
        };
        if let Poll::Ready(value) = polled? {
            return Ok(value);
        }
        begun = true;
        woken.0.notified().await;
    }
}

/// One poll; the future is put back when it is not ready.
fn poll<T>(slot: &Mutex<Option<Boxed<T>>>, waker: &Waker) -> Result<Poll<T>, Failure> {
    let Some(mut future) = slot.lock().take() else {
        return Err(Failure::illegal_state("a future was polled after its end"));
    };
    let polled = catch_unwind(AssertUnwindSafe(|| {
        future.as_mut().poll(&mut Context::from_waker(waker))
    }));
    match polled {
        Ok(Poll::Ready(value)) => Ok(Poll::Ready(value)),
        Ok(Poll::Pending) => {
            *slot.lock() = Some(future);
            Ok(Poll::Pending)
        }
        Err(panic) => Err(panicked(&*panic)),
    }
}
