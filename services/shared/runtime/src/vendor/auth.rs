//! How a request shows whose it is.

use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};

use crate::secret::Secret;

/// A vendor's way to take a key.
#[derive(Debug, Clone)]
pub enum Auth {
    /// Anthropic: the key in `x-api-key`.
    AnthropicKey(Secret),
    /// Cursor: HTTP Basic, the key as the user with an empty password.
    CursorBasic(Secret),
}

impl Auth {
    pub fn vendor(&self) -> &'static str {
        match self {
            Self::AnthropicKey(_) => "anthropic",
            Self::CursorBasic(_) => "cursor",
        }
    }

    /// The header, marked so that no library prints it, or what is wrong with the key without any of it.
    pub(super) fn header(&self, key_name: &str) -> Result<(HeaderName, HeaderValue), String> {
        let sendable = |c: char| c.is_ascii_graphic() && (c != ':' || matches!(self, Self::AnthropicKey(_)));
        let key = self.secret().expose();
        if key.is_empty() || !key.chars().all(sendable) {
            return Err(format!(
                "the key from {key_name} is empty or has a character that no key has, such as a line break; copy it again"
            ));
        }
        let (name, value) = match self {
            Self::AnthropicKey(_) => (HeaderName::from_static("x-api-key"), key.to_owned()),
            Self::CursorBasic(_) => (AUTHORIZATION, format!("Basic {}", basic(key))),
        };
        let mut value = HeaderValue::from_str(&value).expect("invariant: graphic ASCII is a header value");
        value.set_sensitive(true);
        Ok((name, value))
    }

    /// A text of the vendor or of a proxy, without the key should it be in there.
    pub(super) fn scrub(&self, text: &str) -> String {
        let key = self.secret().expose();
        text.replace(key, "***").replace(&basic(key), "***")
    }

    fn secret(&self) -> &Secret {
        match self {
            Self::AnthropicKey(secret) | Self::CursorBasic(secret) => secret,
        }
    }
}

fn basic(key: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(format!("{key}:"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_vendor_gets_the_key_its_own_way() {
        let (name, value) = Auth::AnthropicKey(Secret::new("sk-ant-1")).header("K").unwrap();
        assert_eq!((name.as_str(), value.to_str().unwrap()), ("x-api-key", "sk-ant-1"));
        // `printf 'Aladdin:' | base64`
        let (name, value) = Auth::CursorBasic(Secret::new("Aladdin")).header("K").unwrap();
        assert_eq!((name.as_str(), value.to_str().unwrap()), ("authorization", "Basic QWxhZGRpbjo="));
        assert!(value.is_sensitive());
    }

    #[test]
    fn a_key_that_cannot_be_sent_is_refused_without_printing_it() {
        let keys = ["", "hid\nden", "hid den", "hidden\u{0}", "hiddén", "hid\rden"];
        let auths =
            keys.iter().flat_map(|key| [Auth::AnthropicKey(Secret::new(*key)), Auth::CursorBasic(Secret::new(*key))]);
        for auth in auths.chain([Auth::CursorBasic(Secret::new("hid:den"))]) {
            let reason = auth.header("CURSOR_API_KEY").unwrap_err();
            assert!(reason.starts_with("the key from CURSOR_API_KEY is empty or has a character"), "{reason}");
            assert!(!reason.contains("hid"), "{reason}");
        }
    }

    #[test]
    fn an_echoed_key_is_scrubbed_in_both_forms() {
        let auth = Auth::CursorBasic(Secret::new("Aladdin"));
        assert_eq!(auth.scrub("Aladdin is not QWxhZGRpbjo="), "*** is not ***");
    }
}
