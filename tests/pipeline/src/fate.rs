//! What befalls the calls of the ports: errors, lost replies and deaths, each at a call that the test chose.
//!
//! It decides nothing by chance. A dead process reaches nothing: each of its later calls fails and does nothing.

use std::sync::{Arc, Mutex, MutexGuard};

use everycent_runtime::faults::{Fault, Faults};

/// What befalls one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blow {
    /// It fails and has done nothing.
    FailBefore,
    /// It is done, and the reply is lost.
    FailAfter,
    /// The process dies before it.
    DieBefore,
    /// The process dies once it is done, before anybody hears of it.
    DieAfter,
}

impl Blow {
    pub const ALL: [Self; 4] = [Self::FailBefore, Self::FailAfter, Self::DieBefore, Self::DieAfter];

    fn is_deadly(self) -> bool {
        matches!(self, Self::DieBefore | Self::DieAfter)
    }

    fn fault(self) -> Fault {
        match self {
            Self::FailBefore | Self::DieBefore => Fault::Before,
            Self::FailAfter | Self::DieAfter => Fault::After,
        }
    }
}

/// The fate of all ports of one process. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Fate(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    calls: Vec<&'static str>,
    awaited: Vec<Awaited>,
    dead: bool,
}

#[derive(Debug)]
struct Awaited {
    operation: Option<&'static str>,
    skip: usize,
    blow: Blow,
}

impl Fate {
    /// Strikes one call to come, after `skip` others; of one operation, or of any.
    pub fn strike(&self, operation: Option<&'static str>, skip: usize, blow: Blow) {
        self.state().awaited.push(Awaited { operation, skip, blow });
    }

    /// Nothing befalls anybody any more.
    pub fn calm(&self) {
        self.state().awaited.clear();
    }

    /// Whether some blow has not fallen yet.
    pub fn is_awaited(&self) -> bool {
        !self.state().awaited.is_empty()
    }

    pub fn is_dead(&self) -> bool {
        self.state().dead
    }

    /// A new process takes the dead one's place.
    pub fn revive(&self) {
        self.state().dead = false;
    }

    /// The operations that were called while alive, in order.
    pub fn calls(&self) -> Vec<&'static str> {
        self.state().calls.clone()
    }

    /// The plan for an unreliable port.
    pub(crate) fn faults(&self) -> Faults {
        let fate = self.clone();
        Faults::new(move |operation| fate.state().befalls(operation))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("invariant: nothing panics while it holds the fate")
    }
}

impl State {
    fn befalls(&mut self, operation: &'static str) -> Fault {
        if self.dead {
            return Fault::Before;
        }
        self.calls.push(operation);
        let Some(blow) = self.due(operation) else { return Fault::None };
        self.dead = blow.is_deadly();
        blow.fault()
    }

    /// Counts the call for everything that is awaited, and takes the first that falls due.
    fn due(&mut self, operation: &'static str) -> Option<Blow> {
        let mut due = None;
        for (place, awaited) in self.awaited.iter_mut().enumerate() {
            if awaited.operation.is_some_and(|meant| meant != operation) {
                continue;
            }
            match awaited.skip {
                0 => due = due.or(Some(place)),
                _ => awaited.skip -= 1,
            }
        }
        due.map(|place| self.awaited.remove(place).blow)
    }
}
