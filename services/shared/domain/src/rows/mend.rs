//! Reading a record of which a field does not read.
//!
//! A field that the record can do without is left empty, and what was odd is said. What says whose the record is or how
//! much it is can't be left empty: such a field reads as a type that says so, and the record is refused.

use std::borrow::Cow;
use std::fmt::Display;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::page_text::unread;
use super::records::reason_of;

/// Fields of one record that may be odd.
const FIELDS: usize = 64;

/// What an error says of a field that can't be left empty.
const NEEDED: &str = "it can't be left empty: ";

/// What counts that may be left empty say that they expect.
pub(crate) const A_COUNT: &str = "a count";

/// The error of a field that can't be left empty.
pub(crate) fn needed<E: Error>(error: impl Display) -> E {
    E::custom(format!("{NEEDED}{error}"))
}

/// For `#[serde(deserialize_with)]` of a field that may be null and must read where it is not.
pub(crate) fn read_needed<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::deserialize(deserializer).map_err(needed)
}

/// Something odd about a field, which was left empty for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oddity {
    /// With the fields that it lies in.
    pub field: String,
    pub reason: String,
}

/// A record that reads, with what was left empty for that.
#[derive(Debug)]
pub struct Mended<'a> {
    text: Cow<'a, str>,
    oddities: Vec<Oddity>,
}

impl Mended<'_> {
    pub fn read<'s, R: Deserialize<'s>>(&'s self) -> Read<'s, R> {
        let record = serde_json::from_str(&self.text).expect("invariant: it was mended until it read");
        Read { record, oddities: &self.oddities }
    }
}

/// A record, and what was left empty of it.
#[derive(Debug)]
pub struct Read<'m, R> {
    pub record: R,
    pub oddities: &'m [Oddity],
}

impl<'m, R> Read<'m, R> {
    /// The same, borrowed of what was read; or why it was not.
    pub fn parts<E>(read: &Result<Self, E>) -> Result<(&R, &[Oddity]), &E> {
        read.as_ref().map(|Read { record, oddities }| (record, *oddities))
    }
}

/// Leaves out of a record what keeps it from being read; or says why it does not read without.
pub fn mend<'a>(
    raw: &'a RawValue,
    reads: impl Fn(&str) -> Result<(), serde_json::Error>,
    reason: impl Fn(&str, &serde_json::Error) -> String,
) -> Result<Mended<'a>, String> {
    if let Some(reason) = unread(raw) {
        return Err(reason);
    }
    let mut mended = Mended { text: Cow::Borrowed(raw.get()), oddities: Vec::new() };
    // What the vendor wrote, of each field that is mended.
    let mut wrote: Vec<(String, String)> = Vec::new();
    while let Err(error) = reads(&mended.text) {
        let reason = reason(&mended.text, &error);
        let place = Place::of(&mended.text, &error);
        let path = place.as_ref().map_or_else(String::new, |place| place.named(&error));
        let first = wrote.iter().position(|(of, _)| *of == path);
        let Some(mending) = place.and_then(|place| place.mending(&error)).filter(|_| wrote.len() < FIELDS) else {
            return Err(first.map_or(reason, |index| wrote.swap_remove(index).1));
        };
        if first.is_none() {
            wrote.push((path, reason));
        }
        mended.apply(mending);
    }
    Ok(mended)
}

/// The same, with reasons that quote what does not read.
pub fn mend_openly<'a>(
    raw: &'a RawValue,
    reads: impl Fn(&str) -> Result<(), serde_json::Error>,
) -> Result<Mended<'a>, String> {
    mend(raw, reads, reason_of)
}

/// What is put in place of what does not read.
struct Mending {
    /// Bytes that it replaces.
    from: usize,
    to: usize,
    text: String,
    oddity: Oddity,
}

impl Mended<'_> {
    fn apply(&mut self, mending: Mending) {
        let Mending { from, to, text, oddity, .. } = mending;
        self.text = Cow::Owned([&self.text[..from], &text, &self.text[to..]].concat());
        // A field that is left empty has no parts that are.
        let is_part = |other: &str| other.strip_prefix(&*oddity.field).is_some_and(|rest| rest.starts_with('.'));
        self.oddities.retain(|other| other.field != oddity.field && !is_part(&other.field));
        self.oddities.push(oddity);
    }
}

/// The field that is missing, if that is what an error says.
fn missing(error: &serde_json::Error) -> Option<String> {
    let message = error.to_string();
    let (name, _) = message.strip_prefix("missing field `")?.split_once('`')?;
    Some(name.to_owned())
}

/// A value of a record, and where it lies.
struct Place<'t> {
    value: &'t str,
    start: usize,
    path: String,
}

impl<'t> Place<'t> {
    /// The innermost value that an error points at: the parser stands within it or right behind it.
    fn of(text: &'t str, error: &serde_json::Error) -> Option<Self> {
        let line_start: usize = text.split_inclusive('\n').take(error.line().checked_sub(1)?).map(str::len).sum();
        let at = line_start + error.column();
        // Of a list that is none of its business the parser may have read the bracket, and stands at the first element.
        let is_list = error.to_string().starts_with("invalid type: sequence");
        let is_behind_bracket = is_list && text.as_bytes().get(at) != Some(&b'[');
        let is_meant = |child: &Self| child.holds(at) && !(is_behind_bracket && child.start == at);
        let mut place = Self { value: text, start: 0, path: String::new() };
        while let Some(child) = place.children().into_iter().find(is_meant) {
            place = child;
        }
        Some(place)
    }

    fn holds(&self, at: usize) -> bool {
        (self.start..=self.start + self.value.len()).contains(&at)
    }

    /// The field that the error is about.
    fn named(&self, error: &serde_json::Error) -> String {
        missing(error).map_or_else(|| self.path.clone(), |name| within(&self.path, &name))
    }

    /// What can be put in its place, if anything.
    fn mending(self, error: &serde_json::Error) -> Option<Mending> {
        let message = error.to_string();
        if !error.is_data() || message.contains(NEEDED) {
            return None;
        }
        match missing(error) {
            Some(name) => self.with(&name),
            None => self.without_value(&message),
        }
    }

    fn children(&self) -> Vec<Self> {
        let child = |name: &str, raw: &'t RawValue| Self {
            value: raw.get(),
            start: self.start + (raw.get().as_ptr() as usize - self.value.as_ptr() as usize),
            path: within(&self.path, name),
        };
        match self.value.as_bytes().first() {
            Some(b'{') => {
                let fields: Option<Fields<'t>> = serde_json::from_str(self.value).ok();
                fields.map_or_else(Vec::new, |fields| fields.0.iter().map(|(name, raw)| child(name, raw)).collect())
            }
            Some(b'[') => {
                let elements: Option<Vec<&'t RawValue>> = serde_json::from_str(self.value).ok();
                elements.map_or_else(Vec::new, |elements| elements.into_iter().map(|raw| child("*", raw)).collect())
            }
            _ => Vec::new(),
        }
    }

    /// The object with a field that it lacks.
    fn with(self, name: &str) -> Option<Mending> {
        let rest = self.value.strip_prefix('{')?;
        let comma = if rest.trim_start().starts_with('}') { "" } else { "," };
        let path = within(&self.path, name);
        Some(Mending {
            from: self.start + 1,
            to: self.start + 1,
            text: format!("\"{name}\":null{comma}"),
            oddity: Oddity { field: path, reason: "it is missing; left empty".to_owned() },
        })
    }

    /// Null in place of the value; and zero in place of null where a count is expected. The record itself is never
    /// replaced.
    fn without_value(self, message: &str) -> Option<Mending> {
        if self.path.is_empty() {
            return None;
        }
        let (from, to) = (self.start, self.start + self.value.len());
        let is_null = self.value == "null";
        let (text, left) = match (is_null, message.contains(A_COUNT)) {
            (false, _) => ("null", "left empty"),
            (true, true) => ("0", "taken for 0"),
            (true, false) => return None,
        };
        let reason = format!("it is {}; {left}", kind(self.value));
        let oddity = Oddity { field: self.path, reason };
        Some(Mending { from, to, text: text.to_owned(), oddity })
    }
}

fn within(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// What stands there, in words that repeat nothing of it.
fn kind(value: &str) -> &'static str {
    match value.as_bytes().first() {
        Some(b'"') => "a text that does not read",
        Some(b'{') => "an object that does not read",
        Some(b'[') => "a list",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null or does not read",
        _ => "a number that does not read",
    }
}

/// The fields of an object in their order.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests;
