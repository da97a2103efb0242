//! What a person wants to know of the tables.

use everycent_domain::vendors::expected::Expected;
use everycent_domain::window::Window;
use everycent_schemas::Day;

/// What is to be checked.
pub struct Question {
    pub window: Window,
    /// The days about which stored answers are to be in the tables: beyond the window where nobody named its end.
    pub stored: Window,
    /// A figure that a person read off the console, and what it is about.
    pub expected: Option<Expected>,
    /// The day from which on every configured feed is to be loaded; its first covered day if not given.
    pub wanted_from: Option<Day>,
}
