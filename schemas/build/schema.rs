//! A table's schema, from JSON, and what has to be true of it.

use serde_json::{Value, json};

use crate::json::Object;
use crate::rust;

/// One table, as its file describes it.
pub struct Table {
    /// The name of the file.
    pub name: String,
    pub doc: String,
    /// Its place among the tables.
    pub order: u64,
    /// The name of the struct of its rows.
    pub row: String,
    pub bucket: Vec<String>,
    pub key: Vec<String>,
    pub partition: Option<String>,
    pub cluster: Vec<String>,
    /// Rows stay that the vendor no longer reports.
    pub keeps: bool,
    pub sources: Vec<String>,
    pub columns: Vec<Column>,
    /// The schema that row files carry: without what is only for the build, so that the bytes of a file depend on its
    /// columns and not on how this crate is made.
    pub avro: String,
}

pub struct Column {
    pub name: String,
    pub doc: String,
    pub kind: Kind,
    pub nullable: bool,
    pub provenance: bool,
    pub control: bool,
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

const RECORD: [&str; 6] = ["type", "name", "namespace", "doc", "everycent", "fields"];
const LAYOUT: [&str; 9] = ["table", "order", "row", "bucket", "key", "partition", "cluster", "absence", "sources"];
const FIELD: [&str; 10] =
    ["name", "type", "doc", "default", "provenance", "control", "group", "rust", "token_type", "token_kind"];

/// Who writes a column of coverage: a merge, or a failed fetch.
const GROUPS: [&str; 2] = ["loaded", "failure"];

/// What is only for the build.
const LAYOUT_OF_THE_BUILD: [&str; 2] = ["order", "row"];
const FIELD_OF_THE_BUILD: [&str; 4] = ["group", "rust", "token_type", "token_kind"];

impl Table {
    /// Reads the text of `tables/<name>.avsc`.
    pub fn read(name: &str, text: &str) -> Result<Self, String> {
        let place = format!("tables/{name}.avsc");
        let json: Value = serde_json::from_str(text).map_err(|error| format!("{place}: {error}"))?;
        let record = Object::of(&json, place.clone())?;
        record.only(&RECORD)?;
        record.says("type", "record")?;
        record.says("namespace", "com.everycent.tables")?;
        if !rust::is_type_name(&record.text("name")?) {
            return Err(record.mistake("`name` is a name like `ClaudeCosts`"));
        }
        let layout = Object::of(record.value("everycent")?, format!("{place}: everycent"))?;
        let fields = record.value("fields")?.as_array().ok_or_else(|| record.mistake("`fields` is a list"))?;
        let columns = fields.iter().map(|field| Column::read(field, &place)).collect::<Result<_, _>>()?;
        let avro = without_what_is_for_the_build(&json);
        let table = Self { doc: record.text("doc")?, columns, avro, ..Self::laid_out(name, &layout)? };
        table.check(&layout)?;
        Ok(table)
    }

    /// Everything but the doc and the columns.
    fn laid_out(name: &str, layout: &Object<'_>) -> Result<Self, String> {
        layout.only(&LAYOUT)?;
        layout.says("table", name)?;
        let partition = match layout.value("partition")? {
            Value::Null => None,
            _ => Some(layout.text("partition")?),
        };
        Ok(Self {
            name: name.to_owned(),
            doc: String::new(),
            order: layout.number("order")?,
            row: layout.text("row")?,
            bucket: layout.texts("bucket")?,
            key: layout.texts("key")?,
            partition,
            cluster: layout.texts("cluster")?,
            keeps: match layout.text("absence")?.as_str() {
                "delete" => false,
                "keep" => true,
                _ => return Err(layout.mistake("`absence` is `delete` or `keep`")),
            },
            sources: layout.texts("sources")?,
            columns: vec![],
            avro: String::new(),
        })
    }

    fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    fn check(&self, layout: &Object<'_>) -> Result<(), String> {
        let mistake = |what: String| Err(layout.mistake(&what));
        for (list, names) in [("bucket", &self.bucket), ("key", &self.key), ("cluster", &self.cluster)] {
            if let Some(name) = names.iter().find(|name| self.column(name).is_none()) {
                return mistake(format!("`{list}` names `{name}`, which is no field"));
            }
        }
        if self.key.is_empty() || self.cluster.is_empty() {
            return mistake("`key` and `cluster` name a field each".to_owned());
        }
        if let Some(name) = self.bucket.iter().find(|name| !self.key.contains(name)) {
            return mistake(format!("`bucket` names `{name}`, which is not in `key`"));
        }
        if let Some(name) = &self.partition
            && self.column(name).is_none_or(|column| column.kind != Kind::Date)
        {
            return mistake(format!("`partition` names `{name}`, which is no field of type date"));
        }
        if self.keeps && !self.bucket.is_empty() {
            return mistake("a table with `absence: keep` has no `bucket`".to_owned());
        }
        if !self.keeps && self.bucket.is_empty() && !self.sources.is_empty() {
            return mistake("a table with `absence: delete` that sources feed has a `bucket`".to_owned());
        }
        if !rust::is_type_name(&self.row) {
            return mistake(format!("`row` is a name like `ClaudeCost`, not `{}`", self.row));
        }
        Ok(())
    }

    /// Batches of sources feed it, by row files. The others are written row by row, by the loader and by checks.
    pub fn is_fed(&self) -> bool {
        !self.sources.is_empty()
    }
}

impl Column {
    fn read(field: &Value, place: &str) -> Result<Self, String> {
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

fn without_what_is_for_the_build(schema: &Value) -> String {
    let mut schema = schema.clone();
    if let Some(layout) = schema["everycent"].as_object_mut() {
        layout.retain(|key, _| !LAYOUT_OF_THE_BUILD.contains(&key.as_str()));
    }
    for field in schema["fields"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        field.retain(|key, _| !FIELD_OF_THE_BUILD.contains(&key.as_str()));
    }
    format!("{schema:#}")
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

/// Refuses two tables of the same order or row, and two fields of a table of the same name.
pub fn no_two_alike(tables: &[Table]) -> Result<(), String> {
    for (index, table) in tables.iter().enumerate() {
        for earlier in &tables[..index] {
            if earlier.order == table.order || earlier.row == table.row {
                return Err(format!(
                    "tables/{}.avsc: everycent: `order` or `row` is that of tables/{}.avsc",
                    table.name, earlier.name
                ));
            }
        }
        for (place, column) in table.columns.iter().enumerate() {
            if table.columns[..place].iter().any(|earlier| earlier.name == column.name) {
                return Err(format!("tables/{}.avsc: field `{}`: it is there twice", table.name, column.name));
            }
        }
    }
    Ok(())
}
