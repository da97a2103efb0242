use everycent_schemas::events::Reported;
use everycent_schemas::{Timestamp, Usd};

use super::*;

const CLOSED_AT: i64 = 100;
const SETTLED_AT: i64 = 1_000;
const TURNS: Turns =
    Turns { closed_at: Timestamp::from_micros(CLOSED_AT), settled_at: Timestamp::from_micros(SETTLED_AT) };

fn answer(fetched_at: i64, cents: i64) -> Answer {
    let usd = Some(Usd::from_nanos(i128::from(cents) * 10_000_000));
    Answer {
        id: AnswerId { fetched_at: Timestamp::from_micros(fetched_at), snapshot_id: "s".into() },
        figures: Figures::of(1, Reported { usd, tokens: None, count: None, before_first: false, first_at: None }),
        decision: None,
    }
}

#[test]
fn a_finished_day_that_rises_more_than_tenfold_is_believed_with_a_word() {
    // When the first answer was fetched, the cents of both, and whether the rise is worth a word.
    let stories = [
        (CLOSED_AT, [2_100, 2_233_300], true),
        (CLOSED_AT, [20, 201], true),
        (CLOSED_AT, [0, 101], true),
        (CLOSED_AT, [2_000, 20_000], false),
        (CLOSED_AT, [9, 109], false),
        (CLOSED_AT - 1, [20, 20_000], false),
    ];
    for (first_at, [first, second], is_told) in stories {
        let answers = [answer(first_at, first), answer(CLOSED_AT + 1, second)];
        let (state, judged) = fold(&answers, &Limits::DEFAULT, TURNS);
        assert_eq!(state.accepted.map(|accepted| accepted.id), Some(answers[1].id.clone()));
        let reason = judged[1].reason.as_ref();
        assert_eq!(reason.is_some_and(|reason| reason.contains("more than tenfold")), is_told, "{first} {second}");
    }
}

/// An answer that remembers only later days.
fn forgetful(fetched_at: i64) -> Answer {
    let nothing = Reported { before_first: true, ..Reported::default() };
    Answer { figures: Figures::of(1, nothing), ..answer(fetched_at, 0) }
}

#[test]
fn an_answer_that_remembers_only_later_days_takes_nothing_away() {
    let answers = [answer(1, 5_000), forgetful(2), forgetful(3), answer(4, 5_100)];
    let limits = Limits::DEFAULT;
    let (state, judged) = fold(&answers[..3], &limits, TURNS);
    assert_eq!(state.accepted.as_ref().map(|accepted| &accepted.id), Some(&answers[0].id));
    assert_eq!((state.held.as_ref(), state.forgotten.as_ref()), (None, Some(&answers[1].id)));
    assert!(judged[1].reason.as_ref().is_some_and(|reason| reason.contains("remembers only those")));
    let text = state.to_text(None);
    assert!(State::is_forgotten_in(&text));
    let (state, _) = fold(&answers, &limits, TURNS);
    assert_eq!((state.accepted.map(|accepted| accepted.id), state.forgotten), (Some(answers[3].id.clone()), None));
}

#[test]
fn however_little_lay_there_an_answer_that_remembers_only_later_days_takes_nothing_away() {
    for cents in [1, 40, 90] {
        let answers = [answer(1, cents), forgetful(SETTLED_AT)];
        let (state, judged) = fold(&answers, &Limits::DEFAULT, TURNS);
        assert_eq!(state.accepted.as_ref().map(|accepted| &accepted.id), Some(&answers[0].id), "{cents}");
        assert!(judged[1].reason.as_ref().is_some_and(|reason| reason.contains("remembers only those")), "{cents}");
    }
    let (state, _) = fold(&[answer(1, 0), forgetful(SETTLED_AT)], &Limits::DEFAULT, TURNS);
    assert!(state.forgotten.is_none(), "of nothing nothing is forgotten");
    let taken_back = [answer(1, 40), forgetful(SETTLED_AT - 1)];
    let (state, _) = fold(&taken_back, &Limits::DEFAULT, TURNS);
    assert_eq!(state.accepted.map(|accepted| accepted.id), Some(taken_back[1].id.clone()), "it may be restated");
}

#[test]
fn an_answer_that_remembers_only_later_days_does_not_end_what_is_held() {
    let answers = [answer(1, 5_000), answer(2, 100), forgetful(3)];
    let (state, judged) = fold(&answers, &Limits::DEFAULT, TURNS);
    assert!(state.held.is_some());
    assert_eq!(judged[1].verdict, everycent_schemas::AnswerVerdict::Held);
}

#[test]
fn a_first_answer_with_nothing_about_a_day_is_believed() {
    let (state, _) = fold(&[forgetful(1)], &Limits::DEFAULT, TURNS);
    assert!(state.accepted.is_some() && state.forgotten.is_none());
}

/// Credits are lines of a bill too: use that is forgotten leaves them standing.
#[test]
fn a_day_that_falls_below_nothing_or_from_there_is_held_like_any_other() {
    // Cents before and after, and whether the loss is held, and for a person.
    let stories = [
        (0, -10_000, true, true),
        (-5_000, -15_000, true, true),
        (-5_000, 0, true, true),
        (10_000, -1, true, true),
        (0, -1_500, true, false),
        (-10_000, -12_000, false, false),
        (-5_000, -4_000, false, false),
        (-5_000, 60_000, false, false),
        (0, -100, false, false),
    ];
    for (before, after, is_held, needs_a_person) in stories {
        let answers = [answer(CLOSED_AT, before), answer(CLOSED_AT + 1, after)];
        let (state, judged) = fold(&answers, &Limits::DEFAULT, TURNS);
        let words = state.held.map(|held| held.words);
        assert_eq!(words.is_some(), is_held, "{before} {after}");
        let waits = words.is_some_and(|words| words.ends_with("a person has to accept it"));
        assert_eq!(waits, needs_a_person, "{before} {after}");
        assert!(is_held || judged[1].reason.is_none(), "{before} {after}: {judged:?}");
    }
}

/// The first day that an answer tells of, or a later one: the first event, and the cents of all.
fn of_events(fetched_at: i64, before_first: bool, first_at: i64, cents: i64) -> Answer {
    let usd = Some(Usd::from_nanos(i128::from(cents) * 10_000_000));
    let first_at = Some(Timestamp::from_micros(first_at));
    let reported = Reported { usd, tokens: None, count: Some(cents), before_first, first_at };
    Answer { figures: Figures::of(1, reported), ..answer(fetched_at, cents) }
}

/// However little it is each time, and whatever comes of it in the end.
#[test]
fn a_day_whose_beginning_the_feed_forgets_by_the_minute_stays_whole() {
    let whole = of_events(1, false, 100, 2_400);
    let forgetful = (1..24).map(|hour| of_events(1 + hour, true, 100 + hour, 2_400 - 100 * hour));
    let answers: Vec<Answer> = [whole].into_iter().chain(forgetful).chain([self::forgetful(40)]).collect();
    let (state, judged) = fold(&answers, &Limits::DEFAULT, TURNS);
    assert_eq!(state.accepted.as_ref().map(|accepted| &accepted.id), Some(&answers[0].id));
    assert!(state.held.is_none() && State::is_forgotten_in(&state.to_text(None)));
    let reason = judged[1].reason.as_ref().expect("a reason");
    assert!(reason.contains("has nothing before 1970-01-01T00:00:00.000101Z"), "{reason}");
    let read = State::from_text(&state.to_text(None), None, state.newest.clone(), None);
    assert_eq!(read, Some(state), "what coverage keeps is all of it");
}

#[test]
fn what_is_lost_elsewhere_than_at_the_beginning_of_an_answer_is_judged_as_ever() {
    let whole = || of_events(1, false, 100, 1_000);
    // The last answer, and whether it is believed or else held.
    let stories = [
        (of_events(2, true, 100, 900), Some(true), "the first event is there"),
        (of_events(2, true, 100, 100), Some(false), "the first event is there"),
        (of_events(2, false, 101, 900), Some(true), "the answer tells of days before"),
        (of_events(2, false, 101, 100), Some(false), "the answer tells of days before"),
        (of_events(2, true, 101, 1_000), Some(true), "nothing is lost"),
        (answer(2, 900), Some(true), "nothing is known of times"),
        (of_events(2, true, 101, 999), None, "the beginning is forgotten"),
    ];
    for (next, is_believed, words) in stories {
        let id = next.id.clone();
        let (state, _) = fold(&[whole(), next], &Limits::DEFAULT, TURNS);
        let accepted = state.accepted.map(|accepted| accepted.id) == Some(id);
        assert_eq!(
            (accepted, state.held.is_some()),
            (is_believed == Some(true), is_believed == Some(false)),
            "{words}"
        );
    }
}
