use everycent_schemas::events::Reported;
use everycent_schemas::{Timestamp, Usd};

use super::*;

const CLOSED_AT: i64 = 100;

fn answer(fetched_at: i64, cents: i64) -> Answer {
    let usd = Some(Usd::from_nanos(i128::from(cents) * 10_000_000));
    Answer {
        id: AnswerId { fetched_at: Timestamp::from_micros(fetched_at), snapshot_id: "s".into() },
        figures: Figures::of(1, Reported { usd, tokens: None, count: None }),
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
        let (state, judged) = fold(&answers, &Limits::DEFAULT, Timestamp::from_micros(CLOSED_AT));
        assert_eq!(state.accepted.map(|accepted| accepted.id), Some(answers[1].id.clone()));
        let reason = judged[1].reason.as_ref();
        assert_eq!(reason.is_some_and(|reason| reason.contains("more than tenfold")), is_told, "{first} {second}");
    }
}
