//! Checks a bus against every sentence of its contract. It panics at the first that does not hold.

mod giving_up;
mod leases;
mod run;
mod subject;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinSet;

use self::run::{Run, check};
use self::subject::{PATIENCE, TOPIC, message, text};
use super::{Depth, Message, Topic};

pub use self::subject::Subject;

/// Runs all checks; `make` gives a new subject each time. `max_attempts` must be at least 2.
pub async fn conformance(make: impl AsyncFn() -> Subject) {
    conformance_except(&[], make).await;
}

/// The same without some sentences, each with the reason why the subject can't keep it.
pub async fn conformance_except(except: &[(&str, &str)], make: impl AsyncFn() -> Subject) {
    let run = Run { except, made: make, asked: RefCell::default() };
    tokio::join!(check(&run), leases::check(&run), giving_up::check(&run));
    let asked = run.asked.borrow();
    for (sentence, _) in except {
        assert!(asked.contains(sentence), "{sentence} is no sentence of the contract");
    }
}

async fn check(run: &Run<'_, impl AsyncFn() -> Subject>) {
    check!(
        run,
        a_message_is_delivered_as_it_was_published,
        a_pull_gives_at_most_what_was_asked_for,
        an_empty_topic_gives_nothing,
        a_waiting_pull_is_woken,
        topics_are_apart,
        a_topic_without_reader_keeps_nothing,
        workers_at_the_same_time_share_no_message,
        depths_count_what_is_where,
    );
}

async fn a_message_is_delivered_as_it_was_published(subject: Subject) {
    let payload = Bytes::from_static(&[0, 255, 10, 0]);
    let attributes = [("schema", "c3a5b1"), ("other", "ü \"quoted\"")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    let message = Message { payload, attributes: attributes.into() };
    subject.bus.publish(TOPIC, message.clone()).await.expect("publish");
    let delivery = subject.pull_one().await;
    assert_eq!((delivery.topic, &delivery.message, delivery.attempt), (TOPIC, &message, 1));
    assert!(delivery.published_at.is_some(), "the bus notes when it was published");
}

async fn a_pull_gives_at_most_what_was_asked_for(subject: Subject) {
    let published = subject.publish_many(5).await;
    assert!(subject.pull(0).await.is_empty());
    let mut seen = BTreeSet::new();
    while seen.len() < published.len() {
        let pulled = subject.bus.pull(TOPIC, 2, PATIENCE).await.expect("pull");
        assert!((1..=2).contains(&pulled.len()), "one or two of them, not {}", pulled.len());
        for delivery in pulled {
            assert!(seen.insert(text(&delivery)), "each message comes once while it is leased");
        }
    }
    assert_eq!(seen, published);
}

async fn an_empty_topic_gives_nothing(subject: Subject) {
    assert!(subject.pull(10).await.is_empty());
    assert!(subject.bus.pull(TOPIC, 10, Duration::from_millis(20)).await.expect("pull").is_empty());
}

async fn a_waiting_pull_is_woken(subject: Subject) {
    let pull = subject.bus.pull(TOPIC, 10, PATIENCE);
    let publish = async {
        tokio::task::yield_now().await;
        subject.publish("late").await;
    };
    let (pulled, ()) = tokio::join!(pull, publish);
    assert_eq!(pulled.expect("pull").iter().map(text).collect::<Vec<_>>(), ["late"]);
}

async fn topics_are_apart(subject: Subject) {
    subject.publish("here").await;
    for topic in Topic::ALL.iter().copied().filter(|topic| *topic != TOPIC) {
        assert!(subject.bus.pull(topic, 10, Duration::ZERO).await.expect("pull").is_empty(), "{topic}");
    }
    assert_eq!(text(&subject.pull_one().await), "here");
}

async fn a_topic_without_reader_keeps_nothing(subject: Subject) {
    for topic in Topic::ALL.iter().copied().filter(|topic| !topic.has_reader()) {
        subject.bus.publish(topic, message("unheard")).await.expect("publish");
        assert!(subject.bus.pull(topic, 10, Duration::ZERO).await.expect("pull").is_empty(), "{topic}");
        let depths = subject.bus.depths().await.expect("depths");
        assert!(depths.iter().all(|depth| depth.topic != topic), "{topic} has no depth");
    }
}

async fn workers_at_the_same_time_share_no_message(subject: Subject) {
    let published = subject.publish_many(40).await;
    let (mut workers, count) = (JoinSet::new(), published.len());
    let taken = Arc::new(AtomicUsize::new(0));
    for _ in 0..4 {
        let (bus, taken) = (Arc::clone(&subject.bus), Arc::clone(&taken));
        workers.spawn(async move {
            let mut mine = Vec::new();
            while taken.load(Ordering::SeqCst) < count {
                let pulled = bus.pull(TOPIC, 3, Duration::from_millis(20)).await.expect("pull");
                taken.fetch_add(pulled.len(), Ordering::SeqCst);
                mine.extend(pulled.iter().map(text));
            }
            mine
        });
    }
    let all = tokio::time::timeout(PATIENCE, workers.join_all()).await.expect("every message comes").concat();
    assert_eq!(all.len(), published.len(), "no message is in two hands");
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), published);
}

async fn depths_count_what_is_where(subject: Subject) {
    subject.publish_many(4).await;
    assert_eq!(subject.depth().await, Depth { topic: TOPIC, ready: 4, leased: 0, dead: 0 });
    let (buried, delayed, held) = (subject.pull_one().await, subject.pull_one().await, subject.pull_one().await);
    subject.bus.dead_letter(&buried, "hopeless").await.expect("dead-letter");
    subject.bus.nack(&delayed, Duration::from_secs(3600), "later").await.expect("nack");
    assert_eq!(subject.depth().await, Depth { topic: TOPIC, ready: 2, leased: 1, dead: 1 });
    subject.bus.ack(&held).await.expect("ack");
    assert_eq!(subject.depth().await, Depth { topic: TOPIC, ready: 2, leased: 0, dead: 1 });
    let held = subject.pull_one().await;
    subject.pass(subject.settings.lease).await;
    assert_eq!(subject.depth().await, Depth { topic: TOPIC, ready: 2, leased: 0, dead: 1 }, "a lost lease is ready");
    assert_eq!(held.attempt, 1);
}
