//! What errors of the service mean for a worker and for a person.

use std::time::Duration;

use google_cloud_gax::client_builder::Error as BuildError;
use google_cloud_gax::error::rpc::Code;
use google_cloud_storage::Error;

use crate::failure::{Reason, chain};
use crate::store::StoreError;

/// What is asked of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Create,
    Read,
    Delete,
    List,
    Make,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Delete => "delete",
            Self::List => "list",
            Self::Make => "make the bucket",
        }
    }

    /// The permission that it needs, and the narrowest role of Google's own that has it.
    fn permission(self) -> (&'static str, &'static str) {
        match self {
            Self::Create => ("storage.objects.create", "roles/storage.objectCreator"),
            Self::Read => ("storage.objects.get", "roles/storage.objectViewer"),
            Self::Delete => ("storage.objects.delete", "roles/storage.objectUser"),
            Self::List => ("storage.objects.list", "roles/storage.objectViewer"),
            Self::Make => ("storage.buckets.create", "roles/storage.admin"),
        }
    }
}

/// One call, to name it in its error.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    pub action: Action,
    pub name: &'a str,
    pub bucket: &'a str,
}

impl Call<'_> {
    pub fn failed(&self, error: Error) -> StoreError {
        let (kind, said) = (kind(&error), said(&error));
        let reason = |words: String| Reason::from(words).caused_by(error);
        match kind {
            Kind::Passing => self.unavailable(reason(said)),
            Kind::Missing => self.refused(reason(format!(
                "there is no such bucket ({said}): make it, or correct the address of the store"
            ))),
            Kind::Denied => self.refused(reason(self.denied(&said))),
            Kind::Unknown => self.refused(reason(format!(
                "the credentials are not accepted ({said}): renew them, or give this service an account of its own"
            ))),
            Kind::Lasting => self.refused(reason(said)),
        }
    }

    pub fn no_client(&self, error: BuildError) -> StoreError {
        self.refused(Reason::of(error).reworded(|said| {
            format!(
                "no credentials ({said}): run this as a service account, or `gcloud auth application-default login`"
            )
        }))
    }

    pub fn unanswered(&self, patience: Duration) -> StoreError {
        self.unavailable(format!("no answer within {} s", patience.as_secs()).into())
    }

    fn denied(&self, said: &str) -> String {
        let (permission, role) = self.action.permission();
        format!("{permission} is missing ({said}): grant {role} on this bucket to the account that this runs as")
    }

    fn unavailable(&self, reason: Reason) -> StoreError {
        let reason = reason.reworded(|words| format!("gs://{}: {words}", self.bucket));
        StoreError::Unavailable { action: self.action.name(), name: self.name.to_owned(), reason }
    }

    fn refused(&self, reason: Reason) -> StoreError {
        let reason = reason.reworded(|words| format!("gs://{}: {words}", self.bucket));
        StoreError::Refused { action: self.action.name(), name: self.name.to_owned(), reason }
    }
}

pub(super) fn is_missing(error: &Error) -> bool {
    kind(error) == Kind::Missing
}

/// Whether a create failed because an object has the name. Who may create but not delete hears of the missing right to
/// replace it.
pub(super) fn is_there(error: &Error) -> bool {
    let replacing = || kind(error) == Kind::Denied && said(error).contains("storage.objects.delete");
    error.http_status_code() == Some(412) || replacing()
}

/// Whether a bucket was not made because there is one of that name.
pub(super) fn has_bucket(error: &Error) -> bool {
    let code = error.status().map(|status| status.code);
    error.http_status_code() == Some(409) || code == Some(Code::AlreadyExists)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Trying again may help.
    Passing,
    Missing,
    /// The account may not do it.
    Denied,
    /// The account is not known.
    Unknown,
    /// Trying again does not help.
    Lasting,
}

fn kind(error: &Error) -> Kind {
    if error.is_transient_and_before_rpc() {
        return Kind::Passing;
    }
    if error.is_authentication() {
        return Kind::Unknown;
    }
    if let Some(status) = error.http_status_code() {
        return of_http(status);
    }
    if let Some(status) = error.status() {
        return of_grpc(status.code);
    }
    // Without a status it never reached the service, or its reply was lost or damaged on its way back.
    if error.is_binding() || error.is_serialization() { Kind::Lasting } else { Kind::Passing }
}

fn of_http(status: u16) -> Kind {
    match status {
        401 => Kind::Unknown,
        403 => Kind::Denied,
        404 => Kind::Missing,
        // Something was in the way, and is gone.
        408 | 412 | 429 | 500.. => Kind::Passing,
        _ => Kind::Lasting,
    }
}

fn of_grpc(code: Code) -> Kind {
    match code {
        Code::Unauthenticated => Kind::Unknown,
        Code::PermissionDenied => Kind::Denied,
        Code::NotFound => Kind::Missing,
        Code::InvalidArgument
        | Code::AlreadyExists
        | Code::FailedPrecondition
        | Code::OutOfRange
        | Code::Unimplemented => Kind::Lasting,
        _ => Kind::Passing,
    }
}

/// In the service's own words where there are some: they name the account and the resource.
fn said(error: &Error) -> String {
    if let Some(status) = error.status().filter(|status| !status.message.is_empty()) {
        return status.message.clone();
    }
    chain(error)
}

#[cfg(test)]
mod tests;
