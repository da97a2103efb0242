//! Where objects, messages and tables are: three addresses, on this machine or in Google Cloud.
//!
//! Here they are only read and written. Whether a build can open one is for whoever opens it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use everycent_domain::objects::ObjectName;

use super::path::path_from;
use super::text::Form;

/// Where the objects are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreAddress {
    /// `file:///folder`, or `file://./folder`, relative to the configuration file.
    File(PathBuf),
    /// `gs://bucket`, or `gs://bucket/prefix`: what stands before every name in the bucket.
    Gcs { bucket: String, prefix: Option<ObjectName> },
}

/// Where the messages are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BusAddress {
    /// `sqlite:///folder/file`, or `sqlite://./file`.
    Sqlite(PathBuf),
    /// `pubsub://project`
    PubSub { project: String },
}

/// Where the tables are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WarehouseAddress {
    /// `sqlite:///folder/file`, or `sqlite://./file`.
    Sqlite(PathBuf),
    /// `bigquery://project/dataset`
    BigQuery { project: String, dataset: String },
}

/// The text is not an address of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("found `{found}`, expected {expected}")]
pub struct InvalidAddress {
    pub found: String,
    pub expected: &'static str,
}

/// The three addresses, as far as they are given. Paths are absolute.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Addresses {
    pub store: Option<StoreAddress>,
    pub bus: Option<BusAddress>,
    pub warehouse: Option<WarehouseAddress>,
}

impl Addresses {
    /// The store, or the home itself.
    pub fn store_in(&self, home: &Path) -> StoreAddress {
        self.store.clone().unwrap_or_else(|| StoreAddress::File(path_from(Path::new(""), home)))
    }

    /// The bus, or `bus.sqlite` in the home.
    pub fn bus_in(&self, home: &Path) -> BusAddress {
        self.bus.clone().unwrap_or_else(|| BusAddress::Sqlite(path_from(home, Path::new("bus.sqlite"))))
    }

    /// The warehouse, or `everycent.sqlite` in the home.
    pub fn warehouse_in(&self, home: &Path) -> WarehouseAddress {
        let file = Path::new("everycent.sqlite");
        self.warehouse.clone().unwrap_or_else(|| WarehouseAddress::Sqlite(path_from(home, file)))
    }

    /// The same addresses with relative paths seen from `folder`.
    pub(super) fn relative_to(self, folder: &Path) -> Self {
        let from_folder = |path: PathBuf| path_from(folder, &path);
        Self {
            store: self.store.map(|address| match address {
                StoreAddress::File(path) => StoreAddress::File(from_folder(path)),
                cloud @ StoreAddress::Gcs { .. } => cloud,
            }),
            bus: self.bus.map(|address| match address {
                BusAddress::Sqlite(path) => BusAddress::Sqlite(from_folder(path)),
                cloud @ BusAddress::PubSub { .. } => cloud,
            }),
            warehouse: self.warehouse.map(|address| match address {
                WarehouseAddress::Sqlite(path) => WarehouseAddress::Sqlite(from_folder(path)),
                cloud @ WarehouseAddress::BigQuery { .. } => cloud,
            }),
        }
    }
}

impl FromStr for StoreAddress {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let address = match text.split_once("://") {
            Some(("file", path)) => local_path(path).map(Self::File),
            Some(("gs", place)) => bucket_and_prefix(place),
            _ => None,
        };
        address.ok_or_else(|| invalid::<Self>(text))
    }
}

impl FromStr for BusAddress {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let address = match text.split_once("://") {
            Some(("sqlite", path)) => local_file(path).map(Self::Sqlite),
            Some(("pubsub", project)) => cloud_name(project).map(|project| Self::PubSub { project }),
            _ => None,
        };
        address.ok_or_else(|| invalid::<Self>(text))
    }
}

impl FromStr for WarehouseAddress {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let address = match text.split_once("://") {
            Some(("sqlite", path)) => local_file(path).map(Self::Sqlite),
            Some(("bigquery", name)) => name.split_once('/').and_then(|(project, dataset)| {
                Some(Self::BigQuery { project: cloud_name(project)?, dataset: cloud_name(dataset)? })
            }),
            _ => None,
        };
        address.ok_or_else(|| invalid::<Self>(text))
    }
}

impl Form for StoreAddress {
    const EXPECTED: &'static str = "file:///folder, file://./folder, gs://bucket or gs://bucket/prefix";

    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: InvalidAddress| super::text::found(error.found))
    }
}

impl Form for BusAddress {
    const EXPECTED: &'static str = "sqlite:///folder/file, sqlite://./file or pubsub://project";

    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: InvalidAddress| super::text::found(error.found))
    }
}

impl Form for WarehouseAddress {
    const EXPECTED: &'static str = "sqlite:///folder/file, sqlite://./file or bigquery://project/dataset";

    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: InvalidAddress| super::text::found(error.found))
    }
}

impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file://{}", shown(path)),
            Self::Gcs { bucket, prefix: None } => write!(f, "gs://{bucket}"),
            Self::Gcs { bucket, prefix: Some(prefix) } => write!(f, "gs://{bucket}/{prefix}"),
        }
    }
}

impl fmt::Display for BusAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", shown(path)),
            Self::PubSub { project } => write!(f, "pubsub://{project}"),
        }
    }
}

impl fmt::Display for WarehouseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", shown(path)),
            Self::BigQuery { project, dataset } => write!(f, "bigquery://{project}/{dataset}"),
        }
    }
}

fn invalid<T: Form>(text: &str) -> InvalidAddress {
    InvalidAddress { found: text.to_owned(), expected: T::EXPECTED }
}

/// A path that begins with `/` or `.`: between `://` and `/` a URL would have a host, and there is none here.
/// The rest is taken as it is, without percent codes.
fn local_path(text: &str) -> Option<PathBuf> {
    let begins = text.starts_with('/') || matches!(text, "." | "..") || is_relative(text);
    (begins && !text.contains('\0')).then(|| PathBuf::from(text))
}

fn local_file(text: &str) -> Option<PathBuf> {
    local_path(text).filter(|path| path.file_name().is_some() && !text.ends_with('/'))
}

fn is_relative(text: &str) -> bool {
    text.starts_with("./") || text.starts_with("../")
}

fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    if path.is_absolute() || matches!(text.as_str(), "." | "..") || is_relative(&text) {
        text
    } else {
        format!("./{text}")
    }
}

fn bucket_and_prefix(text: &str) -> Option<StoreAddress> {
    let (bucket, prefix) = match text.split_once('/') {
        Some((bucket, prefix)) => (bucket, Some(prefix.parse().ok()?)),
        None => (text, None),
    };
    Some(StoreAddress::Gcs { bucket: cloud_name(bucket)?, prefix })
}

/// A name of a bucket, project or dataset. Projects of old may hold `:` and `.`.
fn cloud_name(text: &str) -> Option<String> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    (!text.is_empty() && text.chars().all(is_allowed)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_address_prints_as_it_is_written() {
        for text in
            ["file:///srv/every cent", "file://./data", "file://.", "file://../data", "gs://acme-raw.v1", "gs://a/b/c"]
        {
            assert_eq!(text.parse::<StoreAddress>().unwrap().to_string(), text);
        }
        for text in ["sqlite:///srv/bus.sqlite", "sqlite://./bus.sqlite", "pubsub://example.com:acme"] {
            assert_eq!(text.parse::<BusAddress>().unwrap().to_string(), text);
        }
        for text in ["sqlite:///srv/e.sqlite", "sqlite://../e.sqlite", "bigquery://acme/ai_usage_analytics"] {
            assert_eq!(text.parse::<WarehouseAddress>().unwrap().to_string(), text);
        }
        assert_eq!(StoreAddress::File("data".into()).to_string(), "file://./data");
    }

    #[test]
    fn what_is_no_address_is_shown_with_the_forms_that_are() {
        for text in
            ["", "/srv", "file://srv/data", "file://", "gs://", "gs:///b", "gs://a/", "s3://bucket", "sqlite:///srv/x"]
        {
            let error = text.parse::<StoreAddress>().unwrap_err().to_string();
            assert_eq!(error, format!("found `{text}`, expected {}", StoreAddress::EXPECTED));
        }
        for text in ["sqlite://bus.sqlite", "sqlite:///", "sqlite:///srv/", "sqlite://..", "pubsub://a/b", "gs://b"] {
            assert!(text.parse::<BusAddress>().is_err(), "{text}");
        }
        for text in ["bigquery://acme", "bigquery://acme/", "bigquery:///d", "bigquery://a/d/e", "pubsub://acme"] {
            assert!(text.parse::<WarehouseAddress>().is_err(), "{text}");
        }
    }

    #[test]
    fn without_addresses_everything_is_in_the_home() {
        let none = Addresses::default();
        let home = Path::new("/srv/home");
        assert_eq!(none.store_in(home).to_string(), "file:///srv/home");
        assert_eq!(none.bus_in(home).to_string(), "sqlite:///srv/home/bus.sqlite");
        assert_eq!(none.warehouse_in(home).to_string(), "sqlite:///srv/home/everycent.sqlite");
        assert!(none.warehouse_in(Path::new("./data")).to_string().starts_with("sqlite:///"));
    }
}
