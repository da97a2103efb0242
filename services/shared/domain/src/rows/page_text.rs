//! A page as the vendor sent it, cut into records that can be read one by one.
//!
//! It owns where a record begins and ends, and never what is in it. A record that is no JSON, or no UTF-8, is replaced by
//! what still reads of it and the reason, so that it costs no neighbour; it can't become a row then. A page whose brackets
//! and quotes do not match can't be cut, and is refused as a whole: nobody knows how many records it had.

use std::borrow::Cow;
use std::cell::OnceCell;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::records::without_content;

/// How a record begins that stands for one that is no JSON. No vendor's record has a first field of this name.
const UNREAD_PREFIX: &str = "{\"\\u0000unread\":";

/// Records that a page may have. A real one has no more even where it is as large as an answer may be, and each that does not
/// read takes some hundred times the room of the two bytes that it may be.
pub const PAGE_RECORDS_MAX: usize = 500_000;

/// How deep records lie in a page, counted in brackets: in a list, in a bucket, in a list, in the page.
const RECORDS_LIE_WITHIN: usize = 4;

/// One page.
#[derive(Debug)]
pub struct PageText<'a> {
    bytes: &'a [u8],
    /// None where it is not UTF-8.
    text: Option<&'a str>,
    /// Made where it is needed; `None` if its records can't be told apart.
    cut: OnceCell<Option<String>>,
    has_too_many: OnceCell<bool>,
}

impl<'a> PageText<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        // Checked once for the whole page, which is cheaper than text by text.
        Self { bytes, text: std::str::from_utf8(bytes).ok(), cut: OnceCell::new(), has_too_many: OnceCell::new() }
    }

    /// The text of a file that is no JSON.
    pub fn text(&self) -> Result<&'a str, String> {
        self.text.ok_or_else(|| "it is not UTF-8".to_owned())
    }

    /// Whether the page is the list of records itself.
    pub fn is_list(&self) -> bool {
        self.bytes.trim_ascii_start().starts_with(b"[")
    }

    /// The page in one pass, if all of it reads.
    pub fn whole<'s, P: Deserialize<'s>>(&'s self) -> Option<P> {
        if self.has_too_many() {
            return None;
        }
        serde_json::from_str(self.text?).ok()
    }

    fn has_too_many(&self) -> bool {
        *self.has_too_many.get_or_init(|| {
            // So many commas have to be there at all, and to count them costs next to nothing.
            let commas = self.bytes.iter().filter(|byte| **byte == b',').count();
            commas >= PAGE_RECORDS_MAX && elements(self.bytes).nth(PAGE_RECORDS_MAX - 1).is_some()
        })
    }

    /// The page with its records as they are, each to be read by itself; or what is wrong with it, without a word of it.
    pub fn records<'s, P: Deserialize<'s>>(&'s self) -> Result<P, String> {
        if self.has_too_many() {
            return Err(format!("it has more than {PAGE_RECORDS_MAX} records"));
        }
        let read = self.text.map(serde_json::from_str);
        if let Some(Ok(page)) = read {
            return Ok(page);
        }
        let cut = self.cut.get_or_init(|| Cutter::new(self.bytes).page());
        let read = match (cut, read) {
            (Some(cut), _) => serde_json::from_str(cut),
            (None, Some(read)) => read,
            (None, None) => return Err("it is not UTF-8, and its records can't be told apart".to_owned()),
        };
        read.map_err(|error| without_content(&error))
    }
}

/// The elements of lists that records may lie in, of each list but its first, by the commas before them.
fn elements(bytes: &[u8]) -> impl Iterator<Item = ()> {
    let (mut lists, mut depth) = ([false; RECORDS_LIE_WITHIN + 1], 0_usize);
    let (mut in_text, mut is_escaped) = (false, false);
    bytes.iter().filter_map(move |byte| {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' => {
                depth += 1;
                if let Some(list) = lists.get_mut(depth) {
                    *list = *byte == b'[';
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => return lists.get(depth).copied().unwrap_or_default().then_some(()),
            _ => {}
        }
        None
    })
}

/// Why a record is no JSON, if it is none.
pub(super) fn unread(record: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Unread {
        #[serde(rename = "\u{0}unread")]
        reason: String,
    }
    let is_marked = record.get().starts_with(UNREAD_PREFIX);
    let read = || serde_json::from_str(record.get()).map_or(NOT_JSON.to_owned(), |Unread { reason }| reason);
    is_marked.then(read)
}

const NOT_JSON: &str = "the record is not JSON";

/// Copies a page, with each record that is no JSON replaced.
struct Cutter<'a> {
    bytes: &'a [u8],
    at: usize,
    copy: String,
}

/// What lies in a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Elements {
    /// Records, or buckets of records.
    Any,
    Records,
}

impl<'a> Cutter<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, copy: String::with_capacity(bytes.len()) }
    }

    fn page(mut self) -> Option<String> {
        match self.peek()? {
            b'[' => self.list(Elements::Any)?,
            b'{' => self.object(Elements::Any)?,
            _ => return None,
        }
        self.peek().is_none().then_some(self.copy)
    }

    /// The next byte that is no blank.
    fn peek(&mut self) -> Option<u8> {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, expected: u8) -> Option<()> {
        (self.peek()? == expected).then(|| self.copy_one(expected))
    }

    fn copy_one(&mut self, byte: u8) {
        self.at += 1;
        self.copy.push(char::from(byte));
    }

    /// An object around lists: the page, or a bucket. A field of it that is no JSON reads as nothing that is expected.
    fn object(&mut self, lists: Elements) -> Option<()> {
        self.take(b'{')?;
        if self.peek()? == b'}' {
            return self.take(b'}');
        }
        loop {
            let name = self.value()?;
            self.copy.push_str(&String::from_utf8_lossy(json(name).is_some().then_some(name)?));
            self.take(b':')?;
            match self.peek()? {
                b'[' => self.list(lists)?,
                _ => {
                    let value = self.value()?;
                    self.copy.push_str(&json(value).map_or(Cow::Owned(marker(value)), Cow::Borrowed));
                }
            }
            match self.peek()? {
                b',' => self.take(b',')?,
                _ => return self.take(b'}'),
            }
        }
    }

    fn list(&mut self, elements: Elements) -> Option<()> {
        self.take(b'[')?;
        if self.peek()? == b']' {
            return self.take(b']');
        }
        loop {
            self.element(elements)?;
            match self.peek()? {
                b',' => self.take(b',')?,
                _ => return self.take(b']'),
            }
        }
    }

    fn element(&mut self, elements: Elements) -> Option<()> {
        self.peek()?;
        let (start, copied) = (self.at, self.copy.len());
        let element = self.value()?;
        if let Some(json) = json(element) {
            self.copy.push_str(json);
            return Some(());
        }
        let end = self.at;
        if elements == Elements::Any && has_results(element) {
            self.at = start;
            if self.object(Elements::Records).is_some() && self.at == end {
                return Some(());
            }
            self.copy.truncate(copied);
            self.at = end;
        }
        self.copy.push_str(&marker(element));
        Some(())
    }

    /// The bytes of the value that begins here, whatever they are; `None` where its brackets and quotes do not match.
    fn value(&mut self) -> Option<&'a [u8]> {
        self.peek()?;
        let start = self.at;
        let mut open = Vec::new();
        loop {
            match *self.bytes.get(self.at)? {
                b'"' => self.skip_string()?,
                byte @ (b'{' | b'[') => {
                    open.push(byte);
                    self.at += 1;
                }
                b',' | b':' | b'}' | b']' if open.is_empty() => break,
                byte @ (b'}' | b']') => {
                    // An opening bracket stands two places before its closing one in ASCII, a brace as well.
                    (open.pop() == Some(byte - 2)).then_some(())?;
                    self.at += 1;
                }
                _ => self.at += 1,
            }
        }
        let value = self.bytes[start..self.at].trim_ascii_end();
        (!value.is_empty()).then_some(value)
    }

    fn skip_string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            match *self.bytes.get(self.at)? {
                b'\\' => self.at += 2,
                b'"' => break,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(())
    }
}

/// The text of a value, if it is JSON as far as anybody looks who does not understand it.
fn json(value: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(value).ok()?;
    serde_json::from_str::<&RawValue>(text).ok().map(|_| text)
}

/// Whether it is a bucket: an object with a list of that name.
fn has_results(value: &[u8]) -> bool {
    let fields = fields(value);
    fields.iter().any(|(name, value)| *name == "\"results\"" && value.starts_with(b"["))
}

/// What is put in place of a record that is no JSON: why, and the fields of it that are.
fn marker(value: &[u8]) -> String {
    let reason = match std::str::from_utf8(value) {
        Ok(_) => NOT_JSON.to_owned(),
        Err(error) => format!("the record is not UTF-8, at byte {}", error.valid_up_to() + 1),
    };
    let mut marker = format!("{UNREAD_PREFIX}\"{reason}\"");
    for (name, value) in fields(value) {
        if let Some(value) = json(value) {
            marker.push_str(&format!(",{name}:{value}"));
        }
    }
    marker.push('}');
    marker
}

/// The fields of an object whose names are JSON, as far as they can be told apart.
fn fields(object: &[u8]) -> Vec<(&str, &[u8])> {
    let mut cutter = Cutter::new(object);
    let mut fields = Vec::new();
    let mut next = |before: u8| {
        cutter.take(before)?;
        let name = json(cutter.value()?).filter(|name| name.starts_with('"'))?;
        cutter.take(b':')?;
        Some((name, cutter.value()?))
    };
    let mut before = b'{';
    while let Some(field) = next(before) {
        fields.push(field);
        before = b',';
    }
    fields
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[derive(Deserialize)]
    struct Page<'a> {
        #[serde(borrow)]
        data: Vec<&'a RawValue>,
        has_more: bool,
    }

    fn page_with(record: &[u8]) -> Vec<u8> {
        [br#"{"note": [1], "data": [{"n": 1}, "#, record, br#" , {"n": "]}\""}], "has_more": true}"#].concat()
    }

    /// The records between their neighbours, as they come out of the page.
    fn records(record: &[u8]) -> Option<Vec<String>> {
        let bytes = page_with(record);
        let text = PageText::new(&bytes);
        let page: Page<'_> = text.records().ok()?;
        assert!(page.has_more);
        Some(page.data.iter().map(|raw| unread(raw).unwrap_or_else(|| raw.get().to_owned())).collect())
    }

    #[test]
    fn a_record_that_is_no_json_costs_no_neighbour() {
        let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
        for (record, reason) in [
            (&b"{\"name\": \"\xff\"}"[..], "the record is not UTF-8, at byte 11"),
            (b"{\"name\": \"a\0b\"}", NOT_JSON),
            (b"{\"n\": nul}", NOT_JSON),
            (b"{\"n\" 1}", NOT_JSON),
            (b"\0", NOT_JSON),
            (b"{\"n\": 1e400}", "{\"n\": 1e400}"),
            (b"{\"name\": \"\\ud800\"}", "{\"name\": \"\\ud800\"}"),
            (&deep, std::str::from_utf8(&deep).unwrap()),
        ] {
            let neighbours = ["{\"n\": 1}", reason, "{\"n\": \"]}\\\"\"}"];
            assert_eq!(records(record).unwrap(), neighbours, "{}", String::from_utf8_lossy(record));
        }
    }

    #[test]
    fn what_still_reads_of_a_record_stays() {
        let bytes = page_with(b"{\"day\": \"2025-10-03\", \"name\": \"\xff\", \"n\": [1, 2]}");
        let text = PageText::new(&bytes);
        let page: Page<'_> = text.records().unwrap();
        let marked: serde_json::Value = serde_json::from_str(page.data[1].get()).unwrap();
        assert_eq!(
            (&marked["day"], &marked["n"], marked.get("name")),
            (&"2025-10-03".into(), &[1, 2][..].into(), None)
        );
    }

    #[test]
    fn a_record_in_a_bucket_costs_neither_the_bucket_nor_its_neighbours() {
        #[derive(Deserialize)]
        struct Bucket<'a> {
            starting_at: &'a str,
            #[serde(borrow)]
            results: Vec<&'a RawValue>,
        }
        #[derive(Deserialize)]
        struct Buckets<'a> {
            #[serde(borrow)]
            data: Vec<Bucket<'a>>,
        }
        let bytes =
            b"{\"data\":[{\"starting_at\":\"a\",\"results\":[1,\"\xff\",2]},{\"starting_at\":\"b\",\"results\":[]}]}";
        let text = PageText::new(bytes);
        let page: Buckets<'_> = text.records().unwrap();
        assert_eq!(page.data[0].results.iter().filter(|raw| unread(raw).is_some()).count(), 1);
        assert_eq!((page.data[0].results.len(), page.data[0].starting_at, page.data[1].starting_at), (3, "a", "b"));
    }

    #[test]
    fn records_are_counted_where_they_lie_and_nowhere_else() {
        for (page, expected) in [
            (&br#"{"a":[1,2,{"b":[1,2]}],"c":"[,,,\",]","d":[]}"#[..], 3),
            (br#"[null,null,null]"#, 2),
            (br#"{"data":[{"results":[{"n":[1,2,3,4]},{}]},{"results":[]}]}"#, 2),
            (b"{,,,}]]]],,[1,", 1),
        ] {
            assert_eq!(elements(page).count(), expected, "{}", String::from_utf8_lossy(page));
        }
    }

    #[test]
    fn a_page_of_more_records_than_there_are_is_refused_before_they_are_read() {
        for (records, is_read) in [(PAGE_RECORDS_MAX, true), (PAGE_RECORDS_MAX + 1, false)] {
            let bytes = format!("{{\"data\":[{}],\"has_more\":false}}", vec!["{}"; records].join(","));
            let text = PageText::new(bytes.as_bytes());
            assert_eq!(text.whole::<Page<'_>>().is_some(), is_read, "{records}");
            let read = text.records::<Page<'_>>().map(|page| page.data.len());
            assert_eq!(read, if is_read { Ok(records) } else { Err("it has more than 500000 records".to_owned()) });
        }
    }

    #[test]
    fn a_page_whose_records_cannot_be_told_apart_is_refused_and_not_quoted() {
        for bytes in [
            &b"{\"data\": [{\"secret\": \"\xff}], \"has_more\": true}"[..],
            b"{\"data\": [{\"secret\": 1], \"has_more\": \xfftrue}",
            b"{\"data\": [{\"secret\": \"\xff\"}], \"has_more\": true} secret",
            b"{\"data\": [{\"secret\": \"\xff\"}], \"has_more\": secret}",
            b"\xff",
            b"",
        ] {
            let text = PageText::new(bytes);
            let error = text.records::<Page<'_>>().map(|page| page.has_more).unwrap_err();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
