//! `FetchRequested` in Avro's JSON encoding, in which a person or a scheduler can write it.
//!
//! `{"source": "anthropic/cost_report", "trailing_days": 7}` is one: a field that is not there has its default. A topic
//! that checks payloads by the schema is stricter and wants every field, the absent ones as `null`.

use everycent_schemas::events::{self, FetchRequested};
use everycent_schemas::{AccountId, Day, Timestamp};
use serde_json::{Map, Value, json};

use crate::bus::Message;
use crate::worker::{SCHEMA, encode};

/// Leaves alone what is no request.
pub(super) fn to_json(mut message: Message) -> Message {
    let request = message
        .attributes
        .get(SCHEMA)
        .and_then(|fingerprint| events::decode::<FetchRequested>(&message.payload, fingerprint).ok());
    if let Some(request) = request {
        message.attributes.remove(SCHEMA);
        message.payload = write(&request).to_string().into();
    }
    message
}

/// The message as every bus carries it, or why it is none. One that names its schema is no JSON and is left alone.
pub(super) fn from_json(mut message: Message) -> (Message, Option<String>) {
    if message.attributes.contains_key(SCHEMA) {
        return (message, None);
    }
    match read(&message.payload) {
        Ok(request) => {
            let encoded = encode(&request);
            message.payload = encoded.payload;
            message.attributes.extend(encoded.attributes);
            (message, None)
        }
        Err(reason) => (message, Some(format!("FetchRequested is unreadable: {reason}"))),
    }
}

fn write(request: &FetchRequested) -> Value {
    json!({
        "source": request.source,
        "trailing_days": request.trailing_days,
        "account_id": request.account_id.as_ref().map(|id| json!({ "string": id })),
        "from_date": request.from_date.map(|day| json!({ "int": day.epoch_days() })),
        "to_date": request.to_date.map(|day| json!({ "int": day.epoch_days() })),
        "requested_at": request.requested_at.map(|at| json!({ "long": at.micros() })),
    })
}

fn read(payload: &[u8]) -> Result<FetchRequested, String> {
    let mut fields: Map<String, Value> = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
    let mut field = |name: &str, tag: &str| -> Option<Value> {
        match fields.remove(name)? {
            Value::Null => None,
            // In a union the value stands in an object under its type; a bare one is as clear.
            Value::Object(mut tagged) if tagged.len() == 1 => tagged.remove(tag),
            bare => Some(bare),
        }
    };
    let source = text(field("source", ""))?.ok_or("it has no source")?;
    let trailing_days = whole(field("trailing_days", "int"))?.unwrap_or(0);
    let request = FetchRequested {
        source,
        trailing_days: i32::try_from(trailing_days).map_err(|_| format!("trailing_days {trailing_days}"))?,
        account_id: text(field("account_id", "string"))?.map(AccountId::from),
        from_date: day(field("from_date", "int"))?,
        to_date: day(field("to_date", "int"))?,
        requested_at: whole(field("requested_at", "long"))?.map(Timestamp::from_micros),
    };
    match fields.keys().next() {
        Some(unknown) => Err(format!("it has no field `{unknown}`")),
        None => Ok(request),
    }
}

fn text(value: Option<Value>) -> Result<Option<String>, String> {
    match value {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("{other} where a text belongs")),
    }
}

fn whole(value: Option<Value>) -> Result<Option<i64>, String> {
    value.map(|value| value.as_i64().ok_or(format!("{value} where a whole number belongs"))).transpose()
}

fn day(value: Option<Value>) -> Result<Option<Day>, String> {
    let day = |days: i64| i32::try_from(days).ok().and_then(Day::from_epoch_days).ok_or(format!("no day {days}"));
    whole(value)?.map(day).transpose()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn request() -> FetchRequested {
        FetchRequested {
            source: "anthropic/cost_report".into(),
            trailing_days: 7,
            account_id: Some("acme".into()),
            from_date: Some("2025-10-03".parse().unwrap()),
            to_date: None,
            requested_at: Some(Timestamp::from_micros(1)),
        }
    }

    fn decoded(json: &str) -> Result<FetchRequested, String> {
        let message = Message { payload: json.to_owned().into(), attributes: [].into() };
        match from_json(message) {
            (_, Some(reason)) => Err(reason),
            (message, None) => Ok(events::decode(&message.payload, &message.attributes[SCHEMA]).unwrap()),
        }
    }

    #[test]
    fn a_request_is_json_on_the_way_and_comes_back_as_it_was() {
        let json = to_json(encode(&request()));
        let value: Value = serde_json::from_slice(&json.payload).unwrap();
        assert_eq!(value["from_date"], json!({ "int": 20364 }));
        assert!(json.attributes.is_empty());
        assert_eq!(from_json(json), (encode(&request()), None));
    }

    #[test]
    fn what_a_scheduler_sends_is_a_request() {
        let request = decoded(r#"{"source": "cursor/spend", "trailing_days": 7}"#).unwrap();
        assert_eq!((request.source.as_str(), request.trailing_days, request.account_id), ("cursor/spend", 7, None));
        let bare = decoded(r#"{"source": "cursor/spend", "account_id": "acme", "to_date": null}"#).unwrap();
        assert_eq!((bare.trailing_days, bare.account_id, bare.to_date), (0, Some("acme".into()), None));
    }

    #[test]
    fn what_is_no_request_says_why() {
        for (json, reason) in [
            ("[]", "invalid type"),
            ("{}", "it has no source"),
            (r#"{"source": 1}"#, "1 where a text belongs"),
            (r#"{"source": "a/b", "trailing_days": "7"}"#, "where a whole number belongs"),
            (r#"{"source": "a/b", "trailing_days": 3000000000}"#, "trailing_days 3000000000"),
            (r#"{"source": "a/b", "days": 7}"#, "it has no field `days`"),
        ] {
            let error = decoded(json).unwrap_err();
            assert!(error.starts_with("FetchRequested is unreadable: ") && error.contains(reason), "{error}");
        }
    }

    #[test]
    fn what_is_no_event_is_left_alone() {
        let message = Message { payload: "junk".into(), attributes: [(SCHEMA.to_owned(), "00".to_owned())].into() };
        assert_eq!(to_json(message.clone()), message);
        assert_eq!(from_json(message.clone()), (message, None));
    }
}
