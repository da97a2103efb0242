//! Threads for what must not hold up async work.
//!
//! What only computes goes to the runtime's pool ([`compute`]), which is small. What waits for async work while it holds a
//! thread, as a merge does for its files, has one of its own ([`alone`]): from the pool it could take the last thread that
//! the work needs for which it waits. Both work for the trace of their caller.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;

use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tracing::Span;

/// Computes on a thread of the pool. It may wait for nothing but its turn. A panic goes on in the caller.
pub async fn compute<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let span = Span::current();
    match spawn_blocking(move || span.in_scope(work)).await {
        Ok(done) => done,
        Err(lost) if lost.is_panic() => resume_unwind(lost.into_panic()),
        // The runtime is about to end, and with it whoever waits here.
        Err(_) => std::future::pending().await,
    }
}

/// Works on a new thread, which may block on async work. A panic goes on in the caller. A caller that gives up leaves the
/// thread to its end.
pub async fn alone<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let (done, ended) = oneshot::channel();
    let span = Span::current();
    let run = move || {
        // Nobody hears it if the caller gave up.
        let _ = done.send(catch_unwind(AssertUnwindSafe(|| span.in_scope(work))));
    };
    thread::Builder::new().name(name.to_owned()).spawn(run)?;
    match ended.await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(panic)) => resume_unwind(panic),
        Err(_) => Err(io::Error::other("its thread ended without a word")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::{Arc, Mutex};
    use std::thread::ThreadId;
    use std::time::Duration;

    use futures_util::FutureExt;
    use tokio::runtime::{Builder, Handle};
    use tracing::span::Id;
    use tracing::{Instrument, Subscriber};
    use tracing_subscriber::Layer;
    use tracing_subscriber::layer::{Context, SubscriberExt};
    use tracing_subscriber::util::SubscriberInitExt;

    use super::*;

    /// Lets work that never ends fail its test.
    async fn in_time<T>(work: impl Future<Output = T>) -> T {
        tokio::time::timeout(Duration::from_secs(30), work).await.unwrap()
    }

    #[test]
    fn what_waits_leaves_the_pool_to_what_it_waits_for_however_small_the_pool_is() {
        let runtime =
            Builder::new_multi_thread().worker_threads(1).max_blocking_threads(1).enable_all().build().unwrap();
        let waiting = |number: u32| async move {
            let io = Handle::current();
            alone("waiting", move || io.block_on(compute(move || number))).await.unwrap()
        };
        let all = runtime.block_on(in_time(futures_util::future::join_all((0..8).map(waiting))));
        assert_eq!(all, (0..8).collect::<Vec<_>>());
    }

    /// The threads on which a span was entered.
    #[derive(Clone, Default)]
    struct Entered(Arc<Mutex<Vec<ThreadId>>>);

    impl<S: Subscriber> Layer<S> for Entered {
        fn on_enter(&self, _id: &Id, _context: Context<'_, S>) {
            self.0.lock().unwrap().push(thread::current().id());
        }
    }

    #[tokio::test]
    async fn the_span_of_the_caller_is_entered_where_the_work_is_done() {
        let entered = Entered::default();
        let _guard = tracing_subscriber::registry().with(entered.clone()).set_default();
        let span = tracing::info_span!("caller");
        let computed = compute(|| thread::current().id()).instrument(span.clone()).await;
        let alone = alone("worker", || thread::current().id()).instrument(span).await.unwrap();
        let entered = entered.0.lock().unwrap();
        assert!(entered.contains(&computed) && entered.contains(&alone), "{entered:?}");
    }

    #[tokio::test]
    async fn a_panic_goes_on_in_the_caller() {
        let text = |panic: Box<dyn std::any::Any + Send>| panic.downcast_ref::<&str>().unwrap().to_string();
        let computed: thread::Result<()> = AssertUnwindSafe(compute(|| panic!("no page"))).catch_unwind().await;
        assert_eq!(text(computed.unwrap_err()), "no page");
        let worked: thread::Result<io::Result<()>> =
            AssertUnwindSafe(alone("worker", || panic!("no rows"))).catch_unwind().await;
        assert_eq!(text(worked.unwrap_err()), "no rows");
    }
}
