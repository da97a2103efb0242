//! Misbehaviour on request: what goes wrong, at which endpoint, when and how often.
//!
//! Owns the vocabulary of faults. It must never touch a socket; [`crate::server`] carries faults out.

mod content;
mod form;
mod ledger;
mod outgoing;
mod text;

use chrono::NaiveDate;

use self::form::Form;
pub(crate) use self::ledger::Ledger;
pub(crate) use self::outgoing::{Delivery, Outgoing};
pub use self::text::FaultTextError;
use crate::endpoint::{Endpoint, Vendor};

/// One thing that goes wrong.
///
/// ```
/// use vendor_sim::{Endpoint, Fault, FaultKind, When};
/// let fault = Fault::on(Endpoint::AnthropicCostReport, FaultKind::Status(529)).when(When::Page(2)).times(1);
/// assert_eq!(fault, "anthropic/cost_report:529@page=2*1".parse().unwrap());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// None is every endpoint.
    pub endpoint: Option<Endpoint>,
    /// Only requests whose query or body contains this text, or with a leading `!` does not.
    pub containing: Option<String>,
    pub when: When,
    pub kind: FaultKind,
    /// How often at most; none is without end.
    pub times: Option<u32>,
}

/// Which of the matching requests are hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Always,
    /// The n-th matching request since the fault was injected, from 1.
    Nth(u32),
    /// Requests for this page, from 1.
    Page(u32),
    /// Requests whose answer covers this day.
    Day(NaiveDate),
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// 429, with `Retry-After` in seconds if given.
    TooManyRequests { retry_after_s: Option<u64> },
    /// An error status with the vendor's body for it, such as 500, 504, 529.
    Status(u16),
    /// The connection is dropped within the body; none is half way. The content length is that of the whole.
    CutBody { after_bytes: Option<usize> },
    /// The body drips, sixteen pieces with a pause after each.
    SlowBody { pause_ms: u64 },
    /// The answer is made and held back until the faults are cleared.
    Held,
    /// The page holds the records of page 1.
    RepeatedPage,
    /// Before the answer a member in front of all others joins (Cursor): later rows shift down, the total grows.
    MemberJoins,
    /// Before the answer the first member is erased (Cursor): later rows shift up, the total shrinks.
    MemberLeaves,
    /// Both at once: rows shift up, the total stays.
    MemberSwap,
    /// Before the answer a copy of the newest event that is asked for joins in front (Cursor events): later ones shift
    /// down, the total grows.
    EventJoins,
    /// Before the answer the newest event that is asked for vanishes (Cursor events): later ones shift up, the total
    /// shrinks.
    EventLeaves,
    /// 403 of a genuine key, with the vendor's words for a scope that it lacks.
    MissingScope,
    /// 400 with the vendor's words for an organization that may not use the report (Anthropic).
    ClosedReport,
    /// 410 for a page after the first one, as after a refresh of the data (Anthropic's analytics). Requests for a first
    /// page are not counted.
    ExpiredCursor,
    /// Before the answer the day is restated in the world, for both vendors.
    Restate(NaiveDate),
    /// Undocumented fields on every level.
    UnknownFields,
    /// Undocumented values where the vendor may add some.
    UnknownValues,
    /// One record whose amount is `"abc"`.
    AmountText,
    /// One record whose amount is a JSON number instead of a text (Anthropic's cost).
    AmountNumber,
    /// One record of which every field beside identity and money is of another type than is documented.
    OddFields,
    /// Every amount has a hundredth of a billionth of a cent more than it should (Anthropic's cost).
    FineAmounts,
    /// The vendor counts one event more than it reports, in every reading (Cursor events).
    MiscountedEvents,
    /// One bucket or record without its date.
    DateMissing,
    /// One record with a count that is a text.
    CountText,
    /// Two records whose amount is nine billion dollars: each fits 64 bits of nano-dollars, and both together do not.
    HugeAmounts,
    /// Two records with the largest count that 64 bits hold.
    HugeCounts,
    /// One record whose tokens written to the cache are one flat number instead of an object (Anthropic's token usage).
    FlatCacheCreation,
    /// A page of HTML with status 200.
    NotJson,
    /// Well-formed beginning, then blanks without end until so many bytes are sent; no content length.
    HugeBody { bytes: u64 },
    /// JSON of an altogether different form with status 200.
    WrongContent,
    /// One day is missing from the answer: the one of [`When::Day`], otherwise the first.
    MissingBucket,
    /// Every bucket has its records under another name than is documented (Anthropic's cost and token usage).
    ResultsMissing,
    /// There is always a next page: Anthropic's token or last id leads to this very page, Cursor's `hasNextPage` stays
    /// true and its number of pages is always one more.
    NextPageLoop,
    /// Every page is empty and says that another follows, with a token that never came before.
    EmptyPages,
    /// One record in which a field has a value that no JSON of ours holds: of money where the report has any, else a count.
    Hostile(Hostile),
}

/// What a vendor may write in place of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hostile {
    /// A text that is no UTF-8.
    Utf8,
    /// A text with a zero byte.
    Nul,
    /// Half of a surrogate pair, escaped.
    Surrogate,
    /// A number beyond every float.
    Exponent,
    /// A number of 400 digits.
    Digits,
    /// Ten thousand lists, each in the one before.
    Nesting,
    /// The same field twice.
    Twice,
    /// No value of JSON at all.
    Word,
}

impl Hostile {
    pub const ALL: [Self; 8] =
        [Self::Utf8, Self::Nul, Self::Surrogate, Self::Exponent, Self::Digits, Self::Nesting, Self::Twice, Self::Word];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf8",
            Self::Nul => "nul",
            Self::Surrogate => "surrogate",
            Self::Exponent => "exponent",
            Self::Digits => "digits",
            Self::Nesting => "nesting",
            Self::Twice => "twice",
            Self::Word => "word",
        }
    }

    /// The bytes in place of the value of the field.
    pub(crate) fn bytes(self, field: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => b"\"\xff\xfe\"".to_vec(),
            Self::Nul => b"\"a\0b\"".to_vec(),
            Self::Surrogate => br#""\ud800""#.to_vec(),
            Self::Exponent => b"1e400".to_vec(),
            Self::Digits => b"9".repeat(400),
            Self::Nesting => [b"[".repeat(10_000), b"]".repeat(10_000)].concat(),
            Self::Twice => format!("1,\"{field}\":1").into_bytes(),
            Self::Word => b"nought".to_vec(),
        }
    }
}

impl Fault {
    /// At one endpoint, always, without end.
    pub fn on(endpoint: Endpoint, kind: FaultKind) -> Fault {
        Fault { endpoint: Some(endpoint), containing: None, when: When::Always, kind, times: None }
    }

    /// At every endpoint, always, without end.
    pub fn anywhere(kind: FaultKind) -> Fault {
        Fault { endpoint: None, containing: None, when: When::Always, kind, times: None }
    }

    pub fn when(mut self, when: When) -> Fault {
        self.when = when;
        self
    }

    pub fn times(mut self, times: u32) -> Fault {
        self.times = Some(times);
        self
    }

    /// Only requests whose query or body contains the text; with a leading `!`, does not contain it.
    /// Query parameters are seen decoded: `group_by[]=description`.
    pub fn containing(mut self, text: &str) -> Fault {
        self.containing = Some(text.to_owned());
        self
    }

    /// Whether the kind can do anything at the endpoint.
    pub(crate) fn is_possible(&self) -> bool {
        self.endpoint.is_none_or(|endpoint| self.kind.is_possible_at(endpoint))
    }
}

impl FaultKind {
    pub(crate) fn is_possible_at(&self, endpoint: Endpoint) -> bool {
        let form = Form::of(endpoint);
        match self {
            FaultKind::AmountText | FaultKind::HugeAmounts => form.amount.is_some(),
            FaultKind::AmountNumber => form.amount_is_text,
            FaultKind::CountText | FaultKind::HugeCounts => form.count.is_some(),
            FaultKind::MemberJoins | FaultKind::MemberLeaves | FaultKind::MemberSwap => {
                endpoint.vendor() == Vendor::Cursor
            }
            FaultKind::EventJoins | FaultKind::EventLeaves => endpoint == Endpoint::CursorUsageEvents,
            FaultKind::ClosedReport => endpoint.vendor() == Vendor::Anthropic,
            FaultKind::MiscountedEvents => endpoint == Endpoint::CursorUsageEvents,
            FaultKind::FineAmounts => form.amount_is_text,
            FaultKind::OddFields => !form.odd.is_empty(),
            FaultKind::ResultsMissing => form.has_buckets,
            FaultKind::FlatCacheCreation => form.cache_creation_in.is_some(),
            FaultKind::ExpiredCursor => endpoint.is_of_analytics(),
            FaultKind::RepeatedPage | FaultKind::NextPageLoop | FaultKind::EmptyPages => form.is_paged,
            FaultKind::Hostile(_) => form.hostile().is_some(),
            FaultKind::UnknownValues => !form.unknown.is_empty(),
            FaultKind::DateMissing | FaultKind::MissingBucket => form.day.is_some(),
            _ => true,
        }
    }
}
