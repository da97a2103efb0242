//! Anthropic's error envelope.
//!
//! Owns which error type belongs to which status. It must never decide whether something is refused.

use serde_json::json;

use crate::exchange::Reply;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    status: u16,
    message: String,
}

impl Refusal {
    pub(super) fn invalid(message: impl Into<String>) -> Refusal {
        Refusal { status: 400, message: message.into() }
    }

    pub(super) fn unauthenticated(message: &str) -> Refusal {
        Refusal { status: 401, message: message.to_owned() }
    }

    pub(super) fn forbidden(message: &str) -> Refusal {
        Refusal { status: 403, message: message.to_owned() }
    }

    pub(super) fn not_found() -> Refusal {
        Refusal { status: 404, message: "Not found".to_owned() }
    }

    pub(super) fn expired(message: &str) -> Refusal {
        Refusal { status: 410, message: message.to_owned() }
    }

    pub(super) fn of_status(status: u16) -> Refusal {
        let message = match status {
            429 => "This request would exceed your organization's rate limit",
            500 => "Internal server error",
            504 => "The request timed out",
            529 => "Overloaded",
            _ => "Simulated failure",
        };
        Refusal { status, message: message.to_owned() }
    }

    pub(super) fn reply(&self, number: u64) -> Reply {
        let request_id = format!("req_sim{number:08}");
        let body = json!({
            "type": "error",
            "error": {"type": self.error_type(), "message": self.message},
            "request_id": request_id,
        });
        Reply::json(self.status, &body).with_header("request-id", request_id)
    }

    fn error_type(&self) -> &'static str {
        match self.status {
            401 => "authentication_error",
            402 => "billing_error",
            403 => "permission_error",
            404 => "not_found_error",
            409 => "conflict_error",
            413 => "request_too_large",
            429 => "rate_limit_error",
            504 => "timeout_error",
            529 => "overloaded_error",
            status if status < 500 => "invalid_request_error",
            _ => "api_error",
        }
    }
}
