//! Draws that depend on nothing but what they are about, so that any fact can be computed alone.
//!
//! Owns the mixing of bits. It must never remember a draw.

/// A number for these words; the same ones give the same number.
pub(crate) fn draw(seed: u64, words: &[&str]) -> u64 {
    let mut hash = seed ^ 0xcbf2_9ce4_8422_2325;
    for word in words {
        for byte in word.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    mix(hash)
}

/// A number for these numbers; the same ones give the same number.
pub(crate) fn draw_numbers(seed: u64, numbers: &[u64]) -> u64 {
    numbers.iter().fold(mix(seed), |hash, number| mix(hash ^ mix(*number)))
}

/// The finalizer of SplitMix64.
fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
