//! The jobs that a loader asked for, and what BigQuery would make of them.

use std::collections::{BTreeMap, BTreeSet};

use everycent_schemas::Day;

use crate::reckoning::{Bytes, Weighed, reckon};
use crate::script::{self, Days, Touch};
use crate::sizes::Scales;

/// A script with merges in it.
#[derive(Debug, Clone)]
pub struct Merge {
    pub batches: usize,
    /// Tables that it changes.
    pub tables: usize,
    /// First and last day of its widest bounds.
    pub days: Option<(Day, Day)>,
    pub bytes: Bytes,
}

/// What was asked for, in its order.
#[derive(Debug, Default)]
pub struct Jobs {
    pub loads: usize,
    pub merges: Vec<Merge>,
    /// Queries beside them: versions that are loaded, and looks at what was staged.
    pub queries: usize,
    pub query_bytes: Bytes,
}

/// A script under way.
#[derive(Debug)]
pub struct Begun {
    batches: usize,
    statements: Vec<Vec<Touch>>,
    before: Weighed,
}

impl Begun {
    pub async fn begin(scales: &Scales, sql: &str) -> anyhow::Result<Self> {
        let statements = script::statements(sql, &scales.dataset);
        let before = weigh(scales, &statements, |_| true).await?;
        Ok(Self { batches: script::batches(sql), statements, before })
    }

    /// When it is done, and staged tables are still there or not.
    pub async fn end(self, scales: &Scales) -> anyhow::Result<Merge> {
        let after = weigh(scales, &self.statements, |touch| !touch.is_staged()).await?;
        let bytes = reckon(&self.statements, &self.before, &after);
        let changed: BTreeSet<&str> = self
            .statements
            .iter()
            .flatten()
            .filter(|touch| touch.is_changed)
            .map(|touch| touch.name.as_str())
            .collect();
        let bounds: Vec<(Day, Day)> = self.statements.iter().flatten().filter_map(bounds).collect();
        let first = bounds.iter().map(|(first, _)| *first).min();
        let days = first.zip(bounds.iter().map(|(_, last)| *last).max());
        Ok(Merge { batches: self.batches, tables: changed.len(), days, bytes })
    }

    /// Of a query, which changes nothing.
    pub fn reckon(&self) -> Bytes {
        reckon(&self.statements, &self.before, &self.before)
    }
}

fn bounds(touch: &Touch) -> Option<(Day, Day)> {
    match touch.days {
        Days::Between(first, last) => Some((first, last)),
        Days::All => None,
    }
}

async fn weigh(
    scales: &Scales,
    statements: &[Vec<Touch>],
    is_asked: impl Fn(&Touch) -> bool,
) -> anyhow::Result<Weighed> {
    let mut weighed = BTreeMap::new();
    for touch in statements.iter().flatten().filter(|touch| is_asked(touch)) {
        if !weighed.contains_key(&touch.name) {
            weighed.insert(touch.name.clone(), scales.weigh(touch).await?);
        }
    }
    Ok(weighed)
}
