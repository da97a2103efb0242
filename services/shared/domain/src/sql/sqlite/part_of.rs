//! The function that SQLite lacks: its integers have 64 bits, and beyond them it goes on in binary floats.

/// The name by which queries call it. Who opens a database that they run on gives it to the connection.
pub const PART_OF: &str = "part_of";

/// What some of `whole` units have of an amount, rounded towards zero. Nothing of no units at all, and nothing that
/// leaves 64 bits.
pub fn part_of(amount: i64, units: i64, whole: i64) -> Option<i64> {
    let part = (i128::from(amount) * i128::from(units)).checked_div(i128::from(whole))?;
    i64::try_from(part).ok()
}

#[cfg(test)]
mod tests {
    use super::part_of;

    #[test]
    fn a_part_is_exact_beyond_64_bits_and_rounded_towards_zero() {
        assert_eq!(part_of(100, 1, 3), Some(33));
        assert_eq!(part_of(-100, 2, 3), Some(-66));
        // 98,765.432109876 dollars times 12,345,678,901,234 tokens has 28 digits.
        assert_eq!(part_of(98_765_432_109_876, 12_345_678_901_234, 23_456_789_012_345), Some(51_981_808_368_077));
        assert_eq!(part_of(1, 0, 0), None);
        assert_eq!(part_of(i64::MAX, i64::MAX, 1), None);
    }
}
