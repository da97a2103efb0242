//! Who holds a message, and until when.

use std::time::Duration;

use super::run::{Run, check};
use super::subject::Subject;

pub(super) async fn check(run: &Run<'_, impl AsyncFn() -> Subject>) {
    check!(
        run,
        nobody_else_gets_a_leased_message,
        an_unanswered_message_comes_again_with_a_higher_attempt,
        an_acked_message_is_forgotten,
        a_nacked_message_comes_again_after_its_delay,
        an_extended_lease_lasts_longer,
        a_released_message_comes_again_at_once_and_uncounted,
        a_late_answer_does_nothing,
        an_answer_settles_once,
    );
}

async fn nobody_else_gets_a_leased_message(subject: Subject) {
    subject.publish("mine").await;
    subject.pull_one().await;
    assert!(subject.pull(10).await.is_empty());
    subject.pass(subject.settings.lease / 2).await;
    assert!(subject.pull(10).await.is_empty());
}

async fn an_unanswered_message_comes_again_with_a_higher_attempt(subject: Subject) {
    subject.publish("again").await;
    let first = subject.pull_one().await;
    subject.pass(subject.settings.lease).await;
    let second = subject.pull_one().await;
    assert_eq!((&second.message, &second.message_id), (&first.message, &first.message_id));
    assert_eq!((first.attempt, second.attempt), (1, 2));
    assert_ne!(first.lease, second.lease);
}

async fn an_acked_message_is_forgotten(subject: Subject) {
    subject.publish("done").await;
    subject.bus.ack(&subject.pull_one().await).await.expect("ack");
    subject.pass(subject.settings.lease * 2).await;
    assert!(subject.pull(10).await.is_empty());
    let depth = subject.depth().await;
    assert_eq!((depth.ready, depth.leased, depth.dead), (0, 0, 0));
}

async fn a_nacked_message_comes_again_after_its_delay(subject: Subject) {
    subject.publish("later").await;
    let delay = subject.settings.lease * 2;
    subject.bus.nack(&subject.pull_one().await, delay, "not now").await.expect("nack");
    subject.pass(delay / 2).await;
    assert!(subject.pull(10).await.is_empty(), "not before its delay");
    subject.pass(delay / 2).await;
    let second = subject.pull_one().await;
    assert_eq!(second.attempt, 2);
}

async fn an_extended_lease_lasts_longer(subject: Subject) {
    subject.publish("long work").await;
    let delivery = subject.pull_one().await;
    for _ in 0..4 {
        subject.pass(subject.settings.lease / 2).await;
        subject.bus.extend(&delivery).await.expect("extend");
    }
    subject.pass(subject.settings.lease / 2).await;
    assert!(subject.pull(10).await.is_empty(), "renewed from the last word");
    subject.pass(subject.settings.lease / 2).await;
    assert_eq!(subject.pull_one().await.attempt, 2, "and not for ever");
}

async fn a_released_message_comes_again_at_once_and_uncounted(subject: Subject) {
    subject.publish("untried").await;
    for _ in 0..subject.settings.max_attempts + 2 {
        let delivery = subject.pull_one().await;
        assert_eq!(delivery.attempt, 1);
        subject.bus.release(&delivery).await.expect("release");
    }
    let depth = subject.depth().await;
    assert_eq!((depth.ready, depth.leased, depth.dead), (1, 0, 0));
}

async fn a_late_answer_does_nothing(subject: Subject) {
    subject.publish("somebody else's").await;
    let lost = subject.pull_one().await;
    subject.pass(subject.settings.lease).await;
    let held = subject.pull_one().await;
    subject.bus.ack(&lost).await.expect("a late ack is no error");
    subject.bus.nack(&lost, Duration::ZERO, "late").await.expect("a late nack is no error");
    subject.bus.dead_letter(&lost, "late").await.expect("a late dead-letter is no error");
    subject.bus.release(&lost).await.expect("a late release is no error");
    subject.pass(subject.settings.lease / 2).await;
    subject.bus.extend(&lost).await.expect("a late extend is no error");
    let depth = subject.depth().await;
    assert_eq!((depth.ready, depth.leased, depth.dead), (0, 1, 0), "the message is where it was");
    subject.pass(subject.settings.lease / 2).await;
    let again = subject.pull_one().await;
    assert_eq!(again.attempt, held.attempt + 1, "its lease ran out as if nothing had been said");
    subject.bus.ack(&again).await.expect("ack");
    assert_eq!(subject.depth().await.leased, 0);
}

async fn an_answer_settles_once(subject: Subject) {
    subject.publish("twice").await;
    let delivery = subject.pull_one().await;
    subject.bus.nack(&delivery, Duration::ZERO, "once").await.expect("nack");
    subject.bus.ack(&delivery).await.expect("an ack after a nack is no error");
    subject.bus.release(&delivery).await.expect("a release after a nack is no error");
    subject.bus.dead_letter(&delivery, "twice").await.expect("a dead-letter after a nack is no error");
    let again = subject.pull_one().await;
    assert_eq!(again.attempt, 2, "only the nack counted");
    subject.bus.ack(&again).await.expect("ack");
    subject.bus.ack(&again).await.expect("a second ack is no error");
    assert_eq!(subject.depth().await.dead, 0);
}
