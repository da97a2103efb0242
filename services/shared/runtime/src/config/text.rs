//! Values that a configuration file writes as text and that have a form of their own.

use std::fmt::{self, Display};
use std::marker::PhantomData;

use everycent_domain::money::usd_from_dollars;
use everycent_schemas::{Day, InvalidDay, Usd};
use reqwest::Url;
use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::vendor::connection::check_base_url;

/// A value with a form, and how to say what is expected.
pub(super) trait Form: Sized {
    const EXPECTED: &'static str;

    /// The error says what was found.
    fn read(text: &str) -> Result<Self, String>;
}

/// A [`Form`] in a file. An error in it has the place of the value.
#[derive(Debug, Clone)]
pub(super) struct Text<T>(pub(super) T);

impl<'de, T: Form> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(FormVisitor(PhantomData)).map(Self)
    }
}

struct FormVisitor<T>(PhantomData<T>);

impl<T: Form> Visitor<'_> for FormVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::read(text).map_err(|found| E::custom(format_args!("{found}, expected {}", T::EXPECTED)))
    }
}

/// What was found, for a text that may be shown.
pub(super) fn found(text: impl Display) -> String {
    format!("found `{text}`")
}

impl Form for Day {
    const EXPECTED: &'static str = "a day in quotation marks, such as \"2026-01-01\"";

    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|InvalidDay(text)| found(text))
    }
}

/// An address under which a vendor's API answers.
#[derive(Debug, Clone)]
pub(super) struct BaseUrl(pub(super) Url);

impl Form for BaseUrl {
    const EXPECTED: &'static str = "an address such as \"https://api.example.com\"";

    /// Never shows the text, which may hold a password.
    fn read(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("not an address ({error})"))?;
        check_base_url(&url)?;
        Ok(Self(url))
    }
}

/// The name of an environment variable.
#[derive(Debug, Clone)]
pub(super) struct VariableName(pub(super) String);

impl Form for VariableName {
    const EXPECTED: &'static str =
        "the name of an environment variable in capitals, such as \"ANTHROPIC_ADMIN_KEY\", never the key itself";

    /// Never shows the text, which may be the key.
    fn read(text: &str) -> Result<Self, String> {
        let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        if text.is_empty() || text.starts_with(|c: char| c.is_ascii_digit()) || !text.chars().all(is_name) {
            return Err("found something else".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

/// A name that tells one thing from others: not empty, one line, no space around it.
#[derive(Debug, Clone)]
pub(super) struct Name(pub(super) String);

impl Form for Name {
    const EXPECTED: &'static str = "a name of up to 100 characters in one line";

    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > 100 || text.trim() != text || text.chars().any(char::is_control) {
            return Err(found(text.escape_debug()));
        }
        Ok(Self(text.to_owned()))
    }
}

/// A price in dollars, as exact text.
#[derive(Debug, Clone)]
pub(super) struct Dollars(pub(super) Usd);

impl Form for Dollars {
    const EXPECTED: &'static str =
        "dollars as exact text in quotation marks with at most 9 decimals, such as \"0.04\", never a bare number";

    fn read(text: &str) -> Result<Self, String> {
        let is_digit = |c: char| c.is_ascii_digit();
        let is_plain = text.starts_with(is_digit) && text.ends_with(is_digit);
        usd_from_dollars(text).ok().filter(|_| is_plain).map(Self).ok_or_else(|| found(text))
    }
}

/// A part of a hundred, as exact text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Percent(pub(super) Decimal);

impl Form for Percent {
    const EXPECTED: &'static str =
        "a percentage from 0 to 100 as exact text in quotation marks, such as \"1\" or \"0.5\"";

    fn read(text: &str) -> Result<Self, String> {
        let is_plain = text.len() <= 20
            && text.starts_with(|c: char| c.is_ascii_digit())
            && text.ends_with(|c: char| c.is_ascii_digit())
            && text.chars().all(|c| c.is_ascii_digit() || c == '.');
        let percent = text.parse::<Decimal>().ok().filter(|percent| is_plain && *percent <= Decimal::ONE_HUNDRED);
        percent.map(Self).ok_or_else(|| found(text.escape_debug()))
    }
}
