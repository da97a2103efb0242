//! What a request asks in its body.

use serde_json::{Map, Value};

use super::refusal::Refusal;
use crate::exchange::Request;

pub(super) fn body(request: &Request) -> Result<Map<String, Value>, Refusal> {
    serde_json::from_slice(&request.body).map_err(|_| Refusal::invalid("Request body must be a JSON object"))
}
