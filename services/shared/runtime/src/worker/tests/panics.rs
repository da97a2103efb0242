use super::*;

/// Panics over events whose source says so.
fn script(max: usize) -> Script {
    Script::gathering(max, |source| {
        assert!(!source.starts_with("bad"), "no page {source}");
        Outcome::Done
    })
}

fn letter(source: &str) -> String {
    format!("its handler panicked, which is a defect of this program; please report it: no page {source}")
}

#[tokio::test]
async fn an_event_over_which_the_handler_panics_is_given_up_with_the_text_and_the_next_is_handled() {
    let place = Place::new();
    place.publish(&["bad", "good"]).await;
    let worker = place.worker(script(1));
    assert_eq!(steps(&worker, 3).await, [1, 1, 0]);
    assert_eq!(place.reasons().await, [letter("bad")]);
    assert_eq!(place.depth().await, (0, 0, 1));
    assert_eq!(worker.handler().seen(), [["bad"], ["good"]]);
}

#[tokio::test]
async fn of_several_events_only_those_that_panic_alone_are_given_up() {
    let place = Place::new();
    place.publish(&["a", "bad 1", "b", "bad 2", "c"]).await;
    let worker = place.worker(script(5));
    assert_eq!(worker.step().await.unwrap(), 5);
    let alone = ["a", "bad 1", "b", "bad 2", "c"];
    assert_eq!(worker.handler().seen()[0], alone);
    assert_eq!(worker.handler().seen()[1..], alone.map(|source| vec![source.to_owned()]));
    let mut reasons = place.reasons().await;
    reasons.sort();
    assert_eq!(reasons, [letter("bad 1"), letter("bad 2")]);
    assert_eq!(place.depth().await, (0, 0, 2));
}

#[tokio::test]
async fn who_watches_is_told_of_every_panic_and_the_worker_goes_on_until_its_shutdown() {
    let place = Place::new();
    let (shutdown, diary) = (CancellationToken::new(), Arc::new(Diary::default()));
    place.publish(&["bad", "last"]).await;
    let ends = shutdown.clone();
    let script = Script::gathering(1, move |source| {
        if source == "last" {
            ends.cancel();
            return Outcome::Done;
        }
        panic!("no page {source}")
    });
    let worker = place.worker(script).with_settings(quick()).watched_by(Arc::clone(&diary) as _);
    in_time(worker.run(shutdown)).await.unwrap();
    let told = diary.deeds().into_iter().filter(|line| line == "fetch-requested: panicked").count();
    assert_eq!((told, place.reasons().await), (1, vec![letter("bad")]));
}
