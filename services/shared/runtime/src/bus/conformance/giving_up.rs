//! When a message becomes a dead letter, and what is kept of it.

use std::time::Duration;

use super::run::{Run, check};
use super::subject::{Subject, TOPIC, message};

pub(super) async fn check(run: &Run<'_, impl AsyncFn() -> Subject>) {
    check!(
        run,
        a_hopeless_message_is_kept_with_its_reason,
        the_last_nack_gives_up_with_its_reason,
        a_message_whose_workers_die_is_given_up,
        the_last_attempt_may_still_succeed,
        the_newest_dead_letters_come_first,
        dead_letters_that_are_forgotten_are_gone_and_the_others_stay,
    );
}

async fn a_hopeless_message_is_kept_with_its_reason(subject: Subject) {
    subject.publish("hopeless").await;
    let delivery = subject.pull_one().await;
    subject.bus.dead_letter(&delivery, "page 3 is no JSON").await.expect("dead-letter");
    subject.pass(subject.settings.lease).await;
    assert!(subject.pull(10).await.is_empty());
    let letters = subject.bus.dead_letters(10).await.expect("dead letters");
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].topic, &letters[0].message), (TOPIC, &message("hopeless")));
    assert_eq!((&letters[0].message_id, letters[0].attempts), (&delivery.message_id, 1));
    assert_eq!(letters[0].reason, "page 3 is no JSON");
}

async fn the_last_nack_gives_up_with_its_reason(subject: Subject) {
    subject.publish("unlucky").await;
    for attempt in 1..=subject.settings.max_attempts {
        let delivery = subject.pull_one().await;
        assert_eq!(delivery.attempt, attempt);
        subject.bus.nack(&delivery, Duration::ZERO, &format!("failure {attempt}")).await.expect("nack");
    }
    assert!(subject.pull(10).await.is_empty());
    let letters = subject.bus.dead_letters(10).await.expect("dead letters");
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].attempts, subject.settings.max_attempts);
    assert_eq!(letters[0].reason, format!("failure {}", subject.settings.max_attempts));
}

async fn a_message_whose_workers_die_is_given_up(subject: Subject) {
    subject.publish("deadly").await;
    subject.bus.nack(&subject.pull_one().await, Duration::ZERO, "the last word").await.expect("nack");
    for _ in 1..subject.settings.max_attempts {
        subject.pull_one().await;
        subject.pass(subject.settings.lease).await;
    }
    assert!(subject.pull(10).await.is_empty());
    let letters = subject.bus.dead_letters(10).await.expect("dead letters");
    assert_eq!(letters.len(), 1);
    assert_eq!((&letters[0].message, letters[0].attempts), (&message("deadly"), subject.settings.max_attempts));
    assert!(letters[0].reason.contains("the last word"), "{}", letters[0].reason);
}

async fn the_last_attempt_may_still_succeed(subject: Subject) {
    subject.publish("lucky").await;
    for _ in 1..subject.settings.max_attempts {
        subject.bus.nack(&subject.pull_one().await, Duration::ZERO, "not yet").await.expect("nack");
    }
    subject.bus.ack(&subject.pull_one().await).await.expect("ack");
    let depth = subject.depth().await;
    assert_eq!((depth.ready, depth.leased, depth.dead), (0, 0, 0));
}

async fn the_newest_dead_letters_come_first(subject: Subject) {
    for text in ["first", "second", "third"] {
        subject.publish(text).await;
        subject.bus.dead_letter(&subject.pull_one().await, text).await.expect("dead-letter");
        subject.pass(Duration::from_secs(1)).await;
    }
    let letters = subject.bus.dead_letters(2).await.expect("dead letters");
    assert_eq!(letters.iter().map(|letter| letter.reason.as_str()).collect::<Vec<_>>(), ["third", "second"]);
    assert!(letters[0].at > letters[1].at);
}

async fn dead_letters_that_are_forgotten_are_gone_and_the_others_stay(subject: Subject) {
    for text in ["done after all", "not done"] {
        subject.publish(text).await;
        subject.bus.dead_letter(&subject.pull_one().await, text).await.expect("dead-letter");
    }
    let mut healed = subject.bus.dead_letters(10).await.expect("dead letters");
    healed.retain(|letter| letter.reason == "done after all");
    // The second time there is nothing left to forget.
    for _ in 0..2 {
        subject.bus.forget_dead_letters(&healed).await.expect("forget");
        let left = subject.bus.dead_letters(10).await.expect("dead letters");
        assert_eq!(left.iter().map(|letter| letter.reason.as_str()).collect::<Vec<_>>(), ["not done"]);
        assert_eq!(subject.depth().await.dead, 1);
    }
}
