//! A request to a vendor, before it has an address and a key.

use std::fmt;

/// What is asked of a vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorRequest {
    pub method: Method,
    /// From the root of the API, such as `/teams/members`.
    pub path: String,
    /// In this order; a name may repeat.
    pub query: Vec<(String, String)>,
    pub headers: Vec<(&'static str, String)>,
    /// Sent as JSON.
    pub body: Option<serde_json::Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "GET",
            Self::Post => "POST",
        })
    }
}
