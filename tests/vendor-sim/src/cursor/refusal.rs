//! Cursor's error bodies.
//!
//! Owns their form. It must never decide whether something is refused.

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

    pub(super) fn unauthorized() -> Refusal {
        Refusal { status: 401, message: "Invalid API key".to_owned() }
    }

    pub(super) fn forbidden() -> Refusal {
        Refusal { status: 403, message: "Enterprise plan required".to_owned() }
    }

    pub(super) fn not_found() -> Refusal {
        Refusal { status: 404, message: "The requested resource was not found".to_owned() }
    }

    pub(super) fn of_status(status: u16) -> Refusal {
        Refusal { status, message: "Simulated failure".to_owned() }
    }

    pub(super) fn reply(&self) -> Reply {
        let body = match self.status {
            429 => json!({"code": "error", "message": "Rate limit exceeded"}),
            _ => json!({"error": self.title(), "message": self.message}),
        };
        Reply::json(self.status, &body)
    }

    fn title(&self) -> &'static str {
        match self.status {
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            504 => "Gateway Timeout",
            status if status < 500 => "Request Error",
            _ => "Internal Server Error",
        }
    }
}
