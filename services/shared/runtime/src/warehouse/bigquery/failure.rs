//! What an error of BigQuery means for who called.

use std::io;

use everycent_domain::sql::bigquery::OVERTAKEN;
use gcp_bigquery_client::error::BQError;
use gcp_bigquery_client::model::error_proto::ErrorProto;

use crate::failure::Reason;
use crate::warehouse::WarehouseError;

/// Why BigQuery did not do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    NotFound(Reason),
    AlreadyExists(Reason),
    /// Somebody else changed the tables at the same time; nothing was done.
    Concurrent(Reason),
    /// It may have happened. Trying again may help.
    MayPass(Reason),
    /// A number leaves the range of its type; the rows are to blame.
    OutOfRange(Reason),
    /// A permission is missing.
    Denied(Reason),
    /// Trying again does not help until a person did something.
    Refused(Reason),
}

/// What an error answer says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Explained {
    /// In the form of Google's errors, so that no gateway made it up.
    pub by_google: bool,
    /// BigQuery's reason, or else the name that all of Google's services have for the kind of error.
    pub reason: Option<String>,
    pub message: String,
}

/// What comes with 403 and is no missing permission.
const BIGQUERYS_OWN: [&str; 4] = ["billingNotEnabled", "blocked", "responseTooLarge", "billingTierLimitExceeded"];

/// <https://cloud.google.com/bigquery/docs/error-messages>, and of Google's services in general
/// <https://cloud.google.com/apis/design/errors>.
const MAY_PASS: [&str; 15] = [
    "RATE_LIMIT_EXCEEDED",
    "RESOURCE_EXHAUSTED",
    "UNAVAILABLE",
    "backendError",
    "internalError",
    "jobBackendError",
    "jobInternalError",
    "jobRateLimitExceeded",
    "quotaExceeded",
    "rateLimitExceeded",
    "resourceInUse",
    "stopped",
    "tableUnavailable",
    "timeout",
    "vpcServiceControlsTemporarilyUnavailable",
];
const CONCURRENT: [&str; 8] = [
    OVERTAKEN,
    "aborted due to concurrent update",
    "Could not serialize access",
    // What local-bigquery says in their place, for DuckDB. It says it of loads too, even into different tables.
    "Transaction conflict",
    "Failed to commit DuckLake transaction",
    "Catalog write-write conflict",
    // And of two that offer it the same new job.
    "UNIQUE constraint violation",
    "violates primary key constraint",
];

impl Failure {
    /// Of whoever gives access tokens.
    pub fn of(error: BQError) -> Self {
        match error {
            BQError::InvalidApplicationDefaultCredentialsAuthenticator(error) => {
                let passes = error.kind() == io::ErrorKind::TimedOut;
                let reason = Reason::of(error)
                    .reworded(|said| format!("no access token from the Application Default Credentials: {said}"));
                if passes { Self::MayPass(reason) } else { Self::Refused(reason) }
            }
            other => Self::Refused(Reason::from(other.to_string()).caused_by(other)),
        }
    }

    /// From an answer with the status of an error. What has a body of its own is BigQuery's; of others the status decides.
    pub fn of_answer(status: u16, Explained { by_google, reason, message }: &Explained) -> Self {
        let (reason, message) = (reason.as_deref().unwrap_or(""), message.clone());
        match status {
            401 => Self::Refused(format!("the Application Default Credentials are not accepted: {message}").into()),
            408 | 429 | 500.. if reason != "notImplemented" => Self::MayPass(message.into()),
            403 if MAY_PASS.contains(&reason) => Self::MayPass(message.into()),
            403 if !BIGQUERYS_OWN.contains(&reason) => Self::denied(&message),
            404 if *by_google => Self::NotFound(message.into()),
            409 if *by_google => Self::AlreadyExists(message.into()),
            _ => Self::of_reason(reason, message),
        }
    }

    /// From a job that was done and failed. It ran for `principal`.
    pub fn of_job(error: &ErrorProto, principal: Option<&str>) -> Self {
        let message = error.message.clone().unwrap_or_else(|| "no reason given".to_owned());
        match (Self::of_reason(error.reason.as_deref().unwrap_or(""), message), principal) {
            (Self::Denied(message), Some(principal)) => {
                Self::Denied(message.reworded(|said| format!("{said} (it runs as {principal})")))
            }
            (failure, _) => failure,
        }
    }

    fn of_reason(reason: &str, message: String) -> Self {
        if CONCURRENT.iter().any(|words| message.contains(words)) {
            return Self::Concurrent(message.into());
        }
        // `int64 overflow: ...`, `numeric overflow: ...`; the emulator says `Overflow in ...`, and of a sum of 128 bits that
        // its value is out of range.
        let told = message.to_ascii_lowercase();
        if told.contains("overflow") || told.contains("value is out of range for the destination type") {
            return Self::OutOfRange(message.into());
        }
        match reason {
            "notFound" => Self::NotFound(message.into()),
            "duplicate" => Self::AlreadyExists(message.into()),
            "accessDenied" => Self::denied(&message),
            reason if MAY_PASS.contains(&reason) => Self::MayPass(message.into()),
            _ => Self::Refused(message.into()),
        }
    }

    fn denied(message: &str) -> Self {
        Self::Denied(format!("a permission is missing, grant it to the account that this runs as: {message}").into())
    }

    /// Whether somebody else came first, so that it is worth doing again.
    pub fn is_concurrent(&self, action: &'static str) -> bool {
        let Self::Concurrent(reason) = self else { return false };
        tracing::debug!(reason = %reason, action, "somebody else came first");
        true
    }

    pub fn during(self, action: &'static str) -> WarehouseError {
        match self {
            Self::Concurrent(reason) | Self::MayPass(reason) => WarehouseError::Unavailable { action, reason },
            Self::OutOfRange(reason) => WarehouseError::OutOfRange { action, reason },
            Self::NotFound(reason) | Self::AlreadyExists(reason) | Self::Denied(reason) | Self::Refused(reason) => {
                WarehouseError::Refused { action, reason }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(reason: &str, message: &str) -> Failure {
        let error = ErrorProto { reason: Some(reason.into()), message: Some(message.into()), ..Default::default() };
        Failure::of_job(&error, Some("loader@example.com"))
    }

    fn response(status: u16, reason: &str) -> Failure {
        let explained = Explained { by_google: true, reason: Some(reason.to_owned()), message: "m".into() };
        Failure::of_answer(status, &explained)
    }

    #[test]
    fn another_merge_that_came_first_is_told_from_a_mistake_in_the_script() {
        let aborted = "Transaction is aborted due to concurrent update against table p:d.coverage. Transaction ID: x";
        assert_eq!(job("invalidQuery", aborted), Failure::Concurrent(aborted.into()));
        assert_eq!(job("invalidQuery", OVERTAKEN), Failure::Concurrent(OVERTAKEN.into()));
        assert_eq!(job("invalidQuery", "Syntax error"), Failure::Refused("Syntax error".into()));
    }

    #[test]
    fn a_missing_permission_names_the_account_and_what_it_lacks() {
        let message = "Access Denied: Table p:d.t: Permission bigquery.tables.updateData denied on table p:d.t";
        let Failure::Denied(text) = job("accessDenied", message) else { panic!() };
        assert!(text.contains(message) && text.contains("loader@example.com"), "{text}");
    }

    #[test]
    fn an_overloaded_server_may_pass_and_a_missing_thing_is_told_as_such() {
        let m = || "m".into();
        for failure in [response(503, "backendError"), response(429, ""), response(403, "rateLimitExceeded")] {
            assert_eq!(failure, Failure::MayPass(m()));
        }
        assert_eq!(response(404, "notFound"), Failure::NotFound(m()));
        assert_eq!(response(409, "duplicate"), Failure::AlreadyExists(m()));
        assert_eq!(response(400, "invalid"), Failure::Refused(m()));
    }
}
