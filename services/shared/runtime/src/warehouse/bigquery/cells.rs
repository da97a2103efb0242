//! Values as BigQuery's JSON has them: texts, whatever their type.

use everycent_schemas::rowfile::Cell;
use everycent_schemas::{Timestamp, Usd};
use gcp_bigquery_client::model::field_type::FieldType;
use gcp_bigquery_client::model::query_response::QueryResponse;
use gcp_bigquery_client::model::table_field_schema::TableFieldSchema;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::Value;

use super::failure::Failure;
use crate::warehouse::Rows;

/// Adds the rows of a page. Every page tells the columns again.
pub(super) fn append(all: &mut Rows, page: QueryResponse) -> Result<(), Failure> {
    let fields = page.schema.and_then(|schema| schema.fields).unwrap_or_default();
    all.columns = fields.iter().map(|field| field.name.clone()).collect();
    for row in page.rows.unwrap_or_default() {
        let values = row.columns.unwrap_or_default();
        let cells = fields.iter().zip(values).map(|(field, value)| cell(field, value.value));
        all.rows.push(cells.collect::<Result<_, _>>()?);
    }
    Ok(())
}

fn cell(field: &TableFieldSchema, value: Option<Value>) -> Result<Cell, Failure> {
    let text = match value {
        None | Some(Value::Null) => return Ok(Cell::Null),
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
    };
    let strange =
        || Failure::Refused(format!("column {} holds `{text}`, which has no place in an answer", field.name).into());
    match (&field.r#type, field.name.ends_with("_usd")) {
        (FieldType::Numeric | FieldType::Integer | FieldType::Int64, true) => {
            dollars(&text).map(Cell::Money).ok_or_else(strange)
        }
        (_, true) => Err(Failure::Refused(format!("column {} is an amount that is not exact", field.name).into())),
        (FieldType::Integer | FieldType::Int64, false) => text.parse().map(Cell::Integer).map_err(|_| strange()),
        (FieldType::Boolean | FieldType::Bool, false) => text.parse().map(Cell::Boolean).map_err(|_| strange()),
        (FieldType::Timestamp, false) => instant(&text).map(|at| Cell::Text(at.to_string())).ok_or_else(strange),
        (FieldType::Record | FieldType::Struct | FieldType::Bytes, false) => Err(strange()),
        _ => Ok(Cell::Text(text)),
    }
}

/// A NUMERIC, which may be larger than other decimals: up to 29 digits before the point and 9 behind it.
fn dollars(text: &str) -> Option<Usd> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if digits.is_empty() || part.len() > 9 || !all_digits(whole) || !all_digits(part) {
        return None;
    }
    let nanos: i128 = format!("0{whole}{part:0<9}").parse().ok()?;
    Some(Usd::from_nanos(sign * nanos))
}

/// Whole microseconds, as they are asked for, or seconds in decimals, the only form of later pages.
fn instant(text: &str) -> Option<Timestamp> {
    if let Ok(micros) = text.parse() {
        return Some(Timestamp::from_micros(micros));
    }
    let seconds = Decimal::from_scientific(text).or_else(|_| text.parse()).ok()?;
    let micros = seconds.checked_mul(Decimal::from(1_000_000))?.round();
    micros.to_i64().map(Timestamp::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_however_large_and_small() {
        let cases = [
            ("0", 0),
            ("-0.0373", -37_300_000),
            (".5", 500_000_000),
            ("223.33", 223_330_000_000),
            ("99999999999999999999999999999.999999999", 10_i128.pow(38) - 1),
        ];
        for (text, nanos) in cases {
            assert_eq!(dollars(text), Some(Usd::from_nanos(nanos)), "{text}");
        }
        for text in ["", "-", "1e3", "1.0000000001", "--1", "1.-5"] {
            assert_eq!(dollars(text), None, "{text}");
        }
    }

    #[test]
    fn an_instant_is_the_same_in_whole_microseconds_and_in_seconds() {
        let at = Timestamp::from_micros(1_759_276_800_000_001);
        for text in ["1759276800000001", "1759276800.000001", "1.759276800000001E9"] {
            assert_eq!(instant(text), Some(at), "{text}");
        }
        assert_eq!(instant("1e-06"), Some(Timestamp::from_micros(1)));
        assert_eq!(instant("soon"), None);
    }
}
