//! Who sees what really happened beneath all faults, and tells the model.
//!
//! It passes every call on unchanged. Of a stored snapshot it takes only what names it; what it must hold is asked of
//! the simulated world.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use everycent_domain::manifest::Manifest;
use everycent_domain::objects::{ManifestName, ObjectName};
use everycent_runtime::bus::{Bus, BusError, DeadLetter, Delivery, Depth, Message, Topic};
use everycent_runtime::store::{Created, Store, StoreError};
use everycent_schemas::events::{self, AnswerDecided, Event, FetchFailed, FetchRequested, SnapshotStored};
use vendor_sim::{Endpoint, FaultKind, RequestRecord, Simulator};

use crate::model::{Announced, Answer, Decided, Failed, Model, Question, Report, Requested, Sheet, Spoil, Word};
use crate::tables::Bucket;

/// Faults that spoil the first record of an answer and leave it whole, and what of the record they spoil.
const SPOILING: [(FaultKind, Spoil); 5] = [
    (FaultKind::AmountText, Spoil::Amount),
    (FaultKind::AmountNumber, Spoil::AmountNumber),
    (FaultKind::CountText, Spoil::Count),
    (FaultKind::DateMissing, Spoil::Date),
    (FaultKind::FlatCacheCreation, Spoil::CacheCreation),
];

/// What was seen. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Witness {
    simulator: Arc<Simulator>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    model: Model,
    /// The sheet that will be stored next.
    sheet: Option<Sheet>,
    messages: Vec<(Topic, Message)>,
}

impl Witness {
    pub(crate) fn new(simulator: Arc<Simulator>) -> Self {
        Self { simulator, seen: Arc::default() }
    }

    pub(crate) fn with_model<R>(&self, look: impl FnOnce(&Model) -> R) -> R {
        look(&self.seen().model)
    }

    /// Every message that was ever published, in order.
    pub(crate) fn messages(&self) -> Vec<(Topic, Message)> {
        self.seen().messages.clone()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("invariant: nothing panics while it holds what was seen")
    }

    pub(crate) fn will_be_uploaded(&self, sheet: Sheet) {
        self.seen().sheet = Some(sheet);
    }

    /// The tables are lost, and so are the messages that filled them.
    pub(crate) fn forget_the_tables(&self) {
        let mut seen = self.seen();
        seen.model.emptied();
        seen.messages.clear();
    }

    fn snapshot_stored(&self, name: &ObjectName, manifest: &[u8]) {
        let manifest = Manifest::from_json(manifest).expect("invariant: the fetcher writes manifests");
        let question = Question {
            report: Report::named(&manifest.source).expect("invariant: the model knows every source"),
            account: manifest.account_id.to_string(),
            from: manifest.window.from().date(),
            to: manifest.window.to().date(),
            asked_at: manifest.fetched_at.micros(),
        };
        let answer = match question.report.is_asked() {
            true => {
                let spoil = self.spoil_of_the_last_first_page();
                self.simulator.with_world(|world| Answer::of(world, &question, spoil))
            }
            false => {
                let sheet = self.seen().sheet.take().expect("invariant: a sheet is known before it is stored");
                Answer::of_sheet(question, &sheet)
            }
        };
        self.seen().model.told(name.as_str(), answer);
    }

    /// Each reading begins with a first page, so the last one is of the reading that was just stored; the list of workspaces,
    /// which nothing spoils, may be asked for after it.
    fn spoil_of_the_last_first_page(&self) -> Option<Spoil> {
        let requests = self.simulator.requests();
        let is_first = |request: &&RequestRecord| {
            request.page == Some(1) && request.endpoint != Some(Endpoint::AnthropicWorkspaces)
        };
        let last = requests.iter().rev().find(is_first)?;
        let is_hit = |kind: &FaultKind| last.faults.iter().any(|fault| fault.contains(&format!(":{kind}")));
        SPOILING.iter().find(|(kind, _)| is_hit(kind)).map(|(_, spoil)| *spoil)
    }

    fn published(&self, topic: Topic, message: &Message) {
        let mut seen = self.seen();
        match topic {
            Topic::FetchRequested => seen.model.requested(requested(&read(message))),
            Topic::SnapshotStored => seen.model.announced(announced(&read(message))),
            Topic::FetchFailed => seen.model.failed(failed(&read(message))),
            Topic::AnswerDecided => seen.model.decided(decided(&read(message))),
            Topic::BatchNormalized | Topic::BatchMerged => {}
        }
        seen.messages.push((topic, message.clone()));
    }
}

fn read<E: Event>(message: &Message) -> E {
    let fingerprint = message.attributes.values().next().expect("invariant: events carry their schema");
    events::decode(&message.payload, fingerprint).expect("invariant: services publish events")
}

fn requested(event: &FetchRequested) -> Requested {
    Requested {
        source: event.source.clone(),
        account: event.account_id.as_ref().map(ToString::to_string),
        from: event.from_date.expect("invariant: tests name days").date(),
        to: event.to_date.expect("invariant: tests name days").date(),
        at: event.requested_at.expect("invariant: tests say when").micros(),
    }
}

fn announced(event: &SnapshotStored) -> Announced {
    Announced {
        object: event.manifest.clone(),
        fetched_at: event.fetched_at.micros(),
        snapshot_id: event.snapshot_id.to_string(),
        published_at: event.published_at.micros(),
        only: event.only_from.zip(event.only_to).map(|(from, to)| (from.date(), to.date())),
    }
}

fn decided(event: &AnswerDecided) -> Decided {
    Decided {
        bucket: Bucket {
            source: event.source.clone(),
            account: event.account_id.to_string(),
            day: event.activity_date.date(),
        },
        snapshot_id: event.snapshot_id.to_string(),
        word: if event.decision == "keep" { Word::Keep } else { Word::Accept },
        at: event.decided_at.micros(),
    }
}

fn failed(event: &FetchFailed) -> Failed {
    Failed {
        source: event.source.clone(),
        account: event.account_id.to_string(),
        from: event.from_date.date(),
        to: event.to_date.date(),
        at: event.failed_at.micros(),
    }
}

/// A store whose manifests are seen.
#[derive(Debug)]
pub(crate) struct WitnessStore {
    pub inner: Arc<dyn Store>,
    pub witness: Witness,
}

#[async_trait]
impl Store for WitnessStore {
    async fn create(&self, name: &ObjectName, body: Bytes) -> Result<Created, StoreError> {
        let created = self.inner.create(name, body.clone()).await?;
        if created == Created::New && ManifestName::parse(name).is_some() {
            self.witness.snapshot_stored(name, &body);
        }
        Ok(created)
    }

    async fn read(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
        self.inner.read(name).await
    }

    async fn delete(&self, name: &ObjectName) -> Result<(), StoreError> {
        self.inner.delete(name).await
    }

    async fn list(
        &self,
        prefix: &str,
        after: Option<&ObjectName>,
        limit: usize,
    ) -> Result<Vec<ObjectName>, StoreError> {
        self.inner.list(prefix, after, limit).await
    }

    fn address(&self) -> String {
        self.inner.address()
    }
}

/// A bus whose messages are seen.
#[derive(Debug)]
pub(crate) struct WitnessBus {
    pub inner: Arc<dyn Bus>,
    pub witness: Witness,
}

#[async_trait]
impl Bus for WitnessBus {
    async fn publish(&self, topic: Topic, message: Message) -> Result<(), BusError> {
        self.inner.publish(topic, message.clone()).await?;
        self.witness.published(topic, &message);
        Ok(())
    }

    async fn pull(&self, topic: Topic, max: usize, wait: Duration) -> Result<Vec<Delivery>, BusError> {
        self.inner.pull(topic, max, wait).await
    }

    async fn ack(&self, delivery: &Delivery) -> Result<(), BusError> {
        self.inner.ack(delivery).await
    }

    async fn nack(&self, delivery: &Delivery, delay: Duration, reason: &str) -> Result<(), BusError> {
        self.inner.nack(delivery, delay, reason).await
    }

    async fn release(&self, delivery: &Delivery) -> Result<(), BusError> {
        self.inner.release(delivery).await
    }

    async fn dead_letter(&self, delivery: &Delivery, reason: &str) -> Result<(), BusError> {
        self.inner.dead_letter(delivery, reason).await
    }

    async fn extend(&self, delivery: &Delivery) -> Result<(), BusError> {
        self.inner.extend(delivery).await
    }

    async fn depths(&self) -> Result<Vec<Depth>, BusError> {
        self.inner.depths().await
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, BusError> {
        self.inner.dead_letters(limit).await
    }

    async fn forget_dead_letters(&self, letters: &[DeadLetter]) -> Result<(), BusError> {
        self.inner.forget_dead_letters(letters).await
    }
}
