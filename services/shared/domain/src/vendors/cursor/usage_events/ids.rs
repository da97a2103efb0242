//! Telling identical events apart, with no more memory than one instant of the feed takes.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::identity::{HexId, Id, IdHasher};

/// More than an instant of a feed has.
const EVENTS_OF_A_RUN: i64 = 1_000_000_000;

/// Gives each event of a feed an id of its own, the same one whenever the same feed is read.
///
/// The feed goes from instant to instant in one direction, so twins follow one another and an ordinal is all it takes.
/// No vendor promises that. Where the feed turns, a new run begins, whose events are counted anew: an instant that
/// comes back gives other ids than it gave before, and nothing is lost.
#[derive(Debug, Default)]
pub struct EventIds {
    last: Option<i64>,
    direction: Option<Ordering>,
    run: i64,
    ordinals: HashMap<Id, i64>,
}

impl EventIds {
    /// The id of the next event of the feed, which happened at this instant and whose dimensions are these.
    pub fn id(&mut self, instant: i64, dimensions: IdHasher) -> HexId {
        self.move_to(instant);
        let first = dimensions.finish();
        match (self.run, self.count(first)) {
            (0, 1) => first.hex(),
            (run, ordinal) => dimensions.number(run).number(ordinal).finish().hex(),
        }
    }

    /// Which of those this is that are alike in all, at the instant of the last event.
    pub fn ordinal(&mut self, alike: &IdHasher) -> i64 {
        self.run * EVENTS_OF_A_RUN + self.count(alike.finish())
    }

    fn count(&mut self, id: Id) -> i64 {
        let ordinal = self.ordinals.entry(id).or_default();
        *ordinal += 1;
        *ordinal
    }

    fn move_to(&mut self, instant: i64) {
        let Some(last) = self.last.replace(instant) else { return };
        let step = instant.cmp(&last);
        if step == Ordering::Equal {
            return;
        }
        self.ordinals.clear();
        if *self.direction.get_or_insert(step) != step {
            self.run += 1;
            self.direction = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(feed: &[(i64, &str)]) -> Vec<String> {
        let mut ids = EventIds::default();
        let id = |(instant, person): &(i64, &str)| {
            ids.id(*instant, IdHasher::new("event").number(*instant).part(person)).as_str().to_owned()
        };
        feed.iter().map(id).collect()
    }

    #[test]
    fn those_that_are_alike_in_all_are_counted_at_each_instant_and_never_twice_the_same() {
        let mut ids = EventIds::default();
        let mut ordinal = |instant: i64, person: &str| {
            ids.id(instant, IdHasher::new("event").number(instant));
            ids.ordinal(&IdHasher::new("person").number(instant).part(person))
        };
        assert_eq!([ordinal(9, "ann"), ordinal(9, "bob"), ordinal(9, "ann"), ordinal(8, "ann")], [1, 1, 2, 1]);
        assert_eq!([ordinal(9, "ann"), ordinal(9, "ann")], [1_000_000_001, 1_000_000_002]);
    }

    fn distinct(ids: &[String]) -> usize {
        ids.iter().collect::<std::collections::BTreeSet<_>>().len()
    }

    #[test]
    fn twins_of_one_instant_are_told_apart_and_the_first_is_named_by_its_dimensions_alone() {
        let feed = ids(&[(9, "ann"), (8, "ann"), (8, "bob"), (8, "ann"), (7, "ann")]);
        assert_eq!(distinct(&feed), 5);
        assert_eq!(ids(&[(8, "ann")]), [feed[1].clone()]);
        assert_eq!(ids(&[(8, "bob"), (8, "ann"), (8, "ann")])[2], feed[3]);
    }

    #[test]
    fn the_direction_of_the_feed_does_not_matter() {
        let mut up = ids(&[(1, "ann"), (2, "ann"), (2, "ann"), (3, "ann")]);
        let down = ids(&[(3, "ann"), (2, "ann"), (2, "ann"), (1, "ann")]);
        up.swap(0, 3);
        assert_eq!(up, down);
    }

    #[test]
    fn an_instant_that_comes_back_gives_new_ids() {
        let feeds: [&[(i64, &str)]; 3] = [
            &[(5, "ann"), (3, "ann"), (5, "ann"), (3, "ann"), (5, "ann")],
            &[(5, "ann"), (4, "bob"), (5, "ann"), (5, "ann")],
            &[(1, "ann"), (2, "ann"), (1, "ann"), (2, "ann"), (2, "ann"), (1, "ann")],
        ];
        for feed in feeds {
            assert_eq!(distinct(&ids(feed)), feed.len(), "{feed:?}");
            assert_eq!(ids(feed), ids(feed));
        }
    }

    #[test]
    fn only_one_instant_is_held_in_memory() {
        let mut ids = EventIds::default();
        for instant in (0..1_000).rev() {
            ids.id(instant, IdHasher::new("event").number(instant));
        }
        assert_eq!(ids.ordinals.len(), 1);
    }
}
