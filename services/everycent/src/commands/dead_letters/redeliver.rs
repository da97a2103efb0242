//! `everycent dead-letters redeliver`: messages go once more to the service that gave them up.

use std::collections::BTreeSet;

use everycent_domain::future::after;
use everycent_domain::manifest::Manifest;
use everycent_domain::objects::SnapshotFolder;
use everycent_domain::replay::stored;
use everycent_runtime::bus::{Bus, DeadLetter, Topic};
use everycent_runtime::store::Store;
use everycent_runtime::worker::{decode, publish};
use everycent_schemas::Timestamp;
use everycent_schemas::events::BatchNormalized;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::letter::{Letter, check_call, chosen, letters};
use super::shown::Shown;
use crate::cli::RedeliverArgs;
use crate::deployment::{Deployment, Services};
use crate::failure::Failure;
use crate::pipeline::{self, Part};
use crate::progress::Watcher;
use crate::show::{self, count};

pub(super) async fn redeliver(
    deployment: &Deployment,
    args: &RedeliverArgs,
    json: bool,
    stop: CancellationToken,
) -> Result<(), Failure> {
    check_call(&args.ids, args.all || args.topic.is_some())?;
    let began_at = deployment.clock.now();
    let mut letters = chosen(letters(deployment).await?, &args.ids, args.topic)?;
    if args.ids.is_empty() {
        letters.retain(|one| !one.is_done);
    }
    let (sent, refused) = send(deployment, &letters).await?;
    let mut report = Report {
        services_elsewhere: deployment.services == Services::Elsewhere,
        redelivered: sent.iter().map(Shown::from).collect(),
        not_sent: refused,
        given_up_again: Vec::new(),
        interrupted: false,
    };
    if deployment.services == Services::Here && !sent.is_empty() {
        report.given_up_again = handle(deployment, &sent, began_at, json, stop.clone()).await?;
        report.interrupted = stop.is_cancelled();
    }
    if json {
        show::print_json(&report);
    } else {
        show::print(&report.text());
    }
    if report.is_whole() { Ok(()) } else { Err(Failure::Reported) }
}

/// Publishes them, and takes those that were published out of the dead letters. Whoever dies between the two leaves a
/// message that is there twice, which is the same work.
async fn send(deployment: &Deployment, letters: &[Letter]) -> Result<(Vec<DeadLetter>, Vec<NotSent>), Failure> {
    let (mut sent, mut refused) = (Vec::new(), Vec::new());
    for Letter { letter, .. } in letters {
        match send_one(deployment, letter).await {
            Ok(()) => sent.push(letter.clone()),
            Err(refusal) => refused.push(NotSent { letter: Shown::from(letter), refusal }),
        }
    }
    if !sent.is_empty() {
        deployment.bus.forget_dead_letters(&sent).await?;
    }
    Ok((sent, refused))
}

/// Between machines nobody but the normalizer publishes batches, for whoever does can put any figure into the tables: a
/// batch that was given up is made again of its answer.
async fn send_one(deployment: &Deployment, letter: &DeadLetter) -> Result<(), String> {
    if deployment.services == Services::Elsewhere && letter.topic == Topic::BatchNormalized {
        let (store, bus) = (deployment.store.as_ref(), deployment.bus.as_ref());
        let again = make_again(store, bus, letter, deployment.clock.now()).await;
        return again.map_err(|error| format!("{error:#}"));
    }
    deployment.bus.publish(letter.topic, letter.message.clone()).await.map_err(|error| error.to_string())
}

/// Announces the answer of a batch once more. The rows that are made of it count as newer than those of the batch.
async fn make_again(store: &dyn Store, bus: &dyn Bus, letter: &DeadLetter, now: Timestamp) -> anyhow::Result<()> {
    let batch: BatchNormalized = decode(&letter.message).map_err(anyhow::Error::msg)?;
    let (from, to) = (batch.from_date, batch.to_date);
    let folder = SnapshotFolder::new(&batch.source, &batch.account_id, from, to, batch.fetched_at, &batch.snapshot_id);
    let manifest = Manifest::from_json(&store.read(&folder.manifest()).await?)?;
    publish(bus, &stored(&manifest, after(Some(batch.normalized_at), now), None)).await?;
    Ok(())
}

/// Does their work here and now; gives what was given up meanwhile.
async fn handle(
    deployment: &Deployment,
    sent: &[DeadLetter],
    began_at: Timestamp,
    json: bool,
    stop: CancellationToken,
) -> Result<Vec<Shown>, Failure> {
    let topics: BTreeSet<Topic> = sent.iter().map(|letter| letter.topic).collect();
    // Only what has to be fetched takes a vendor's key.
    let part = if topics.contains(&Topic::FetchRequested) { Part::Whole } else { Part::FromStored };
    let watcher = Watcher::new(!json);
    pipeline::drain(deployment, part, watcher.observer(), stop).await?;
    watcher.end();
    let letters = deployment.bus.dead_letters(pipeline::LETTERS_MAX).await?;
    Ok(letters.iter().filter(|letter| letter.at >= began_at).map(Shown::from).collect())
}

#[derive(Debug, Serialize)]
struct NotSent {
    #[serde(flatten)]
    letter: Shown,
    /// What the bus said.
    refusal: String,
}

#[derive(Debug, Serialize)]
struct Report {
    /// Then what becomes of them is not known here.
    services_elsewhere: bool,
    redelivered: Vec<Shown>,
    /// They are dead letters still.
    not_sent: Vec<NotSent>,
    /// Dead letters again, under new ids.
    given_up_again: Vec<Shown>,
    interrupted: bool,
}

impl Report {
    fn is_whole(&self) -> bool {
        self.not_sent.is_empty() && self.given_up_again.is_empty() && !self.interrupted
    }

    fn text(&self) -> String {
        let mut text = format!("{} sent again\n", count(self.redelivered.len(), "message"));
        for NotSent { letter, refusal } in &self.not_sent {
            text += &format!("\nnot sent, and a dead letter still: {refusal}\n{}", letter.text());
        }
        if !self.given_up_again.is_empty() {
            text += "\nGiven up again:\n\n";
            text += &self.given_up_again.iter().map(Shown::text).collect::<String>();
        }
        text += match (self.services_elsewhere, self.interrupted) {
            _ if self.redelivered.is_empty() => "",
            (_, true) => "interrupted; the next command finishes what is in the queue\n",
            (true, false) => {
                "The services handle them from here; `everycent dead-letters list` shows what they give up again\n"
            }
            (false, false) if self.given_up_again.is_empty() => "Their work is done\n",
            (false, false) => "",
        };
        text
    }
}

#[cfg(test)]
mod tests;
