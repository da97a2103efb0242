//! Files that a person keeps, because no API reports what is in them: a module for each, and what they share.
//!
//! A file is checked as a whole before it is stored; what is stored is read by the same code once more.

pub mod api_key_owners;
pub mod claude_console_cost;
pub mod claude_spend;
pub mod claude_usage;
pub mod cursor_usage;
pub mod money;
pub mod people;

mod amount;
mod count;
mod currency;
mod dated;
mod email;
mod file;
mod nearest;
mod sheet;
mod spread;
mod written_day;

/// Bytes that a file may have.
pub const MAX_BYTES: u64 = 64 << 20;

#[cfg(test)]
mod stored;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::stored;
    use crate::normalize::NormalizeError;
    use crate::report::{Contents, Faults, Occasion};
    use crate::source::Source;
    use crate::vendors::upload;
    use crate::window::Window;
    use everycent_schemas::Day;
    use everycent_schemas::events::BatchNormalized;

    const TODAY: &str = "2026-11-30";
    const SOURCES: [Source; 6] = [
        upload::claude_usage::SOURCE,
        upload::api_key_owners::SOURCE,
        upload::claude_spend::SOURCE,
        upload::claude_console_cost::SOURCE,
        upload::cursor_usage::SOURCE,
        upload::people::SOURCE,
    ];

    fn check_bytes(source: Source, file: &[u8]) -> Result<Contents, Faults> {
        let today: Day = TODAY.parse().unwrap();
        source.import().unwrap().check(file, Occasion { today, period: Some(Window::of(today)) })
    }

    fn template(source: Source) -> &'static str {
        source.import().unwrap().template
    }

    #[test]
    fn the_template_of_each_sheet_can_be_imported() {
        for source in SOURCES {
            let text = template(source);
            assert_eq!(check_bytes(source, text.as_bytes()).unwrap().lines, 1, "{text}");
            assert!(text.ends_with('\n') && text.lines().count() == 2, "{text}");
        }
    }

    #[test]
    fn a_file_that_is_no_text_in_utf_8_is_refused_by_the_line_where_it_is_seen() {
        let header = "api_key_id,owner_email,note\napikey_01,ada@example.com,".as_bytes();
        let latin = [header, b"Caf\xe9\n"].concat();
        let utf_16: Vec<u8> = "\u{feff}date,email\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for source in SOURCES {
            for (file, line) in [(&latin, "line 2: "), (&utf_16, "line 1: "), (&b"PK\x03\x04\xff".to_vec(), "line 1: ")]
            {
                let faults = check_bytes(source, file).unwrap_err().to_string();
                assert!(faults.starts_with(line) && faults.contains("UTF-8"), "{faults}");
            }
        }
    }

    #[test]
    fn a_file_without_data_tells_nothing_and_is_refused() {
        for source in SOURCES {
            let header = template(source).lines().next().unwrap();
            for (text, says) in [
                (String::new(), "line 1: found nothing, expected the header "),
                ("\n \r\n".to_owned(), "line 1: found nothing, expected the header "),
                (header.to_owned(), "line 2: found nothing, expected a line of data"),
                (format!("{header}\n,,,,,\n"), "line 2: found nothing, expected a line of data"),
            ] {
                let faults = check_bytes(source, text.as_bytes()).unwrap_err().to_string();
                assert!(faults.starts_with(says), "{text:?}: {faults}");
            }
        }
    }

    fn normalized(source: Source, text: &str) -> Result<BatchNormalized, NormalizeError> {
        stored::normalized(source, stored::window("2025-10-03", "2025-10-05"), text).map(|(_, batch)| batch)
    }

    fn rows_and_rejects(batch: &BatchNormalized) -> Vec<(i64, i64)> {
        batch.buckets.iter().map(|bucket| (bucket.rows, bucket.rejects)).collect()
    }

    #[test]
    fn of_a_stored_file_a_line_that_does_not_read_costs_only_itself() {
        let batch = normalized(
            upload::claude_usage::SOURCE,
            "date,email,conversations,projects,files,messages\n2025-10-03,ada@example.com,1,1,1,1\n\
             2025-10-04,ada,1,1,1,1\n2025-10-05,ada@example.com,1,1,1,1\n2025-10-06,ada@example.com,1,1,1,1\n",
        );
        assert_eq!(rows_and_rejects(&batch.unwrap()), [(1, 2), (0, 0), (1, 0)]);
        let batch = normalized(
            upload::api_key_owners::SOURCE,
            "api_key_id,owner_email\napikey_01A,ada@example.com\napikey_01B,ada\napikey_01C,ada@example.com\n",
        );
        assert_eq!(rows_and_rejects(&batch.unwrap()), [(2, 1), (0, 0), (0, 0)]);
    }

    #[test]
    fn of_a_stored_file_with_another_header_the_error_repeats_nothing() {
        for source in SOURCES {
            let error = normalized(source, "ada@example.com,secret\n1,2\n").unwrap_err().to_string();
            assert!(error.contains("line 1, column "), "{error}");
            assert!(!error.contains("ada") && !error.contains("secret"), "{error}");
        }
    }
}
