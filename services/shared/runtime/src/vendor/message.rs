//! A vendor's own words out of an error's body, fit for one line of a log.

use serde_json::Value;

const MAX_MESSAGE_CHARS: usize = 300;
const MAX_QUOTE_CHARS: usize = 80;

/// The message in one of the vendors' envelopes, or a short quotation of whatever else the body is. Anthropic sends
/// `{"error":{"type","message"}}`; Cursor `{"error":"…"}`, `{"code":"error","message":"…"}` or both names at once.
pub(super) fn vendor_message(body: &str) -> String {
    let text = match serde_json::from_str::<Value>(body) {
        Ok(envelope) => from_envelope(&envelope),
        Err(_) => None,
    };
    match text {
        Some(text) => shortened(&text, MAX_MESSAGE_CHARS),
        None if body.trim().is_empty() => "no message".to_owned(),
        None => quote(body),
    }
}

/// The beginning of a text in quotation marks, in one line and at most 80 characters of it.
pub(super) fn quote(text: &str) -> String {
    format!("\"{}\"", shortened(text, MAX_QUOTE_CHARS))
}

fn from_envelope(envelope: &Value) -> Option<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match (&envelope["error"], &envelope["message"]) {
        (Value::Object(error), _) => match (error.get("type").and_then(text), error.get("message").and_then(text)) {
            (Some(kind), Some(message)) => Some(format!("{kind}: {message}")),
            (kind, message) => message.or(kind),
        },
        (Value::String(error), Value::String(message)) => Some(format!("{error}: {message}")),
        (error, message) => text(error).or_else(|| text(message)),
    }
}

/// In one line, without control characters or e-mail addresses, cut to `max_chars`.
fn shortened(text: &str, max_chars: usize) -> String {
    let printable: String = text.chars().map(|c| if is_unprintable(c) { ' ' } else { c }).collect();
    let words: Vec<&str> =
        printable.split_whitespace().map(|word| if word.contains('@') { "***" } else { word }).collect();
    let line = words.join(" ");
    if line.chars().count() <= max_chars {
        return line;
    }
    line.chars().take(max_chars - 1).chain(['…']).collect()
}

/// Control characters, and those that turn the direction of a line around.
fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_found_in_every_envelope() {
        let cases = [
            (
                r#"{"type":"error","error":{"type":"not_found_error","message":"No such page"},"request_id":"req_1"}"#,
                "not_found_error: No such page",
            ),
            (r#"{"error":{"type":"api_error"}}"#, "api_error"),
            (r#"{"error":"Invalid API key"}"#, "Invalid API key"),
            (r#"{"code":"error","message":"Rate limit exceeded"}"#, "Rate limit exceeded"),
            (r#"{"error":"Not Found","message":"No such team"}"#, "Not Found: No such team"),
            (r#"{"outcome":"error","message":"No"}"#, "No"),
            ("", "no message"),
            ("{}", "\"{}\""),
            ("[1]", "\"[1]\""),
            ("upstream\n connect error", "\"upstream connect error\""),
        ];
        for (body, expected) in cases {
            assert_eq!(vendor_message(body), expected, "{body}");
        }
    }

    #[test]
    fn a_message_is_short_printable_and_names_nobody() {
        let nasty = "{\"error\":\"a\\u001b[31m\\u0000b\\r\\nc \\u202ed ann@example.com is no admin\"}";
        assert_eq!(vendor_message(nasty), "a [31m b c d *** is no admin");
        let long = vendor_message(&format!("{{\"error\":\"{}\"}}", "é".repeat(1000)));
        assert_eq!((long.chars().count(), long.ends_with('…')), (300, true));
        assert_eq!(quote(&"x".repeat(81)).chars().count(), 82);
    }
}
