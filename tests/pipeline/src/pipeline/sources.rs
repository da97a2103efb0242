//! The sources that the pipeline knows. Nothing else here asks it.

use everycent_domain::source::Source;
use everycent_domain::vendor::Vendor;

/// The names of all of them.
pub fn source_names() -> Vec<&'static str> {
    Source::ALL.iter().map(|source| source.name()).collect()
}

/// Those that are about a vendor's bill.
pub(super) fn of_vendor(vendor: Vendor) -> Vec<Source> {
    Source::ALL.iter().copied().filter(|source| source.vendor() == vendor).collect()
}

pub(super) fn named(name: &str) -> Source {
    name.parse().expect("invariant: the model knows no other source than the pipeline")
}
