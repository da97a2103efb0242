//! Schedules: what happens to the world, to the messages and to the process, in which order.

mod random;

use crate::fate::Blow;
use crate::model::{Report, Word};
use crate::pipeline::Service;
use everycent_runtime::bus::Topic;

pub use random::any_case;

/// One thing that happens. Places are taken modulo what there is.
#[derive(Debug, Clone)]
pub enum Transition {
    /// Every amount of a day becomes another one.
    Restate {
        day: u32,
    },
    /// A row vanishes from a day.
    VanishRow {
        day: u32,
        place: usize,
    },
    /// Rows of a day come late.
    LateRows {
        day: u32,
        count: u32,
    },
    RestateCursorDay {
        day: u32,
    },
    /// A vendor forgets a day but for so much of it.
    DayIsForgotten {
        day: u32,
        kept: usize,
    },
    /// A vendor forgets a fifth of a day.
    DayErodes {
        day: u32,
    },
    /// The vendor knows the day again as it was before.
    DayIsRemembered {
        day: u32,
    },
    /// What a member did on a day is taken back.
    ClearCursorUsage {
        day: u32,
        place: usize,
    },
    MemberJoins {
        user_id: u64,
    },
    /// A member is erased from every day.
    MemberErased {
        place: usize,
    },
    MembershipEnds {
        place: usize,
        day: u32,
    },
    /// An event of a day comes once more, a little dearer or just the same.
    EventComes {
        day: u32,
        place: usize,
        more_cents: u32,
    },
    EventVanishes {
        day: u32,
        place: usize,
    },
    WorkspaceComes {
        number: u32,
    },
    WorkspaceIsRenamed {
        place: usize,
        number: u32,
    },
    WorkspaceIsArchived {
        place: usize,
        day: u32,
    },
    KeyComes {
        number: u32,
        place: usize,
    },
    KeyIsSet {
        place: usize,
        status: &'static str,
    },
    KeyVanishes {
        place: usize,
    },
    /// The analytics name an identity of a provider from now on in place of a key.
    KeyIsFederated {
        place: usize,
        provider: usize,
    },
    UserComes {
        number: u32,
    },
    UserVanishes {
        place: usize,
    },
    /// A person uploads what people did on some days, in place of what was uploaded before.
    UploadUsage {
        account: usize,
        from: u32,
        /// Each line: days from the first, a person, and a count.
        lines: Vec<(u32, u32, u32)>,
        dies_once_stored: bool,
    },
    /// A person uploads owners of keys. Those of other keys stay.
    UploadOwners {
        account: usize,
        /// Each line: a key, its owner, and whether there is a note.
        lines: Vec<(u32, u32, bool)>,
        dies_once_stored: bool,
    },
    /// A person uploads who is in which team, for all accounts at once.
    UploadPeople {
        /// Each line: a person, a team, and whether the person has another address.
        lines: Vec<(u32, u32, bool)>,
        dies_once_stored: bool,
    },
    /// A person decides about an answer: one that is held, or any at all.
    Decide {
        among: Among,
        place: usize,
        word: Word,
        dies_once_stored: bool,
    },
    /// A sync: somebody asks for all days of all reports of the case.
    RequestEverything,
    /// Somebody asks for days, of one account or of all.
    Request {
        /// Place among the reports of the case.
        report: usize,
        account: Option<usize>,
        from: u32,
        days: u32,
    },
    /// One service works so many rounds, while what it publishes piles up.
    Step {
        service: Service,
        rounds: u32,
    },
    /// Every service works one round.
    Round,
    /// All work until nothing is left to do, and the tables are compared.
    Settle,
    /// A message that was published before is delivered again, so many times.
    DeliverAgain {
        topic: Option<Topic>,
        place: usize,
        copies: u32,
    },
    /// The process dies between two calls.
    Crash {
        leases_released: bool,
    },
    /// One call to come of a port is struck.
    Strike {
        operation: Option<&'static str>,
        skip: usize,
        blow: Blow,
    },
    /// A vendor misbehaves so many times, on its first or second page.
    VendorFault {
        fault: VendorFault,
        page: Option<u32>,
        times: u32,
    },
    AdvanceClock {
        hours: i64,
    },
    /// Stored snapshots of some days are announced again.
    Replay {
        from: u32,
        days: u32,
    },
    /// The tables are lost once everything is at rest, and made again from the raw store.
    LoseTables,
    /// Other rules, applied to history by a replay.
    ChangeRules {
        rule_set: usize,
    },
}

/// Which answers a person decides about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Among {
    /// Those that are held.
    Held,
    /// All that were announced, whatever became of them.
    Announced,
}

/// Misbehaviour that a whole answer never shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VendorFault {
    Status(u16),
    TooManyRequests(Option<u64>),
    Cut,
    RepeatedPage,
    NotJson,
    WrongContent,
    MissingBucket,
    NextPageLoop,
    /// At one of the endpoints.
    UnknownFields {
        place: usize,
    },
    AmountText,
    AmountNumber,
    CountText,
    DateMissing,
    FlatCacheCreation,
    MemberJoins,
    MemberLeaves,
    EventJoins,
    EventLeaves,
    Restate {
        day: u32,
    },
}

/// When a world begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// On the third day Cursor's published price changes from requests to tokens.
    OfTwoPrices,
    /// On the second day the vendor's analytics begin.
    OfAnalytics,
}

/// A world, a set-up and a schedule: all that a run depends on.
#[derive(Debug, Clone)]
pub struct Case {
    pub world_seed: u64,
    pub era: Era,
    /// What is asked for: a few of all reports, so that a run stays short.
    pub reports: Vec<&'static Report>,
    pub days: u32,
    /// Every amount of the bill is so many times what it would be.
    pub times_dearer: u32,
    pub today_is_returned: bool,
    pub on_disk: bool,
    pub shuffle_seed: Option<u64>,
    pub transitions: Vec<Transition>,
}
