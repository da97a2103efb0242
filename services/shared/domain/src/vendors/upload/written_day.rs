//! A day in a cell: in ISO form, or what was probably meant by another form.

use everycent_schemas::Day;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// What is expected in the place of a cell that is no day, with the day that was probably meant if only one can be.
pub fn expected(cell: &str) -> String {
    match &meant(cell)[..] {
        [] => "a day such as 2025-10-03, or nothing".to_owned(),
        [day] => format!("a day such as 2025-10-03; {day} may be meant"),
        days => {
            let days: Vec<String> = days.iter().map(Day::to_string).collect();
            format!("a day such as 2025-10-03; it may be {}", days.join(" or "))
        }
    }
}

/// The days that a cell of another form can mean.
fn meant(cell: &str) -> Vec<Day> {
    let is_word = |c: char| c.is_alphanumeric();
    // A time of the day says nothing more of the day.
    let date = cell.split_once('T').map_or(cell, |(date, time)| if time.starts_with(is_digit) { date } else { cell });
    let mut parts: Vec<&str> = date.split(|c| !is_word(c)).filter(|part| !part.is_empty()).collect();
    if parts.len() > 3 && parts[3..].iter().all(|part| part.chars().all(is_digit)) {
        parts.truncate(3);
    }
    let mut days = match &parts[..] {
        [digits] => run_together(digits),
        [a, b, c] => of_parts([a, b, c], cell.contains('.')),
        _ => Vec::new(),
    };
    days.sort();
    days.dedup();
    days
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// `20251003`.
fn run_together(digits: &str) -> Vec<Day> {
    let is_date = digits.len() == 8 && digits.chars().all(is_digit);
    let day = || Day::new(digits[..4].parse().ok()?, digits[4..6].parse().ok()?, digits[6..].parse().ok()?);
    is_date.then(day).flatten().into_iter().collect()
}

/// A year has four digits; a month may be a name. Between points the day comes first, elsewhere either may.
fn of_parts(parts: [&str; 3], has_points: bool) -> Vec<Day> {
    let numbers = parts.map(|part| part.parse::<u32>().ok().filter(|_| part.chars().all(is_digit)));
    let year = |place: usize| {
        let digits = Some(parts[place]).filter(|part| part.len() == 4);
        digits.and(numbers[place]).and_then(|year| i32::try_from(year).ok())
    };
    let day = |year: Option<i32>, month: Option<u32>, day: Option<u32>| Day::new(year?, month?, day?);
    let [a, b, c] = numbers;
    let named = |place: usize| month(parts[place]);
    let found = match (year(0), year(2)) {
        (Some(_), _) => vec![day(year(0), b.or(named(1)), c)],
        (None, Some(_)) if named(0).is_some() => vec![day(year(2), named(0), b.or_else(|| ordinal(parts[1])))],
        (None, Some(_)) if named(1).is_some() => vec![day(year(2), named(1), a.or_else(|| ordinal(parts[0])))],
        (None, Some(_)) if has_points => vec![day(year(2), b, a)],
        (None, Some(_)) => vec![day(year(2), b, a), day(year(2), a, b)],
        (None, None) => Vec::new(),
    };
    found.into_iter().flatten().collect()
}

/// The month of a name or the beginning of one.
fn month(name: &str) -> Option<u32> {
    let start = name.get(..3)?.to_ascii_lowercase();
    let place = MONTHS.iter().position(|month| *month == start && name.chars().all(|c| c.is_ascii_alphabetic()))?;
    u32::try_from(place + 1).ok()
}

/// `3rd`.
fn ordinal(text: &str) -> Option<u32> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let is_ordinal = matches!(&text[digits.len()..].to_ascii_lowercase()[..], "st" | "nd" | "rd" | "th");
    digits.parse().ok().filter(|_| is_ordinal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_form_of_a_day_is_told_in_iso_where_one_day_alone_can_be_meant() {
        for (cell, day) in [
            ("31.12.2025", "2025-12-31"),
            ("3.4.2025", "2025-04-03"),
            ("12/31/2025", "2025-12-31"),
            ("31/12/2025", "2025-12-31"),
            ("4/4/2025", "2025-04-04"),
            ("2025/10/03", "2025-10-03"),
            ("2025.10.3", "2025-10-03"),
            ("2025-1-3", "2025-01-03"),
            ("20251003", "2025-10-03"),
            ("2025-10-03T00:00:00Z", "2025-10-03"),
            ("2025-10-03 00:00:00", "2025-10-03"),
            ("3 Oct 2025", "2025-10-03"),
            ("3-October-2025", "2025-10-03"),
            ("Oct 3, 2025", "2025-10-03"),
            ("October 3rd, 2025", "2025-10-03"),
        ] {
            assert_eq!(expected(cell), format!("a day such as 2025-10-03; {day} may be meant"), "{cell}");
        }
    }

    #[test]
    fn a_form_with_two_meanings_is_told_with_both_and_what_is_no_day_with_none() {
        assert_eq!(expected("3/4/2025"), "a day such as 2025-10-03; it may be 2025-03-04 or 2025-04-03");
        for cell in
            ["", "soon", "32.13.2025", "2025-02-30", "3.4.25", "45933", "2025", "10/2025", "1.2.3.2025", "T", "ü"]
        {
            assert_eq!(expected(cell), "a day such as 2025-10-03, or nothing", "{cell}");
        }
    }
}
