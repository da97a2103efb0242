//! The Avro object container: a header, then blocks of rows, each followed by the file's marker.
//! <https://avro.apache.org/docs/1.12.0/specification/#object-container-files>

use apache_avro::{Codec, Schema};

use super::record::{take, unsigned};

const MAGIC: &[u8] = b"Obj\x01";
const MARKER_BYTES: usize = 16;

/// A file, read up to the next block.
pub(super) struct Container<'a> {
    rest: &'a [u8],
    marker: &'a [u8],
    codec: Codec,
}

/// A decompressed block.
pub(super) struct Block {
    pub bytes: Vec<u8>,
    pub rows: u64,
}

impl<'a> Container<'a> {
    /// Reads the header, and the schema that the file was written with.
    pub fn open(bytes: &'a [u8]) -> Result<(Self, Schema), String> {
        let mut rest = bytes.strip_prefix(MAGIC).ok_or("it is no Avro file")?;
        let (mut schema, mut codec) = (None, Codec::Null);
        for (key, value) in metadata(&mut rest)? {
            match key {
                b"avro.schema" => schema = Some(parse_schema(value)?),
                b"avro.codec" => codec = parse_codec(value)?,
                _ => {}
            }
        }
        let marker = take(&mut rest, MARKER_BYTES)?;
        Ok((Self { rest, marker, codec }, schema.ok_or("it has no schema")?))
    }

    pub fn next_block(&mut self) -> Result<Option<Block>, String> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let rows = unsigned(&mut self.rest)?;
        let length = unsigned(&mut self.rest)?;
        let stored = take(&mut self.rest, usize::try_from(length).unwrap_or(usize::MAX))?;
        if take(&mut self.rest, MARKER_BYTES)? != self.marker {
            return Err("a block does not end where it should".into());
        }
        let mut bytes = stored.to_vec();
        self.codec.decompress(&mut bytes).map_err(|e| e.to_string())?;
        Ok(Some(Block { bytes, rows }))
    }
}

/// A key and its value.
type Pair<'a> = (&'a [u8], &'a [u8]);

/// The pairs of the header's map.
fn metadata<'a>(rest: &mut &'a [u8]) -> Result<Vec<Pair<'a>>, String> {
    let mut pairs = Vec::new();
    loop {
        let count = unsigned(rest)?;
        if count == 0 {
            return Ok(pairs);
        }
        for _ in 0..count {
            pairs.push((counted(rest)?, counted(rest)?));
        }
    }
}

fn counted<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], String> {
    let length = unsigned(rest)?;
    take(rest, usize::try_from(length).unwrap_or(usize::MAX))
}

fn parse_schema(json: &[u8]) -> Result<Schema, String> {
    let text = str::from_utf8(json).map_err(|e| e.to_string())?;
    Schema::parse_str(text).map_err(|e| e.to_string())
}

fn parse_codec(name: &[u8]) -> Result<Codec, String> {
    match name {
        b"null" => Ok(Codec::Null),
        b"snappy" => Ok(Codec::Snappy),
        other => Err(format!("it is compressed with `{}`", String::from_utf8_lossy(other))),
    }
}
