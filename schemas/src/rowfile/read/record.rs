//! One row in Avro's binary encoding, field by field.
//! <https://avro.apache.org/docs/1.12.0/specification/#binary-encoding>

use apache_avro::Schema;

use super::CellRef;
use crate::Usd;

/// How a field is encoded.
pub(super) struct Field {
    kind: Encoding,
    /// The branch of the union that is null, for a nullable field.
    null_branch: Option<u64>,
}

#[derive(Clone, Copy)]
enum Encoding {
    Boolean,
    Integer,
    Text,
    Money,
}

/// Names and encodings of a record's fields.
pub(super) fn fields(schema: &Schema) -> Result<(Vec<String>, Vec<Field>), String> {
    let Schema::Record(record) = schema else {
        return Err("its schema is not a record".into());
    };
    let named = |field: &apache_avro::schema::RecordField| {
        let encoded = Field::of(&field.schema).ok_or_else(|| format!("column {} has an unknown type", field.name))?;
        Ok((field.name.clone(), encoded))
    };
    record.fields.iter().map(named).collect::<Result<Vec<_>, _>>().map(|fields| fields.into_iter().unzip())
}

impl Field {
    fn of(schema: &Schema) -> Option<Self> {
        let Schema::Union(union) = schema else {
            return Some(Self { kind: encoding(schema)?, null_branch: None });
        };
        match union.variants() {
            [Schema::Null, some] => Some(Self { kind: encoding(some)?, null_branch: Some(0) }),
            [some, Schema::Null] => Some(Self { kind: encoding(some)?, null_branch: Some(1) }),
            _ => None,
        }
    }

    /// Takes this field's value off the front of `rest`.
    pub fn read<'a>(&self, rest: &mut &'a [u8]) -> Result<CellRef<'a>, String> {
        if let Some(null_branch) = self.null_branch {
            match unsigned(rest)? {
                branch if branch == null_branch => return Ok(CellRef::Null),
                0 | 1 => {}
                other => return Err(format!("a union of two has no branch {other}")),
            }
        }
        match self.kind {
            Encoding::Boolean => boolean(rest),
            Encoding::Integer => signed(rest).map(CellRef::Integer),
            Encoding::Text => text(rest),
            Encoding::Money => money(rest),
        }
    }
}

fn encoding(schema: &Schema) -> Option<Encoding> {
    match schema {
        Schema::Boolean => Some(Encoding::Boolean),
        Schema::Int | Schema::Long | Schema::Date | Schema::TimestampMicros => Some(Encoding::Integer),
        Schema::String => Some(Encoding::Text),
        Schema::Decimal(_) => Some(Encoding::Money),
        _ => None,
    }
}

fn boolean<'a>(rest: &mut &'a [u8]) -> Result<CellRef<'a>, String> {
    match take(rest, 1)? {
        [0] => Ok(CellRef::Boolean(false)),
        [1] => Ok(CellRef::Boolean(true)),
        other => Err(format!("{other:?} is no boolean")),
    }
}

fn text<'a>(rest: &mut &'a [u8]) -> Result<CellRef<'a>, String> {
    let length = unsigned(rest)?;
    let bytes = take(rest, usize::try_from(length).unwrap_or(usize::MAX))?;
    str::from_utf8(bytes).map(CellRef::Text).map_err(|e| e.to_string())
}

fn money<'a>(rest: &mut &'a [u8]) -> Result<CellRef<'a>, String> {
    let length = unsigned(rest)?;
    let bytes = take(rest, usize::try_from(length).unwrap_or(usize::MAX))?;
    Usd::from_be_bytes(bytes).map(CellRef::Money).ok_or_else(|| format!("an amount of {length} bytes"))
}

/// A zig-zag number of variable length.
fn signed(rest: &mut &[u8]) -> Result<i64, String> {
    let mut value: u64 = 0;
    for (index, byte) in rest.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            *rest = &rest[index + 1..];
            let sign = 0_i64.wrapping_sub((value & 1).cast_signed());
            return Ok((value >> 1).cast_signed() ^ sign);
        }
    }
    Err("a number does not end".into())
}

/// A length, a count or a branch: a number that must not be negative.
pub(super) fn unsigned(rest: &mut &[u8]) -> Result<u64, String> {
    let value = signed(rest)?;
    u64::try_from(value).map_err(|_| format!("a length of {value}"))
}

pub(super) fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], String> {
    let (taken, left) = rest.split_at_checked(count).ok_or("it ends too early")?;
    *rest = left;
    Ok(taken)
}
