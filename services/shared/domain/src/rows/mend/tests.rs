#![allow(clippy::unwrap_used)]
use serde::Deserialize;

use super::*;
use crate::vendors::Count;

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Record {
    id: String,
    #[serde(default, deserialize_with = "read_needed")]
    owner: Option<String>,
    name: Option<String>,
    inner: Option<Inner>,
    #[serde(default)]
    list: Vec<Inner>,
    #[serde(default)]
    used: Option<Count>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Inner {
    count: crate::vendors::Tally,
    flag: Option<bool>,
}

fn mended(json: &str) -> Result<(Record, Vec<String>), String> {
    let raw = RawValue::from_string(json.to_owned()).unwrap();
    let mended = mend_openly(&raw, |text| serde_json::from_str::<Record>(text).map(drop))?;
    let Read { record, oddities } = mended.read();
    Ok((record, oddities.iter().map(|odd| format!("{}: {}", odd.field, odd.reason)).collect()))
}

fn oddities(json: &str) -> Vec<String> {
    mended(json).unwrap().1
}

#[test]
fn a_field_that_the_record_can_do_without_is_left_empty_and_said() {
    let (record, oddities) =
        mended(r#"{"id": "a", "name": 7, "inner": {"count": 1, "flag": "yes"}, "owner": "o"}"#).unwrap();
    assert_eq!((record.name, record.inner.unwrap().flag, record.owner.unwrap()), (None, None, "o".into()));
    assert_eq!(
        oddities,
        [
            "name: it is a number that does not read; left empty",
            "inner.flag: it is a text that does not read; left empty"
        ]
    );
}

#[test]
fn a_list_is_left_empty_whatever_is_in_it_and_whoever_looks_at_it() {
    #[derive(Debug, Deserialize)]
    struct OfAnything {
        #[expect(dead_code, reason = "only whether it reads matters")]
        flag: Option<crate::vendors::Flag>,
    }
    for list in ["[]", "[1]", "[true, 2]", "[[1], 2]", "[ {\"flag\": 1} ]", "[\"a\"]"] {
        let raw = RawValue::from_string(format!(r#"{{"flag": {list}}}"#)).unwrap();
        let mended = mend_openly(&raw, |text| serde_json::from_str::<OfAnything>(text).map(drop)).unwrap();
        let fields: Vec<&str> = mended.read::<OfAnything>().oddities.iter().map(|odd| odd.field.as_str()).collect();
        assert_eq!(fields, ["flag"], "{list}");
    }
}

#[test]
fn whatever_stands_there_and_however_the_page_is_written() {
    for value in ["7", "-1.5e3", "true", "{}", r#"{"a": {"b": "}\"]"}}"#, "[]", "[[1], {\"x\": 2}]"] {
        for form in [r#"{"id":"a","name":VALUE}"#, "{\n  \"name\": VALUE ,\n  \"id\" : \"a\"\n}"] {
            let (record, oddities) = mended(&form.replace("VALUE", value)).unwrap();
            assert_eq!((record.name, oddities.len()), (None, 1), "{form} {value}");
            assert!(oddities[0].starts_with("name: it is "), "{oddities:?}");
        }
    }
}

#[test]
fn an_object_that_is_none_is_left_empty_as_a_whole() {
    for value in ["7", "\"x\"", "[1]", "true"] {
        let (record, oddities) = mended(&format!(r#"{{"id": "a", "inner": {value}}}"#)).unwrap();
        assert!(record.inner.is_none() && oddities[0].starts_with("inner: "), "{oddities:?}");
    }
}

#[test]
fn a_count_beside_the_money_that_does_not_read_or_is_missing_is_taken_for_none() {
    for inner in [r#"{"count": "many"}"#, r#"{"count": null}"#, r#"{"count": -1}"#, "{}", r#"{"flag": true}"#] {
        let (record, oddities) = mended(&format!(r#"{{"id": "a", "inner": {inner}}}"#)).unwrap();
        assert_eq!(record.inner.unwrap().count.0, 0, "{inner}");
        assert_eq!(oddities, ["inner.count: it is null or does not read; taken for 0"], "{inner}");
    }
    let found = oddities(r#"{"id": "a", "list": [{"count": 1}, {"count": "x", "flag": 3}]}"#);
    assert_eq!(found.len(), 2);
    assert!(found[0].starts_with("list.*."), "{found:?}");
}

#[test]
fn what_can_not_be_left_empty_costs_the_record_with_the_field_and_what_the_vendor_wrote() {
    for (json, field) in [
        (r#"{"id": 7}"#, "id: invalid type: integer `7`"),
        (r#"{"name": "x"}"#, "missing field `id`"),
        (r#"{"id": "a", "owner": 7}"#, "owner: it can't be left empty: invalid type: integer `7`"),
        (r#"{"id": "a", "name": 3, "owner": {}}"#, "owner: it can't be left empty"),
        (r#"{"id": "a", "used": "many"}"#, "used: it can't be left empty"),
        (r#"{"id": "a", "list": 7}"#, "list: "),
        ("7", "invalid type"),
        ("null", "invalid type"),
    ] {
        let reason = mended(json).unwrap_err();
        assert!(reason.starts_with(field), "{json}: {reason}");
    }
    assert_eq!(mended(r#"{"id": "a", "owner": null}"#).unwrap().0.owner, None);
}

#[test]
fn what_is_odd_alike_in_the_elements_of_a_list_is_said_once() {
    let list = [r#"{"count": 1, "flag": 7}"#; 3].join(",");
    assert_eq!(oddities(&format!(r#"{{"id": "a", "list": [{list}]}}"#)).len(), 1);
}
