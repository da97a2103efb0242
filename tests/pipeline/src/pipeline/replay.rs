//! What of the raw store is announced again: what `everycent replay` does.

use anyhow::{Result, ensure};
use everycent_domain::replay::stored;
use everycent_domain::source::Source;
use everycent_domain::window::Window;
use everycent_runtime::clock::Clock;
use everycent_runtime::replay::{self, Announcements};
use everycent_runtime::store::Store;
use everycent_runtime::warehouse::CoverageRow;
use everycent_runtime::worker::publish;
use everycent_schemas::{Day, Timestamp};

use super::Pipeline;

impl Pipeline {
    /// Announces again what decides the days; of all days without a range.
    pub async fn replay(&self, range: Option<(Day, Day)>) -> Result<()> {
        let (bus, published_at) = (&self.services().witnessed_bus, self.clock.now());
        let range = range.map(|(from, to)| Window::new(from, to)).transpose()?;
        let Announcements { snapshots, judged, decided, unread } = self.announcements(range, published_at).await?;
        ensure!(unread.is_empty(), "stored objects do not read: {unread:?}");
        for event in &judged {
            publish(bus, event).await?;
        }
        for event in &decided {
            publish(bus, event).await?;
        }
        for manifest in &snapshots {
            publish(bus, &stored(manifest, published_at, range)).await?;
        }
        Ok(())
    }

    async fn announcements(&self, range: Option<Window>, asked_at: Timestamp) -> Result<Announcements> {
        let store: &dyn Store = self.raw.as_ref();
        let coverage = self.coverage().await?;
        let mut all = Announcements::default();
        for source in Source::ALL.iter().copied() {
            for (account, raw) in replay::list(store, source).await? {
                let Some(range) = range.or(raw.days()) else { continue };
                let is_about = |row: &&CoverageRow| row.source == source.name() && row.account_id.as_str() == account;
                let coverage = coverage.iter().filter(is_about);
                let found = replay::announcements(store, source, &raw, range, coverage, asked_at).await?;
                all.snapshots.extend(found.snapshots);
                all.judged.extend(found.judged);
                all.decided.extend(found.decided);
                all.unread.extend(found.unread);
            }
        }
        Ok(all)
    }

    async fn coverage(&self) -> Result<Vec<CoverageRow>> {
        let day = |year| Day::new(year, 1, 1).expect("invariant: a day of the calendar");
        Ok(self.services().warehouse.coverage(day(2020), day(2100)).await?)
    }
}
