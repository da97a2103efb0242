//! What may have been meant by a word that is not known.

/// Letters by which a word may differ from what was meant: one in four, and three at most.
const SHARE: usize = 4;
const MOST: usize = 3;
/// Longer words are not compared.
const LONGEST: usize = 200;

/// The known word that differs least, if any is near enough to be meant.
pub fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let letters = folded(word);
    let most = (letters.len() / SHARE).min(MOST);
    if letters.len() > LONGEST {
        return None;
    }
    let near = known.filter_map(|known| Some((distance(&letters, &folded(known), most)?, known)));
    near.min().map(|(_, known)| known)
}

/// Case is no difference: an id in the wrong case is not known, and means the other.
fn folded(word: &str) -> Vec<char> {
    word.chars().flat_map(char::to_lowercase).collect()
}

/// How many letters have to be added, left out, changed or swapped with their neighbour; `None` if more than `most`.
fn distance(a: &[char], b: &[char], most: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let (mut before, mut last): (Vec<usize>, Vec<usize>) = (Vec::new(), (0..=b.len()).collect());
    for (row, letter) in a.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, other) in b.iter().enumerate() {
            let changed = last[column] + usize::from(letter != other);
            let mut least = changed.min(last[column + 1] + 1).min(next[column] + 1);
            let is_swapped = row > 0 && column > 0 && a[row - 1] == *other && *letter == b[column - 1];
            if is_swapped {
                least = least.min(before[column - 1] + 1);
            }
            next.push(least);
        }
        if next.iter().all(|least| *least > most) {
            return None;
        }
        before = std::mem::replace(&mut last, next);
    }
    last.last().copied().filter(|distance| *distance <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_by_a_letter_or_two_may_be_meant_and_nothing_else() {
        let known = ["apikey_01Batch", "apikey_01Search", "ada@example.com", "eve@example.com"];
        for (word, meant) in [
            ("apikey_01Bacth", Some("apikey_01Batch")),
            ("apikey_01Batc", Some("apikey_01Batch")),
            ("APIKEY_01SEARCH", Some("apikey_01Search")),
            ("apikey_01Sxxrch", Some("apikey_01Search")),
            ("adda@exampel.com", Some("ada@example.com")),
            ("apikey_01Other9", None),
            ("bob", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known.into_iter()), meant, "{word}");
        }
        assert_eq!(nearest(&"x".repeat(500), ["x"].into_iter()), None);
    }

    #[test]
    fn a_swap_is_one_difference_and_the_nearest_is_named() {
        let letters = |word: &str| folded(word);
        for (a, b, expected) in [("abcd", "abdc", 1), ("abcd", "abcd", 0), ("abcd", "acd", 1), ("abcd", "axcy", 2)] {
            assert_eq!(distance(&letters(a), &letters(b), 3), Some(expected), "{a} {b}");
        }
        assert_eq!(distance(&letters("abcd"), &letters("wxyz"), 3), None);
        assert_eq!(nearest("abcdefgh", ["abcdefxy", "abcdefgx"].into_iter()), Some("abcdefgx"));
    }
}
