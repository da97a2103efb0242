//! Attribution rules as they are written: names of platforms.

use everycent_domain::attribution::Platform;

use super::text::{Form, found};

impl Form for Platform {
    const EXPECTED: &'static str = "claude.ai, claude_code, claude_api, cursor or unattributed";

    fn read(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| found(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_names_every_platform() {
        for platform in Platform::ALL {
            assert!(Platform::EXPECTED.contains(platform.name()), "{}", platform.name());
        }
    }
}
