//! One reading of one window: page after page into the store, the manifest last.

use chrono::Duration;
use everycent_domain::accounts::Refusal;
use everycent_domain::manifest::{FORMAT, Manifest, snapshot_id};
use everycent_domain::objects::PageForm;
use everycent_domain::paging::{Answer, Next, Pager, PagingFault, PagingTask};
use everycent_domain::source::Source;
use everycent_runtime::failure::Reason;
use everycent_runtime::progress::{Observer, Progress};
use everycent_runtime::store::{Store, StoreError};
use everycent_runtime::threads;
use everycent_runtime::vendor::{VendorClient, VendorError};
use everycent_schemas::{AccountId, Timestamp};

use super::account::FetchAccount;
use super::admission::{Admission, NotAdmitted};
use super::ask::vendor_request;
use super::page::{FetchedPage, once};
use super::workspaces::{KnownWorkspaces, NotListed};

/// Why a reading gave no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The vendor can't be asked.
    #[error(transparent)]
    NoClient(Reason),
    /// The account is not to be asked.
    #[error(transparent)]
    NotAdmitted(Refusal),
    /// The vendor did not answer.
    #[error(transparent)]
    Vendor(VendorError),
    /// The vendor refused to go on paging; from the start it may.
    #[error(transparent)]
    Restart(VendorError),
    /// The first answer showed that this machine's clock is wrong by other than was known; nothing is stored.
    #[error("the vendor's clock is not this machine's")]
    OtherClock,
    /// The vendor answers, and never comes to an end.
    #[error("the vendor had not come to the end of this window after {} minutes; try again later", .limit.as_secs() / 60)]
    Endless { limit: std::time::Duration },
    #[error(transparent)]
    Paging(#[from] PagingFault),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl FetchError {
    /// Whether asking the window again from its start can't help now.
    pub fn is_final(&self) -> bool {
        match self {
            Self::NoClient(_) | Self::NotAdmitted(_) | Self::Vendor(_) | Self::OtherClock => true,
            Self::Endless { .. } | Self::Store(_) => true,
            Self::Restart(_) => false,
            Self::Paging(fault) => matches!(fault, PagingFault::TooManyPages { .. }),
        }
    }

    /// Whether the vendor refuses the report to this key, whatever is asked.
    pub fn closes_report(&self) -> bool {
        matches!(self, Self::Vendor(error) if error.closes_report())
    }

    pub fn into_fault(self) -> Option<PagingFault> {
        match self {
            Self::Paging(fault) => Some(fault),
            Self::NoClient(_) | Self::NotAdmitted(_) | Self::Vendor(_) => None,
            Self::Restart(_) | Self::OtherClock | Self::Endless { .. } | Self::Store(_) => None,
        }
    }

    /// An expired or changed page token is answered by beginning again; a first page that is refused stays refused.
    fn asking(error: VendorError, first_page: bool) -> Self {
        match error {
            VendorError::Gone { .. } | VendorError::BadRequest { .. } if !first_page => Self::Restart(error),
            other => Self::Vendor(other),
        }
    }
}

impl From<NotAdmitted> for FetchError {
    fn from(reason: NotAdmitted) -> Self {
        match reason {
            NotAdmitted::Refused(refusal) => Self::NotAdmitted(refusal),
            NotAdmitted::Vendor(error) => Self::Vendor(error),
            NotAdmitted::Store(error) => Self::Store(error),
        }
    }
}

impl From<NotListed> for FetchError {
    fn from(reason: NotListed) -> Self {
        match reason {
            NotListed::Vendor(error) => Self::Vendor(error),
            NotListed::Paging(fault) => Self::Paging(fault),
            NotListed::Store(error) => Self::Store(error),
        }
    }
}

/// What the first answer has yet to show.
#[derive(Clone, Copy)]
pub struct Unsure<'a> {
    /// What the clock is off by. The days that are asked for and the time of the fetch are right only if that holds; the
    /// first answer, good or bad, tells.
    pub assumed: Option<Duration>,
    pub unseen: Option<Unseen<'a>>,
}

/// An account whose first answer tells what its key opens.
#[derive(Clone, Copy)]
pub struct Unseen<'a> {
    pub admission: &'a Admission,
    pub account: &'a FetchAccount,
}

/// What an answer is kept with.
#[derive(Clone, Copy)]
pub struct Beside<'a> {
    pub workspaces: &'a KnownWorkspaces,
    pub account: &'a FetchAccount,
}

/// Writes one snapshot.
pub struct SnapshotWriter<'a> {
    pager: Box<dyn Pager>,
    written: Written<'a>,
}

/// What is written of it so far.
struct Written<'a> {
    store: &'a dyn Store,
    source: Source,
    manifest: Manifest,
    observer: &'a Observer,
}

impl<'a> SnapshotWriter<'a> {
    pub fn new(
        store: &'a dyn Store,
        source: Source,
        task: &PagingTask,
        account_id: &AccountId,
        fetched_at: Timestamp,
        observer: &'a Observer,
    ) -> Self {
        let pager = source.pager(task).expect("invariant: what a person imports is refused as a request");
        let manifest = Manifest {
            format: FORMAT,
            snapshot_id: snapshot_id(source.name(), account_id, task.window, fetched_at),
            source: source.name().to_owned(),
            account_id: account_id.clone(),
            window: task.window,
            fetched_at,
            query: pager.first().to_query(),
            covered: Vec::new(),
            pages: Vec::new(),
            remarks: Vec::new(),
            awaited: Vec::new(),
            workspaces: None,
            redated_from: None,
        };
        Self { pager, written: Written { store, source, manifest, observer } }
    }

    /// Asks until the answer is whole, and only then writes the manifest.
    pub async fn fetch(
        self,
        client: &VendorClient,
        unsure: Unsure<'_>,
        beside: Beside<'_>,
    ) -> Result<Manifest, FetchError> {
        let Unsure { assumed, unseen } = unsure;
        let Self { mut pager, mut written } = self;
        let mut request = pager.first();
        loop {
            let first_page = written.manifest.pages.is_empty();
            let answer = client.send(&vendor_request(request)).await;
            if first_page && assumed.is_some_and(|offset| client.clock_offset() != offset) {
                return Err(FetchError::OtherClock);
            }
            let answer = match answer {
                Ok(page) => Ok(page),
                Err(error) => match nothing_yet(&error, first_page, pager.as_ref()) {
                    Some(nothing) => Err(nothing),
                    None => return Err(FetchError::asking(error, first_page)),
                },
            };
            if let (true, Some(Unseen { admission, account })) = (first_page, unseen) {
                admission.once_answered(account, client).await?;
            }
            let page = match answer {
                Ok(page) => page,
                Err(nothing) => return written.seal(nothing).await,
            };
            let body = page.body.clone();
            let page = threads::compute(move || FetchedPage::new(page.body, page.request_id)).await;
            // First stored, then looked at: what a pager refuses or panics over is the evidence.
            written.keep(page).await?;
            let next;
            (pager, next) = threads::compute(move || accept(pager, &body)).await;
            match next? {
                Next::Ask(next) => request = next,
                Next::Whole(answer) => {
                    // Asked last, so that it has every workspace that the answer may name.
                    let Beside { workspaces, account } = beside;
                    written.manifest.workspaces = workspaces.of(written.source, account, client).await?;
                    return written.seal(answer).await;
                }
            }
        }
    }
}

impl Written<'_> {
    async fn keep(&mut self, page: FetchedPage) -> Result<(), FetchError> {
        self.observer.tell(Progress::PageKept { source: self.source, body_bytes: page.body_bytes() });
        let entry = page.store(self.store, &self.manifest, PageForm::Json).await?;
        self.manifest.pages.push(entry);
        Ok(())
    }

    async fn seal(mut self, answer: Answer) -> Result<Manifest, FetchError> {
        self.manifest.covered = answer.covered;
        self.manifest.awaited = answer.awaited;
        self.manifest.remarks = answer.remarks;
        let name = self.manifest.folder().manifest();
        once(self.store.create(&name, self.manifest.to_json().into()).await?, name.as_str())?;
        Ok(self.manifest)
    }
}

/// The answer that a refusal of the first question is, where the report says so.
fn nothing_yet(error: &VendorError, first_page: bool, pager: &dyn Pager) -> Option<Answer> {
    match error {
        VendorError::BadRequest { message, .. } if first_page => pager.refused(message),
        _ => None,
    }
}

/// For a thread where it holds up nobody: it takes as long as the page is large.
fn accept(mut pager: Box<dyn Pager>, body: &[u8]) -> (Box<dyn Pager>, Result<Next, PagingFault>) {
    let next = pager.accept(body);
    (pager, next)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use everycent_domain::window::Window;
    use std::sync::Arc;

    use everycent_domain::paging::PageRequest;
    use everycent_domain::vendor::Vendor;
    use everycent_runtime::clock::{Clock, SystemClock};
    use everycent_runtime::secret::Secret;
    use everycent_runtime::store::memory::MemoryStore;
    use everycent_runtime::vendor::{Auth, VendorSettings};
    use vendor_sim::{Simulator, worlds};

    use super::*;

    /// Asks as a report does, and makes nothing of the answer.
    struct Stubborn(PageRequest, fn() -> PagingFault);

    impl Pager for Stubborn {
        fn first(&self) -> PageRequest {
            self.0.clone()
        }

        fn accept(&mut self, _body: &[u8]) -> Result<Next, PagingFault> {
            Err((self.1)())
        }
    }

    /// The names of what the store has after a reading that ends as `end` says.
    async fn stored_by(end: fn() -> PagingFault) -> Vec<String> {
        let simulator = Simulator::start(worlds::october()).await.unwrap();
        let auth = Auth::AnthropicKey(Secret::new(simulator.anthropic_key()));
        let settings = VendorSettings::new(simulator.url().parse().unwrap(), auth, "the test's key");
        let client = VendorClient::new(settings, Arc::new(SystemClock)).unwrap();
        let store = MemoryStore::default();
        let copy = store.clone();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let workspaces = KnownWorkspaces::new(Arc::new(store.clone()), clock);
        let client = Arc::new(client);
        let account = FetchAccount {
            vendor: Vendor::Anthropic,
            account_id: "acme".into(),
            sources: vec![],
            are_chosen: false,
            client: Ok(Arc::clone(&client)),
        };
        let reading = tokio::spawn(async move {
            let window = Window::of("2025-10-05".parse().unwrap());
            let task = PagingTask { window, today: window.to().plus(9), page_size: 100, last_fault: None };
            let source = "anthropic/cost_totals".parse().unwrap();
            let (at, observer) = (window.to().plus(9).start(), Observer::silent());
            let mut writer = SnapshotWriter::new(&copy, source, &task, &"acme".into(), at, &observer);
            writer.pager = Box::new(Stubborn(writer.pager.first(), end));
            let (unsure, beside) =
                (Unsure { assumed: None, unseen: None }, Beside { workspaces: &workspaces, account: &account });
            writer.fetch(&client, unsure, beside).await.map(drop)
        });
        assert!(!matches!(reading.await, Ok(Ok(()))), "it gave no snapshot");
        store.list("", None, 10).await.unwrap().iter().map(ToString::to_string).collect()
    }

    #[tokio::test]
    async fn a_page_that_is_refused_or_panicked_over_is_stored_all_the_same() {
        for end in [|| PagingFault::TooManyPages { limit: 1 }, || panic!("a defect")] {
            let stored = stored_by(end).await;
            assert!(matches!(&stored[..], [page] if page.contains("page")), "{stored:?}");
        }
    }
}
