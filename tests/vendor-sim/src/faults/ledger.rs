//! The faults that are injected, and which of them a request sets off.
//!
//! Owns the counting. It must never carry out a fault.

use super::{Fault, FaultKind, When};
use crate::endpoint::Endpoint;
use crate::exchange::{Covers, Request};

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    injected: Vec<Injected>,
}

#[derive(Debug)]
struct Injected {
    fault: Fault,
    seen: u32,
    fired: u32,
}

impl Ledger {
    pub(crate) fn inject(&mut self, fault: Fault) {
        self.injected.push(Injected { fault, seen: 0, fired: 0 });
    }

    pub(crate) fn clear(&mut self) {
        self.injected.clear();
    }

    /// The faults that this request sets off, in the order of injection. `covers` is what the faultless
    /// answer holds.
    pub(crate) fn fire(&mut self, endpoint: Endpoint, request: &Request, covers: Option<Covers>) -> Vec<Fault> {
        if self.injected.is_empty() {
            return Vec::new();
        }
        let text = request.text();
        self.injected
            .iter_mut()
            .filter_map(|injected| injected.fires(endpoint, &text, covers).then(|| injected.fault.clone()))
            .collect()
    }
}

impl Injected {
    fn fires(&mut self, endpoint: Endpoint, text: &str, covers: Option<Covers>) -> bool {
        let fault = &self.fault;
        let is_meant = fault.endpoint.is_none_or(|meant| meant == endpoint)
            && fault.kind.is_possible_at(endpoint)
            && (fault.kind != FaultKind::ExpiredCursor || covers.is_some_and(|covers| covers.page > 1))
            && fault.containing.as_deref().is_none_or(|wanted| contains(text, wanted));
        if !is_meant || fault.times.is_some_and(|times| self.fired >= times) {
            return false;
        }
        self.seen += 1;
        let fires = match fault.when {
            When::Always => true,
            When::Nth(nth) => self.seen == nth,
            When::Page(page) => covers.is_some_and(|covers| covers.page == page),
            When::Day(day) => covers.is_some_and(|covers| covers.first_day <= day && day <= covers.last_day),
        };
        self.fired += u32::from(fires);
        fires
    }
}

fn contains(text: &str, wanted: &str) -> bool {
    match wanted.strip_prefix('!') {
        Some(unwanted) => !text.contains(unwanted),
        None => text.contains(wanted),
    }
}
