//! What errors of Google's client mean for the bus.

use std::error::Error as _;
use std::sync::Arc;

use google_cloud_gax::error::rpc::Code;
use google_cloud_gax::error::{CredentialsError, Error};
use google_cloud_pubsub::error::PublishError;

use crate::bus::BusError;
use crate::failure::Reason;

/// What was asked of Pub/Sub, and what it takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub action: &'static str,
    /// Full name of the topic, subscription or schema.
    pub resource: &'a str,
    pub permission: &'static str,
}

impl Asked<'_> {
    pub(super) fn publish_failed(self, error: PublishError) -> BusError {
        match error {
            PublishError::Rpc(error) => self.meant(&error, Reason::of(Arc::clone(&error))),
            other => self.unavailable(other),
        }
    }

    pub(super) fn failed(self, error: Error) -> BusError {
        let error = Arc::new(error);
        self.meant(&error, Reason::of(Arc::clone(&error)))
    }

    fn meant(self, error: &Error, reason: Reason) -> BusError {
        let Self { resource, permission, .. } = self;
        match code(error) {
            Some(Code::NotFound) => {
                self.refused(reason.reworded(|_| format!("{resource} does not exist; the Terraform in infra/ makes it")))
            }
            Some(Code::PermissionDenied | Code::Unauthenticated) => self.refused(reason.reworded(|said| {
                format!("the service account that this runs as lacks {permission} on {resource}: {said}")
            })),
            Some(
                Code::InvalidArgument
                | Code::FailedPrecondition
                | Code::AlreadyExists
                | Code::OutOfRange
                | Code::Unimplemented,
            ) => self.refused(reason.reworded(|said| format!("{resource}: {said}"))),
            None if has_no_credentials(error) => self.refused(reason.reworded(|said| {
                format!(
                    "no credentials for {resource}: {said}; `gcloud auth application-default login` gives some on a desk"
                )
            })),
            _ => self.lost(reason),
        }
    }

    pub(super) fn unavailable(self, error: impl std::error::Error + Send + Sync + 'static) -> BusError {
        self.lost(Reason::of(error))
    }

    fn lost(self, reason: Reason) -> BusError {
        let reason = reason.reworded(|said| format!("{}: {said}", self.resource));
        BusError::Unavailable { action: self.action, reason }
    }

    fn refused(self, reason: Reason) -> BusError {
        BusError::Refused { action: self.action, reason }
    }
}

/// The same from gRPC and from REST.
pub(super) fn code(error: &Error) -> Option<Code> {
    let from_http = |status| match status {
        400 => Some(Code::InvalidArgument),
        401 => Some(Code::Unauthenticated),
        403 => Some(Code::PermissionDenied),
        404 => Some(Code::NotFound),
        409 => Some(Code::AlreadyExists),
        _ => None,
    };
    error.status().map(|status| status.code).or_else(|| error.http_status_code().and_then(from_http))
}

/// Credentials that may come by trying again are another matter.
fn has_no_credentials(error: &Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<CredentialsError>());
    error.is_authentication() && cause.is_none_or(|cause| !cause.is_transient())
}

#[cfg(test)]
mod tests {
    use google_cloud_gax::error::rpc::Status;

    use super::*;

    const ASKED: Asked<'_> =
        Asked { action: "publish", resource: "projects/p/topics/t", permission: "pubsub.topics.publish" };

    fn service(code: Code) -> BusError {
        ASKED.failed(Error::service(Status::default().set_code(code).set_message("no")))
    }

    #[test]
    fn what_a_person_must_put_right_is_refused_and_named() {
        let missing = service(Code::NotFound);
        assert!(matches!(missing, BusError::Refused { action: "publish", .. }));
        assert!(missing.to_string().contains("projects/p/topics/t does not exist"), "{missing}");
        let denied = service(Code::PermissionDenied);
        assert!(matches!(denied, BusError::Refused { .. }));
        assert!(denied.to_string().contains("lacks pubsub.topics.publish on projects/p/topics/t"), "{denied}");
        assert!(matches!(service(Code::InvalidArgument), BusError::Refused { .. }));
    }

    #[test]
    fn what_passes_by_itself_is_tried_again() {
        for code in [Code::Unavailable, Code::ResourceExhausted, Code::DeadlineExceeded, Code::Aborted, Code::Internal]
        {
            assert!(matches!(service(code), BusError::Unavailable { .. }), "{code:?}");
        }
        assert!(matches!(ASKED.failed(Error::timeout("late")), BusError::Unavailable { .. }));
        let server_away = Error::authentication(CredentialsError::from_msg(true, "metadata server"));
        assert!(matches!(ASKED.failed(server_away), BusError::Unavailable { .. }));
        let no_key = Error::authentication(CredentialsError::from_msg(false, "no key file"));
        assert!(matches!(ASKED.failed(no_key), BusError::Refused { .. }));
    }
}
