//! A field of a table's schema, from JSON, and what has to be true of it.

use serde_json::{Value, json};

use crate::json::Object;
use crate::rust;

pub struct Column {
    pub name: String,
    pub doc: String,
    pub kind: Kind,
    pub nullable: bool,
    pub provenance: bool,
    pub control: bool,
    /// Rules, prices or the program made it: it is not what the vendor reported.
    pub derived: bool,
    /// What one answer reports is not unlearned when a later one no longer does.
    pub sticky: bool,
    /// Who writes the column, where several do.
    pub group: Option<String>,
    /// A type of this crate that a text is the name of.
    pub rust: Option<String>,
    /// What the cost report calls the tokens that are counted here, and the kind that they are.
    pub token_type: Option<(String, String)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Int,
    Long,
    Boolean,
    Date,
    Timestamp,
    Money,
}

const FIELD: [&str; 12] = [
    "name",
    "type",
    "doc",
    "default",
    "provenance",
    "control",
    "derived",
    "sticky",
    "group",
    "rust",
    "token_type",
    "token_kind",
];

/// What of a field is only for the build.
pub const FIELD_OF_THE_BUILD: [&str; 6] = ["derived", "sticky", "group", "rust", "token_type", "token_kind"];

/// Who writes a column of coverage: a merge of rows, the judgement of an answer, or a failed fetch.
const GROUPS: [&str; 3] = ["loaded", "judged", "failure"];

impl Column {
    /// Reads one of the fields of the schema at `place`.
    pub fn read(field: &Value, place: &str) -> Result<Self, String> {
        let name = Object::of(field, format!("{place}: fields"))?.text("name")?;
        let field = Object::of(field, format!("{place}: field `{name}`"))?;
        field.only(&FIELD)?;
        if !rust::is_field_name(&name) {
            return Err(field.mistake("a name is of small letters, digits and _, and no word of Rust's own"));
        }
        let (kind, nullable) = kind(&field)?;
        match field.optional("default") {
            Some(Value::Null) if nullable => {}
            None if !nullable => {}
            _ => return Err(field.mistake("a field that may be null has `default` null, every other none")),
        }
        if kind == Kind::Money && !name.ends_with("_usd") {
            return Err(field.mistake("the name of money ends in `_usd`"));
        }
        let group = field.optional_text("group")?;
        if group.as_ref().is_some_and(|group| !GROUPS.contains(&group.as_str())) {
            return Err(field.mistake(&format!("`group` is one of {}", GROUPS.join(", "))));
        }
        Ok(Self {
            doc: field.text("doc")?,
            kind,
            nullable,
            provenance: field.flag("provenance", false)?,
            control: field.flag("control", true)?,
            derived: field.flag("derived", false)?,
            sticky: field.flag("sticky", false)?,
            group,
            rust: rust_type(&field, kind)?,
            token_type: token_type(&field, kind, nullable)?,
            name,
        })
    }
}

/// The type that the names of a text column are read as.
fn rust_type(field: &Object<'_>, kind: Kind) -> Result<Option<String>, String> {
    match field.optional_text("rust")? {
        Some(name) if kind == Kind::Text && rust::is_type_name(&name) => Ok(Some(name)),
        Some(_) => Err(field.mistake("`rust` is the name of a type, and only of a text")),
        None => Ok(None),
    }
}

/// Token types are texts in SQL and counts in the table.
fn token_type(field: &Object<'_>, kind: Kind, nullable: bool) -> Result<Option<(String, String)>, String> {
    let found = (field.optional_text("token_type")?, field.optional_text("token_kind")?);
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
    match found {
        (None, None) => Ok(None),
        (Some(name), Some(of)) if kind == Kind::Long && !nullable && plain(&name) && plain(&of) => Ok(Some((name, of))),
        _ => {
            Err(field
                .mistake("`token_type` and `token_kind` stand together, plain names, at a long that is never null"))
        }
    }
}

/// The type, and whether it may be null.
fn kind(field: &Object<'_>) -> Result<(Kind, bool), String> {
    let avro = field.value("type")?;
    let (plain, nullable) = match avro.as_array().map(Vec::as_slice) {
        Some([null, plain]) if null == "null" => (plain, true),
        _ => (avro, false),
    };
    let types = [
        (Kind::Text, json!("string")),
        (Kind::Int, json!("int")),
        (Kind::Long, json!("long")),
        (Kind::Boolean, json!("boolean")),
        (Kind::Date, json!({"type": "int", "logicalType": "date"})),
        (Kind::Timestamp, json!({"type": "long", "logicalType": "timestamp-micros"})),
        (Kind::Money, json!({"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 9})),
    ];
    let found = types.into_iter().find(|(_, known)| known == plain);
    let unknown = || {
        let allowed =
            "string, int, long, boolean, date, timestamp-micros or decimal(38, 9), or [\"null\", one of them]";
        field.mistake(&format!("`type` is {allowed}, not {avro}"))
    };
    found.map(|(kind, _)| (kind, nullable)).ok_or_else(unknown)
}
