//! What `everycent accept` does: it stores what a person decided, and announces it.

use anyhow::Result;
use everycent_domain::objects::decision;
use everycent_runtime::clock::Clock;
use everycent_runtime::worker::publish;
use everycent_schemas::Timestamp;
use everycent_schemas::events::AnswerDecided;

use super::Pipeline;
use crate::model::Word;
use crate::tables::Bucket;

impl Pipeline {
    /// Decides about an answer. The person's program may die once it is stored, and then nobody announces it.
    pub async fn decide(
        &self,
        (bucket, fetched_at, snapshot_id): &(Bucket, i64, String),
        word: Word,
        dies_once_stored: bool,
    ) -> Result<()> {
        let decided = AnswerDecided {
            source: bucket.source.clone(),
            account_id: bucket.account.as_str().into(),
            activity_date: bucket.day.into(),
            snapshot_id: snapshot_id.as_str().into(),
            fetched_at: Timestamp::from_micros(*fetched_at),
            decision: match word {
                Word::Accept => "accept",
                Word::Keep => "keep",
            }
            .to_owned(),
            decided_at: self.clock.now(),
            note: None,
        };
        let AnswerDecided { source, account_id, activity_date, snapshot_id, decided_at, .. } = &decided;
        let object = decision(source, account_id, *activity_date, *decided_at, snapshot_id);
        self.raw.create(&object, serde_json::to_vec(&decided)?.into()).await?;
        if !dies_once_stored {
            publish(&self.services().witnessed_bus, &decided).await?;
        }
        Ok(())
    }
}
