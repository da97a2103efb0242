//! From what the domain asks to what a client sends.

use everycent_domain::paging::{Method, PageRequest};
use everycent_runtime::vendor::{self, VendorRequest};

pub fn vendor_request(request: PageRequest) -> VendorRequest {
    VendorRequest {
        method: match request.method {
            Method::Get => vendor::Method::Get,
            Method::Post => vendor::Method::Post,
        },
        path: request.path.to_owned(),
        query: request.query.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        headers: request.headers.into_iter().map(|(name, value)| (name, value.to_owned())).collect(),
        body: request.body,
    }
}
