//! What becomes of an answer, and what a person may decide about one.

use strum::{Display, EnumString, VariantArray};

/// What became of an answer. As text its name in small letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Display, EnumString, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum AnswerVerdict {
    /// Its rows are the bucket's rows.
    Accepted,
    /// It takes away too much of what was known, so the earlier rows stay.
    Held,
    /// Another answer was accepted after it, or a person did not believe it.
    Superseded,
}

impl AnswerVerdict {
    /// All of them.
    pub const ALL: &'static [Self] = Self::VARIANTS;
}

/// What a person decides after a look at an answer. As text its name in small letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Display, EnumString, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Decision {
    /// The answer is right: its rows become the bucket's rows.
    Accept,
    /// The answer is wrong: the earlier rows stay, and answers that report no less than this one are not held again.
    Keep,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::tables;

    #[test]
    fn every_word_reads_as_it_prints_and_is_explained_at_its_column() {
        let doc = |column: &str| &tables::find("answers").unwrap().column(column).unwrap().doc;
        for verdict in AnswerVerdict::ALL {
            assert_eq!(verdict.to_string().parse(), Ok(*verdict));
            assert!(doc("verdict").contains(&format!("`{verdict}`: ")), "{verdict}");
        }
        for decision in Decision::VARIANTS {
            assert_eq!(decision.to_string().parse(), Ok(*decision));
            assert!(doc("decision").contains(&format!("`{decision}`")), "{decision}");
        }
    }
}
