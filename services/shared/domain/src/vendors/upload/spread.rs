//! Spreading a whole number evenly over the days of a period, exactly.

/// The share of the day at this place, from 0, of `days`: no two shares differ by more than one, and all add up to the whole.
pub fn share(whole: i128, place: u32, days: u32) -> i128 {
    let upto = |days_before: u32| (whole * i128::from(days_before)).div_euclid(i128::from(days));
    upto(place + 1) - upto(place)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_does_not_divide_is_shared_out_to_the_last_unit() {
        assert_eq!([0, 1, 2].map(|place| share(10, place, 3)), [3, 3, 4]);
        assert_eq!([0, 1, 2].map(|place| share(-10, place, 3)), [-4, -3, -3]);
        assert_eq!(share(7, 0, 1), 7);
    }

    proptest! {
        #[test]
        fn the_days_add_up_to_the_whole_and_are_even(whole in -9_000_000_000_000_000_000_i128..9_000_000_000_000_000_000, days in 1_u32..400) {
            let shares: Vec<i128> = (0..days).map(|place| share(whole, place, days)).collect();
            prop_assert_eq!(shares.iter().sum::<i128>(), whole);
            prop_assert!(shares.iter().max().unwrap() - shares.iter().min().unwrap() <= 1);
        }
    }
}
