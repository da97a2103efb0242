//! The made-up events of the day that was asked for last, since its pages are read one after another.
//!
//! Owns one day. It must be emptied by whatever changes what would be made up.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;

use super::CursorEvent;

#[derive(Debug, Default)]
pub(crate) struct EventCache(Mutex<Option<(NaiveDate, Arc<[CursorEvent]>)>>);

impl EventCache {
    pub(super) fn get_or_make(&self, day: NaiveDate, make: impl FnOnce() -> Vec<CursorEvent>) -> Arc<[CursorEvent]> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, events)) = kept.as_ref().filter(|(known, _)| *known == day) {
            return Arc::clone(events);
        }
        let events: Arc<[CursorEvent]> = make().into();
        *kept = Some((day, Arc::clone(&events)));
        events
    }

    pub(super) fn forget(&mut self) {
        *self = EventCache::default();
    }
}

/// A copy of a world starts without it.
impl Clone for EventCache {
    fn clone(&self) -> EventCache {
        EventCache::default()
    }
}
