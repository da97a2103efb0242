//! A table's schema, from JSON, and what has to be true of it.

use serde_json::Value;

use crate::column::{Column, FIELD_OF_THE_BUILD, Kind};
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
    /// The table that remembers what answers reported in the sticky column.
    pub memory: Option<String>,
    /// Its rows stand beside those of other tables, and are in no sum of their buckets.
    pub beside: bool,
    pub sources: Vec<String>,
    pub columns: Vec<Column>,
    /// The schema that row files carry: without what is only for the build, so that the bytes of a file depend on its
    /// columns and not on how this crate is made.
    pub avro: String,
}

const RECORD: [&str; 6] = ["type", "name", "namespace", "doc", "everycent", "fields"];
const LAYOUT: [&str; 11] =
    ["table", "order", "row", "bucket", "key", "partition", "cluster", "absence", "sources", "memory", "beside"];
/// What of a layout is only for the build.
const LAYOUT_OF_THE_BUILD: [&str; 4] = ["order", "row", "memory", "beside"];
/// What a table with a sticky column, and its memory, tell rows apart by. The memory has the sticky column in its key.
const ALIKE: [&str; 2] = ["event_id", "twin_id"];

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
            memory: layout.optional_text("memory")?,
            beside: layout.flag("beside", false)?,
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
        let sticky: Vec<&Column> = self.columns.iter().filter(|column| column.sticky).collect();
        match (sticky.as_slice(), &self.memory) {
            ([], None) => {}
            ([one], Some(_)) if one.nullable && !self.keeps && ALIKE.iter().all(|name| self.column(name).is_some()) => {
            }
            _ => {
                let what =
                    "a table with a `memory` has one sticky field, which may be null, and `event_id` and `twin_id`";
                return mistake(what.to_owned());
            }
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

/// Refuses a memory that does not tell rows apart as the table does that it is of.
pub fn memories_fit(tables: &[Table]) -> Result<(), String> {
    for table in tables.iter().filter(|table| table.memory.is_some()) {
        let sticky = table.columns.iter().filter(|column| column.sticky).map(|column| column.name.as_str());
        let needed: Vec<&str> =
            table.bucket.iter().map(String::as_str).chain(ALIKE).chain(sticky).chain(["ordinal"]).collect();
        let memory = tables.iter().find(|other| Some(&other.name) == table.memory.as_ref());
        if memory.is_none_or(|memory| !memory.keeps || memory.key != needed || memory.sources != table.sources) {
            return Err(format!(
                "tables/{}.avsc: everycent: `memory` is a table of the same sources with `absence: keep` and the key {}",
                table.name,
                needed.join(", ")
            ));
        }
    }
    Ok(())
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
