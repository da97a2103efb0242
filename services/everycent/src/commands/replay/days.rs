//! Which days of a snapshot a replay is about.

use everycent_domain::manifest::Manifest;
use everycent_domain::window::Window;

use crate::cli::ReplayArgs;

/// The days of a snapshot that were named; `None` is all of them.
pub(super) fn named_days(args: &ReplayArgs, manifest: &Manifest) -> Option<Window> {
    if args.from.is_none() && args.to.is_none() {
        return None;
    }
    let (first, last) = (manifest.window.from(), manifest.window.to());
    Window::new(args.from.unwrap_or(first), args.to.unwrap_or(last)).ok()
}
