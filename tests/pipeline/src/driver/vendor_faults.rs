//! How the vendors misbehave in a schedule.

use chrono::{Days, NaiveDate};
use vendor_sim::{Endpoint, Fault, FaultKind, When};

use crate::schedule::VendorFault;

/// Where unknown fields are in no column. Elsewhere a column holds a map of the vendor's as it came.
const WITHOUT_MAPS: [Endpoint; 10] = [
    Endpoint::AnthropicCostReport,
    Endpoint::AnthropicUsageMessages,
    Endpoint::AnthropicAnalyticsCost,
    Endpoint::AnthropicAnalyticsUsage,
    Endpoint::AnthropicApiKeys,
    Endpoint::AnthropicUsers,
    Endpoint::CursorDailyUsageData,
    Endpoint::CursorUsageEvents,
    Endpoint::CursorSpend,
    Endpoint::CursorMembers,
];

/// Every request but the one for the list of workspaces.
const NOT_WORKSPACES: &str = "!include_default";

/// What changes the world in the middle of a reading happens once, and where a whole answer still tells one state of it.
pub(super) fn simulated(fault: VendorFault, page: Option<u32>, times: u32, first_day: NaiveDate) -> Fault {
    let anywhere = Fault::anywhere;
    let when = page.map_or(When::Always, When::Page);
    let (fault, when, times) = match fault {
        // A list of workspaces that is not there leaves their ids as they are; the model knows of no such organization.
        VendorFault::Status(404) => (anywhere(FaultKind::Status(404)).containing(NOT_WORKSPACES), when, times),
        VendorFault::Status(status) => (anywhere(FaultKind::Status(status)), when, times),
        VendorFault::TooManyRequests(retry_after_s) => {
            (anywhere(FaultKind::TooManyRequests { retry_after_s }), when, times)
        }
        VendorFault::Cut => (anywhere(FaultKind::CutBody { after_bytes: None }), when, times),
        VendorFault::RepeatedPage => (anywhere(FaultKind::RepeatedPage), when, times),
        VendorFault::NotJson => (anywhere(FaultKind::NotJson), when, times),
        VendorFault::WrongContent => (anywhere(FaultKind::WrongContent), when, times),
        // Of a day that is over: one that is not may be left out of a whole answer.
        VendorFault::MissingBucket => {
            (Fault::on(Endpoint::AnthropicCostReport, FaultKind::MissingBucket), When::Day(first_day), times)
        }
        VendorFault::NextPageLoop => (anywhere(FaultKind::NextPageLoop), when, times),
        VendorFault::UnknownFields { place } => {
            (Fault::on(WITHOUT_MAPS[place % WITHOUT_MAPS.len()], FaultKind::UnknownFields), when, times)
        }
        VendorFault::AmountText => (anywhere(FaultKind::AmountText), When::Page(1), times),
        VendorFault::AmountNumber => (anywhere(FaultKind::AmountNumber), When::Page(1), times),
        VendorFault::CountText => (anywhere(FaultKind::CountText), When::Page(1), times),
        VendorFault::DateMissing => (anywhere(FaultKind::DateMissing), When::Page(1), times),
        VendorFault::FlatCacheCreation => (anywhere(FaultKind::FlatCacheCreation), When::Page(1), times),
        VendorFault::MemberJoins => (anywhere(FaultKind::MemberJoins), when, 1),
        VendorFault::MemberLeaves => (anywhere(FaultKind::MemberLeaves), when, 1),
        VendorFault::EventJoins => (anywhere(FaultKind::EventJoins), when, 1),
        VendorFault::EventLeaves => (anywhere(FaultKind::EventLeaves), when, 1),
        VendorFault::Restate { day } => {
            // Before the pages of an answer and not after them, when the workspaces are asked for.
            let restated = anywhere(FaultKind::Restate(first_day + Days::new(day.into())));
            (restated.containing(NOT_WORKSPACES), When::Page(1), 1)
        }
    };
    fault.when(when).times(times)
}
