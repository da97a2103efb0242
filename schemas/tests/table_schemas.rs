//! What the build says of a table schema that is not what it should be.
#![allow(clippy::unwrap_used, dead_code)]

#[path = "../build/column.rs"]
mod column;
#[path = "../build/json.rs"]
mod json;
#[path = "../build/rust.rs"]
mod rust;
#[path = "../build/schema.rs"]
mod schema;

use schema::{Table, no_two_alike};

const SCHEMA: &str = r#"{
  "type": "record",
  "name": "Seats",
  "namespace": "com.everycent.tables",
  "doc": "Seats.",
  "everycent": {
    "table": "seats",
    "order": 10,
    "row": "Seat",
    "bucket": ["account_id", "activity_date"],
    "key": ["account_id", "activity_date", "row_id"],
    "partition": "activity_date",
    "absence": "delete",
    "cluster": ["account_id"],
    "sources": ["vendor/seats"]
  },
  "fields": [
    {"name": "account_id", "type": "string", "doc": "The account."},
    {"name": "activity_date", "type": {"type": "int", "logicalType": "date"}, "doc": "The day."},
    {"name": "row_id", "type": "string", "doc": "The row."},
    {"name": "seats", "type": ["null", "long"], "doc": "Seats.", "default": null},
    {"name": "price_usd", "type": {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 9}, "doc": "Each."}
  ]
}"#;

fn read(text: &str) -> Result<Table, String> {
    let table = Table::read("seats", text)?;
    no_two_alike(std::slice::from_ref(&table))?;
    Ok(table)
}

#[test]
fn a_schema_as_it_should_be_is_taken() {
    let table = read(SCHEMA).unwrap();
    assert_eq!((table.columns.len(), table.row.as_str()), (5, "Seat"));
}

#[test]
fn a_mistake_names_the_file_and_the_field() {
    for (right, wrong, message) in [
        (
            r#""type": ["null", "long"]"#,
            r#""type": ["long", "null"]"#,
            "tables/seats.avsc: field `seats`: `type` is string, int",
        ),
        (
            r#""type": ["null", "long"]"#,
            r#""type": "float""#,
            "tables/seats.avsc: field `seats`: `type` is string, int",
        ),
        (
            r#""doc": "Seats.", "default": null"#,
            r#""doc": "Seats.""#,
            "tables/seats.avsc: field `seats`: a field that may be null",
        ),
        (r#""name": "seats""#, r#""name": "type""#, "tables/seats.avsc: field `type`: a name is of small letters"),
        (r#""name": "seats""#, r#""name": "row_id""#, "tables/seats.avsc: field `row_id`: it is there twice"),
        (
            r#""name": "price_usd""#,
            r#""name": "price""#,
            "tables/seats.avsc: field `price`: the name of money ends in `_usd`",
        ),
        (
            r#""doc": "Each.""#,
            r#""docs": "Each.""#,
            "tables/seats.avsc: field `price_usd`: `docs` is none of name, type",
        ),
        (r#""doc": "Each.""#, r#""doc": """#, "tables/seats.avsc: field `price_usd`: `doc` is a text"),
        (
            r#""doc": "Each.""#,
            r#""doc": "Each.", "control": 1"#,
            "tables/seats.avsc: field `price_usd`: `control` is true or false",
        ),
        (
            r#""doc": "Each.""#,
            r#""doc": "Each.", "group": "lost""#,
            "tables/seats.avsc: field `price_usd`: `group` is one of loaded, judged, failure",
        ),
        (
            r#""doc": "Each.""#,
            r#""doc": "Each.", "token_type": "output_tokens""#,
            "tables/seats.avsc: field `price_usd`: `token_type` and `token_kind` stand together",
        ),
        (
            r#""doc": "Each.""#,
            r#""doc": "Each.", "rust": "State""#,
            "tables/seats.avsc: field `price_usd`: `rust` is the name of a type, and only of a text",
        ),
        (r#""table": "seats""#, r#""table": "seat""#, "tables/seats.avsc: everycent: `table` is `seats`, not `seat`"),
        (r#""order": 10,"#, "", "tables/seats.avsc: everycent: `order` is missing"),
        (r#""row": "Seat""#, r#""row": "seat""#, "tables/seats.avsc: everycent: `row` is a name like `ClaudeCost`"),
        (r#""row": "Seat","#, "", "tables/seats.avsc: everycent: `row` is missing"),
        (
            r#""cluster": ["account_id"]"#,
            r#""cluster": ["model"]"#,
            "tables/seats.avsc: everycent: `cluster` names `model`, which is no field",
        ),
        (
            r#""partition": "activity_date""#,
            r#""partition": "row_id""#,
            "tables/seats.avsc: everycent: `partition` names `row_id`",
        ),
        (
            r#""absence": "delete""#,
            r#""absence": "forget""#,
            "tables/seats.avsc: everycent: `absence` is `delete` or `keep`",
        ),
        (
            r#""absence": "delete""#,
            r#""absence": "keep""#,
            "tables/seats.avsc: everycent: a table with `absence: keep` has no",
        ),
        ("}\n  ]\n}", "}\n  ]", "tables/seats.avsc: EOF while parsing"),
    ] {
        assert_eq!(SCHEMA.matches(right).count(), 1, "{right}");
        let error = read(&SCHEMA.replace(right, wrong)).err();
        assert!(error.as_deref().is_some_and(|error| error.starts_with(message)), "{wrong}: {error:?}");
    }
}

#[test]
fn two_tables_of_the_same_order_are_refused() {
    let other = SCHEMA.replace(r#""table": "seats""#, r#""table": "chairs""#).replace(r#""Seat""#, r#""Chair""#);
    let tables = [Table::read("seats", SCHEMA).unwrap(), Table::read("chairs", &other).unwrap()];
    let error = no_two_alike(&tables).err().unwrap();
    assert_eq!(error, "tables/chairs.avsc: everycent: `order` or `row` is that of tables/seats.avsc");
}
