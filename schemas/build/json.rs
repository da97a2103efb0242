//! Values of a JSON object, each of the type that is asked for, or a mistake that names its place.

use serde_json::{Map, Value};

/// An object, and where it stands.
pub struct Object<'j> {
    pub place: String,
    map: &'j Map<String, Value>,
}

impl<'j> Object<'j> {
    pub fn of(value: &'j Value, place: String) -> Result<Self, String> {
        match value {
            Value::Object(map) => Ok(Self { place, map }),
            other => Err(format!("{place}: an object belongs here, not {other}")),
        }
    }

    pub fn mistake(&self, what: &str) -> String {
        format!("{}: {what}", self.place)
    }

    /// Refuses every key but these: a misspelt one would be ignored.
    pub fn only(&self, keys: &[&str]) -> Result<(), String> {
        match self.map.keys().find(|key| !keys.contains(&key.as_str())) {
            Some(key) => Err(self.mistake(&format!("`{key}` is none of {}", keys.join(", ")))),
            None => Ok(()),
        }
    }

    pub fn value(&self, key: &str) -> Result<&'j Value, String> {
        self.map.get(key).ok_or_else(|| self.mistake(&format!("`{key}` is missing")))
    }

    pub fn optional(&self, key: &str) -> Option<&'j Value> {
        self.map.get(key)
    }

    /// A text that says something.
    pub fn text(&self, key: &str) -> Result<String, String> {
        match self.value(key)?.as_str() {
            Some(text) if !text.trim().is_empty() => Ok(text.to_owned()),
            _ => Err(self.mistake(&format!("`{key}` is a text"))),
        }
    }

    pub fn optional_text(&self, key: &str) -> Result<Option<String>, String> {
        self.optional(key).map(|_| self.text(key)).transpose()
    }

    pub fn texts(&self, key: &str) -> Result<Vec<String>, String> {
        let mistake = || self.mistake(&format!("`{key}` is a list of texts"));
        let values = self.value(key)?.as_array().ok_or_else(mistake)?;
        values.iter().map(|value| value.as_str().map(str::to_owned).ok_or_else(mistake)).collect()
    }

    pub fn number(&self, key: &str) -> Result<u64, String> {
        self.value(key)?.as_u64().ok_or_else(|| self.mistake(&format!("`{key}` is a whole number")))
    }

    pub fn flag(&self, key: &str, default: bool) -> Result<bool, String> {
        let mistake = || self.mistake(&format!("`{key}` is true or false"));
        self.optional(key).map_or(Ok(default), |value| value.as_bool().ok_or_else(mistake))
    }

    /// Refuses another text than this one.
    pub fn says(&self, key: &str, expected: &str) -> Result<(), String> {
        let found = self.text(key)?;
        if found == expected { Ok(()) } else { Err(self.mistake(&format!("`{key}` is `{expected}`, not `{found}`"))) }
    }
}
