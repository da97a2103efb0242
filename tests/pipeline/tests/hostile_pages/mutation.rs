//! What is done to a page: to its bytes, or to one value in it.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

/// Something done to a page.
#[derive(Debug, Clone)]
pub enum Mutation {
    Bytes(Vec<Edit>),
    /// Any value of the page.
    Value {
        place: Index,
        hostile: usize,
    },
    /// A value of one record.
    InRecord {
        record: Index,
        place: Index,
        hostile: usize,
    },
}

/// Something done to the bytes from a place on.
#[derive(Debug, Clone)]
pub enum Edit {
    Overwrite(Index, Vec<u8>),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
    Truncate(Index),
}

/// A page that something was done to.
pub struct Mutated {
    pub page: Vec<u8>,
    /// The page without the record, where only one record was touched.
    pub without: Option<Vec<u8>>,
}

pub fn any_mutation() -> impl Strategy<Value = Mutation> {
    let hostile = || 0..hostile_values().len();
    prop_oneof![
        proptest::collection::vec(any_edit(), 1..4).prop_map(Mutation::Bytes),
        (any::<Index>(), hostile()).prop_map(|(place, hostile)| Mutation::Value { place, hostile }),
        (any::<Index>(), any::<Index>(), hostile()).prop_map(|(record, place, hostile)| Mutation::InRecord {
            record,
            place,
            hostile
        }),
    ]
}

fn any_edit() -> impl Strategy<Value = Edit> {
    let bytes = || prop_oneof![proptest::collection::vec(any::<u8>(), 1..4), marks()];
    prop_oneof![
        (any::<Index>(), bytes()).prop_map(|(at, bytes)| Edit::Overwrite(at, bytes)),
        (any::<Index>(), bytes()).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        (any::<Index>(), 1..40_usize).prop_map(|(at, length)| Edit::Remove(at, length)),
        (any::<Index>(), 1..400_usize).prop_map(|(at, length)| Edit::Repeat(at, length)),
        any::<Index>().prop_map(Edit::Truncate),
    ]
}

/// What holds a page together.
fn marks() -> impl Strategy<Value = Vec<u8>> {
    proptest::sample::select(&b"{}[],:\"\\-0\0\n"[..]).prop_map(|mark| vec![mark])
}

/// What may stand in place of a value.
fn hostile_values() -> Vec<Vec<u8>> {
    let mut values: Vec<Vec<u8>> = [
        "null",
        "true",
        "-1",
        "-0",
        "0",
        "1.5",
        "1e400",
        "-1e400",
        "1e-400",
        "1e30",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551616",
        "[]",
        "{}",
        "[[]]",
        "[null]",
        "[{}]",
        "nought",
        "NaN",
        "0x1",
        "\"\"",
        "\" \"",
        "\"NaN\"",
        "\"1e400\"",
        "\"-5\"",
        "\"1,5\"",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\\u0000\"",
        "\"\\x\"",
        "\"0001-01-01T00:00:00Z\"",
        "\"9999-12-31T00:00:00Z\"",
        "\"2025-13-45T99:99:99Z\"",
        "\"2025-09-16\"",
        "\"=1+1\"",
        "\"\u{202e}\"",
        "1,\"twice\":1,\"twice\":2",
        "{\"a\":1,\"a\":2}",
        "{\"type\":null}",
        "{\"type\":7}",
        "1 2",
        "",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into();
    values.extend([b"\"\xff\"".to_vec(), b"\"a\0b\"".to_vec(), b"\xff".to_vec(), b"\"\xed\xa0\x80\"".to_vec()]);
    values.push(b"9".repeat(400));
    values.push([b"[".repeat(20_000), b"]".repeat(20_000)].concat());
    values.push([b"{\"a\":".repeat(5_000), b"1".to_vec(), b"}".repeat(5_000)].concat());
    values.push(format!("\"{}\"", "x".repeat(100_000)).into_bytes());
    values
}

impl Mutation {
    /// None where the page has no such place.
    pub fn apply(&self, page: &[u8]) -> Option<Mutated> {
        match self {
            Self::Bytes(edits) => {
                let mut page = page.to_vec();
                edits.iter().for_each(|edit| edit.apply(&mut page));
                Some(Mutated { page, without: None })
            }
            Self::Value { place, hostile } => {
                let value: Value = serde_json::from_slice(page).ok()?;
                let places = places_in(&value, "");
                let page = with_value(value.clone(), &places[place.index(places.len())], &hostile_values()[*hostile])?;
                Some(Mutated { page, without: None })
            }
            Self::InRecord { record, place, hostile } => {
                let value: Value = serde_json::from_slice(page).ok()?;
                let records = records_of(&value);
                let record = records.get(record.index(records.len().max(1)))?;
                let places = places_in(value.pointer(record)?, record);
                let hostile = &hostile_values()[*hostile];
                let place = &places[place.index(places.len())];
                // In place of a whole record these would be another number of records.
                if place == record && (hostile.is_empty() || hostile.contains(&b',')) {
                    return None;
                }
                let without = without_record(value.clone(), record)?;
                let page = with_value(value, place, hostile)?;
                Some(Mutated { page, without: Some(without) })
            }
        }
    }
}

/// The page with a long text in place of each text of its first record, one after the other.
pub fn with_long_texts(page: &[u8], bytes: usize) -> Vec<Mutated> {
    let Ok(value) = serde_json::from_slice::<Value>(page) else { return Vec::new() };
    let Some(record) = records_of(&value).into_iter().next() else { return Vec::new() };
    let mut places = places_in(value.pointer(&record).unwrap_or(&value), &record);
    places.retain(|place| value.pointer(place).is_some_and(Value::is_string));
    let text = format!("\"{}\"", "x".repeat(bytes)).into_bytes();
    let without = without_record(value.clone(), &record);
    let mutated =
        |place: String| Some(Mutated { page: with_value(value.clone(), &place, &text)?, without: without.clone() });
    places.into_iter().filter_map(mutated).collect()
}

impl Edit {
    fn apply(&self, page: &mut Vec<u8>) {
        if page.is_empty() {
            return;
        }
        let end = |at: usize, length: usize| (at + length).min(page.len());
        match self {
            Self::Overwrite(at, bytes) => {
                let at = at.index(page.len());
                page.splice(at..end(at, bytes.len()), bytes.iter().copied());
            }
            Self::Insert(at, bytes) => {
                let at = at.index(page.len());
                page.splice(at..at, bytes.iter().copied());
            }
            Self::Remove(at, length) => {
                let at = at.index(page.len());
                page.drain(at..end(at, *length));
            }
            Self::Repeat(at, length) => {
                let at = at.index(page.len());
                let again = page[at..end(at, *length)].to_vec();
                page.splice(at..at, again);
            }
            Self::Truncate(at) => page.truncate(at.index(page.len())),
        }
    }
}

/// JSON pointers of all values in a value, itself included.
fn places_in(value: &Value, at: &str) -> Vec<String> {
    let mut places = vec![at.to_owned()];
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                places.extend(places_in(field, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))));
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                places.extend(places_in(element, &format!("{at}/{index}")));
            }
        }
        _ => {}
    }
    places
}

/// JSON pointers of the records of a page.
fn records_of(page: &Value) -> Vec<String> {
    let mut records = Vec::new();
    for list in ["data", "usageEvents", "teamMemberSpend", "teamMembers"] {
        let elements = page.get(list).and_then(Value::as_array);
        for (index, element) in elements.into_iter().flatten().enumerate() {
            match element.get("results").and_then(Value::as_array) {
                Some(results) => {
                    records.extend((0..results.len()).map(|result| format!("/{list}/{index}/results/{result}")));
                }
                None => records.push(format!("/{list}/{index}")),
            }
        }
    }
    records
}

fn with_value(mut page: Value, place: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    const PLACE: &str = "the place of a hostile value";
    *page.pointer_mut(place)? = PLACE.into();
    let text = page.to_string();
    let (before, after) = text.split_once(&format!("\"{PLACE}\""))?;
    Some([before.as_bytes(), bytes, after.as_bytes()].concat())
}

fn without_record(mut page: Value, record: &str) -> Option<Vec<u8>> {
    let (list, index) = record.rsplit_once('/')?;
    page.pointer_mut(list)?.as_array_mut()?.remove(index.parse().ok()?);
    Some(page.to_string().into_bytes())
}
