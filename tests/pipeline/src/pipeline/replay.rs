//! Which stored snapshots are announced again.

use anyhow::Result;
use everycent_domain::manifest::Manifest;
use everycent_domain::objects::{ManifestName, raw_prefix};
use everycent_domain::replay::{ReplayPlan, stored};
use everycent_domain::window::Window;
use everycent_runtime::store::Store;
use everycent_schemas::events::SnapshotStored;
use everycent_schemas::{Day, Timestamp};

use super::accounts::accounts_of;
use crate::model::{Absence, Report};

/// More objects than a test stores.
const ALL: usize = 1_000_000;

/// The snapshots that decide the days, of every source and account.
pub(super) async fn deciding(
    store: &dyn Store,
    range: Option<(Day, Day)>,
    published_at: Timestamp,
) -> Result<Vec<SnapshotStored>> {
    let mut snapshots = Vec::new();
    for report in Report::ALL {
        let names = store.list(&raw_prefix(report.source), None, ALL).await?;
        let manifests: Vec<ManifestName> = names.iter().filter_map(ManifestName::parse).collect();
        for account in accounts_of(report) {
            let of_account: Vec<ManifestName> =
                manifests.iter().filter(|manifest| manifest.account == account).cloned().collect();
            let Some(window) = window(range, &of_account)? else { continue };
            let plan = ReplayPlan::new(window, of_account, published_at);
            let mut plan = if report.absence == Absence::Deleted { plan } else { plan.of_every_answer() };
            while let Some(candidate) = plan.next_candidate() {
                let manifest = Manifest::from_json(&store.read(&candidate.object).await?)?;
                if plan.decide(&manifest.covered) {
                    snapshots.push(stored(&manifest, published_at, None));
                }
            }
        }
    }
    Ok(snapshots)
}

fn window(range: Option<(Day, Day)>, manifests: &[ManifestName]) -> Result<Option<Window>> {
    let first = manifests.iter().map(|manifest| manifest.window.from()).min();
    let last = manifests.iter().map(|manifest| manifest.window.to()).max();
    let whole = first.zip(last);
    Ok(whole.map(|whole| range.unwrap_or(whole)).map(|(from, to)| Window::new(from, to)).transpose()?)
}
