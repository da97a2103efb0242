//! A store in a bucket of Google Cloud Storage: one object for each object, below the prefix of the address.
//!
//! Every write names generation 0 as the one it replaces, so the service lets one writer win and the store never
//! overwrites. It makes no bucket unless it is told to, and never changes the settings of one.

mod client;
mod emulator;
mod failure;
mod settings;

use async_trait::async_trait;
use bytes::Bytes;
use everycent_domain::objects::ObjectName;
use everycent_domain::room;
use google_cloud_gax::options::RequestOptionsBuilder;
use google_cloud_storage::model::Bucket;
use google_cloud_storage::model::bucket::IamConfig;
use google_cloud_storage::model::bucket::iam_config::UniformBucketLevelAccess;
use google_cloud_storage::{Error, Result as Answer};
use tokio::sync::OnceCell;

use self::client::Clients;
use self::failure::{Action, Call, has_bucket, is_missing, is_there};
use super::{Created, Store, StoreError};
use crate::google::endpoints::Endpoints;

pub use settings::GcsSettings;

/// Metadata of an object that names the create which wrote it, so that a create whose reply was lost knows its own.
const CREATE_ID: &str = "create-id";
/// The most names that the service gives at once.
const PAGE: usize = 1000;

/// The bucket is not asked for anything before the first call.
#[derive(Debug)]
pub struct GcsStore {
    bucket: String,
    prefix: Option<ObjectName>,
    emulator: Option<String>,
    settings: GcsSettings,
    clients: OnceCell<Clients>,
}

impl GcsStore {
    pub fn new(bucket: String, prefix: Option<ObjectName>, endpoints: &Endpoints) -> Self {
        let emulator = endpoints.storage.clone();
        let settings = match emulator {
            Some(_) => GcsSettings { parts_from_bytes: emulator::PARTS_FROM_BYTES, ..GcsSettings::default() },
            None => GcsSettings::default(),
        };
        Self { bucket, prefix, emulator, settings, clients: OnceCell::new() }
    }

    pub fn with_settings(self, settings: GcsSettings) -> Self {
        Self { settings, ..self }
    }

    /// Makes the bucket if it is missing: in this project and place, with access by its own policy and never public.
    pub async fn make_bucket(&self, project: &str, location: &str) -> Result<(), StoreError> {
        let call = self.call(Action::Make, "");
        let uniform = UniformBucketLevelAccess::new().set_enabled(true);
        let access = IamConfig::new().set_uniform_bucket_level_access(uniform).set_public_access_prevention("enforced");
        let bucket =
            Bucket::new().set_project(format!("projects/{project}")).set_location(location).set_iam_config(access);
        let make = async {
            let make = self.clients(&call).await?.control.create_bucket().set_parent("projects/_");
            match make.set_bucket_id(&self.bucket).set_bucket(bucket).send().await {
                // Whose it is, a look into it says.
                Err(error) if has_bucket(&error) => self.list("", None, 1).await.map(drop),
                made => made.map(drop).map_err(|error| call.failed(error)),
            }
        };
        self.within(&call, make).await
    }

    async fn clients(&self, call: &Call<'_>) -> Result<&Clients, StoreError> {
        let connect = || client::connect(self.emulator.as_deref(), &self.settings);
        self.clients.get_or_try_init(connect).await.map_err(|error| call.no_client(error))
    }

    fn call<'a>(&'a self, action: Action, name: &'a str) -> Call<'a> {
        Call { action, name, bucket: &self.bucket }
    }

    /// The end of a call that may never get an answer.
    async fn within<T>(
        &self,
        call: &Call<'_>,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let patience = self.settings.patience;
        tokio::time::timeout(patience, work).await.unwrap_or_else(|_| Err(call.unanswered(patience)))
    }

    fn parent(&self) -> String {
        format!("projects/_/buckets/{}", self.bucket)
    }

    /// The name in the bucket of what has this name, or this beginning of one, in the store.
    fn in_bucket(&self, name: &str) -> String {
        self.prefix.as_ref().map_or_else(|| name.to_owned(), |prefix| format!("{prefix}/{name}"))
    }

    /// The name in the store; nothing for what is none of ours.
    fn in_store(&self, name: &str) -> Option<ObjectName> {
        let name = match &self.prefix {
            Some(prefix) => name.strip_prefix(prefix.as_str())?.strip_prefix('/')?,
            None => name,
        };
        name.parse().ok()
    }

    async fn write(&self, clients: &Clients, name: &str, body: Bytes, id: &str) -> Answer<()> {
        // Told beforehand, it lets the service refuse a body that was damaged on its way, also one sent in parts.
        let (sent_bytes, checksum) = (body.len(), crc32c::crc32c(&body));
        let write = clients.data.write_object(self.parent(), name, body).set_if_generation_match(0_i64);
        let stored = write.with_known_crc32c(checksum).set_metadata([(CREATE_ID, id)]).send_buffered().await?;
        // The client does not look where it learns by asking that an upload in parts is over.
        let is_other = stored.checksums.and_then(|of| of.crc32c).is_some_and(|of| of != checksum);
        if is_other || usize::try_from(stored.size) != Ok(sent_bytes) {
            let (generation, size) = (stored.generation, stored.size);
            let advice = "delete this generation, and it is made again";
            let found =
                format!("{sent_bytes} bytes were sent, but generation {generation} has {size} others: {advice}");
            return Err(Error::ser(found));
        }
        Ok(())
    }

    /// Which create wrote what is there now.
    async fn writer(&self, clients: &Clients, name: &str) -> Answer<Option<String>> {
        let object = clients.data.read_object(self.parent(), name).send().await?.object();
        Ok(object.metadata.get(CREATE_ID).cloned())
    }

    /// An object is in the way: its own, of an attempt whose reply was lost, or that of another create.
    async fn whose(&self, clients: &Clients, name: &ObjectName, id: &str, error: Error) -> Result<Created, StoreError> {
        match self.writer(clients, &self.in_bucket(name.as_str())).await {
            Ok(writer) if writer.as_deref() == Some(id) => Ok(Created::New),
            Ok(_) => Ok(Created::AlreadyThere),
            Err(gone) if is_missing(&gone) => Err(self.call(Action::Create, name.as_str()).failed(error)),
            Err(error) => Err(self.call(Action::Read, name.as_str()).failed(error)),
        }
    }

    /// Of one that is too large, how many bytes it has at least.
    async fn body(&self, clients: &Clients, name: &str) -> Answer<Result<Bytes, u64>> {
        let mut response = clients.data.read_object(self.parent(), name).send().await?;
        let mut body = room::list();
        while let Some(part) = response.next().await.transpose()? {
            let bytes = (body.len() + part.len()) as u64;
            if bytes > self.settings.max_object_bytes {
                return Ok(Err(bytes));
            }
            body.extend_from_slice(&part);
        }
        Ok(Ok(room::settle(body).into()))
    }

    async fn names(
        &self,
        clients: &Clients,
        prefix: &str,
        after: Option<&ObjectName>,
        limit: usize,
    ) -> Answer<Vec<ObjectName>> {
        let start = after.map(|after| self.in_bucket(after.as_str())).unwrap_or_default();
        let list = clients.control.list_objects().set_parent(self.parent());
        let list = list.set_prefix(self.in_bucket(prefix)).set_lexicographic_start(start);
        let (mut names, mut token) = (Vec::new(), String::new());
        loop {
            // One more than is wanted, for `after` itself is among them.
            let size = (limit - names.len()).saturating_add(1).min(PAGE);
            let page = list.clone().set_page_size(i32::try_from(size).unwrap_or(i32::MAX)).set_page_token(token);
            let page = page.send().await?;
            let found = page.objects.iter().filter_map(|object| self.in_store(&object.name));
            names.extend(found.filter(|name| after.is_none_or(|after| name > after)));
            names.truncate(limit);
            token = page.next_page_token;
            if names.len() == limit || token.is_empty() {
                return Ok(names);
            }
        }
    }
}

#[async_trait]
impl Store for GcsStore {
    async fn create(&self, name: &ObjectName, body: Bytes) -> Result<Created, StoreError> {
        let call = self.call(Action::Create, name.as_str());
        let create = async {
            let clients = self.clients(&call).await?;
            let id = format!("{:032x}", rand::random::<u128>());
            match self.write(clients, &self.in_bucket(name.as_str()), body, &id).await {
                Ok(()) => Ok(Created::New),
                Err(error) if is_there(&error) => self.whose(clients, name, &id, error).await,
                Err(error) => Err(call.failed(error)),
            }
        };
        self.within(&call, create).await
    }

    async fn read(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
        let call = self.call(Action::Read, name.as_str());
        let read = async {
            let clients = self.clients(&call).await?;
            match self.body(clients, &self.in_bucket(name.as_str())).await {
                Err(error) if is_missing(&error) => match self.names(clients, name.as_str(), None, 1).await {
                    // It is the bucket that is missing.
                    Err(error) if is_missing(&error) => Err(call.failed(error)),
                    _ => Err(StoreError::NotFound(name.clone())),
                },
                Err(error) => Err(call.failed(error)),
                Ok(body) => body.map_err(|bytes| StoreError::too_large(name, bytes, self.settings.max_object_bytes)),
            }
        };
        self.within(&call, read).await
    }

    async fn size(&self, name: &ObjectName) -> Result<u64, StoreError> {
        let call = self.call(Action::Read, name.as_str());
        let look = async {
            let look = self.clients(&call).await?.control.get_object().set_bucket(self.parent());
            match look.set_object(self.in_bucket(name.as_str())).send().await {
                Ok(object) => Ok(u64::try_from(object.size).unwrap_or_default()),
                Err(error) if is_missing(&error) => Err(StoreError::NotFound(name.clone())),
                Err(error) => Err(call.failed(error)),
            }
        };
        self.within(&call, look).await
    }

    async fn delete(&self, name: &ObjectName) -> Result<(), StoreError> {
        let call = self.call(Action::Delete, name.as_str());
        let delete = async {
            let delete = self.clients(&call).await?.control.delete_object().set_bucket(self.parent());
            match delete.set_object(self.in_bucket(name.as_str())).with_idempotency(true).send().await {
                Err(error) if is_missing(&error) => Ok(()),
                deleted => deleted.map_err(|error| call.failed(error)),
            }
        };
        self.within(&call, delete).await
    }

    async fn list(
        &self,
        prefix: &str,
        after: Option<&ObjectName>,
        limit: usize,
    ) -> Result<Vec<ObjectName>, StoreError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let call = self.call(Action::List, prefix);
        let list = async {
            let names = self.names(self.clients(&call).await?, prefix, after, limit).await;
            names.map_err(|error| call.failed(error))
        };
        self.within(&call, list).await
    }

    fn address(&self) -> String {
        let prefix = self.prefix.as_ref().map(|prefix| format!("/{prefix}")).unwrap_or_default();
        format!("gs://{}{prefix}", self.bucket)
    }
}
