//! Several events in hand at once.

use everycent_schemas::events::FetchRequested;
use tokio::sync::Barrier;

use super::*;

/// Meets another event of its own kind before it is done.
struct Pair {
    meeting: Barrier,
    in_hand: AtomicU32,
    most: AtomicU32,
}

#[async_trait]
impl Handler for Pair {
    type Event = FetchRequested;

    fn gather(&self) -> Gather {
        Gather::ONE
    }

    fn at_once(&self) -> usize {
        2
    }

    async fn handle(&self, events: &[FetchRequested]) -> Vec<Outcome> {
        assert_eq!(events.len(), 1);
        let in_hand = self.in_hand.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(in_hand, Ordering::SeqCst);
        self.meeting.wait().await;
        self.in_hand.fetch_sub(1, Ordering::SeqCst);
        vec![Outcome::Done]
    }
}

#[tokio::test]
async fn a_worker_has_as_many_events_in_hand_as_its_handler_takes_at_once() {
    let place = Place::new();
    place.publish(&["a", "b", "c", "d", "e", "f"]).await;
    let pair = Pair { meeting: Barrier::new(2), in_hand: AtomicU32::default(), most: AtomicU32::default() };
    let worker = Worker::new(Arc::new(place.bus.clone()), pair).with_settings(quick());
    let shutdown = CancellationToken::new();
    let watch = async {
        place.until(|depth| depth.ready + depth.leased == 0).await;
        shutdown.cancel();
    };
    let (ended, ()) = in_time(async { tokio::join!(worker.run(shutdown.clone()), watch) }).await;
    ended.unwrap();
    assert_eq!(worker.handler().most.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_event_that_was_not_tried_goes_back_and_costs_no_attempt() {
    let place = Place::new();
    place.publish(&["a"]).await;
    let worker = place.worker(Script::gathering(1, |_| Outcome::Release));
    assert_eq!(steps(&worker, 5).await, [1; 5]);
    assert_eq!(place.depth().await, (1, 0, 0), "more often than an event may be tried");
}
