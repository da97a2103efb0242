//! What a file changes of what the tables hold, before it counts.

mod owners;
mod people;
mod remarks;
mod usage;

use bytes::Bytes;
use everycent_domain::report::{Contents, Faults};
use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::{AccountId, Day};
use serde::Serialize;

use self::owners::Owners;
use self::people::People;
use self::usage::Usage;
use crate::cli::Sheet;
use crate::failure::Failure;

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Preview {
    Usage(Usage),
    Owners(Owners),
    People(People),
}

/// Checks a file and holds it against what is known; nothing is where there is no warehouse yet.
pub async fn look(
    sheet: &Sheet,
    warehouse: Option<&dyn Warehouse>,
    account_id: &AccountId,
    body: &Bytes,
    today: Day,
) -> Result<Result<(Contents, Preview), Faults>, Failure> {
    let looked = match sheet {
        Sheet::ClaudeUsage(_) => usage::look(warehouse, account_id, body, today)
            .await?
            .map(|(contents, usage)| (contents, Preview::Usage(usage))),
        Sheet::ApiKeyOwners(args) => owners::look(warehouse, account_id, body, today, args.allow_unknown)
            .await?
            .map(|(contents, owners)| (contents, Preview::Owners(owners))),
        Sheet::People(_) => {
            people::look(warehouse, body, today).await?.map(|(contents, people)| (contents, Preview::People(people)))
        }
    };
    Ok(looked)
}

impl Preview {
    /// What is taken away, in a few words; `None` if nothing is.
    pub fn loss(&self) -> Option<String> {
        match self {
            Self::Usage(usage) => usage.loss(),
            Self::Owners(owners) => owners.loss(),
            Self::People(people) => people.loss(),
        }
    }

    pub fn text(&self) -> String {
        match self {
            Self::Usage(usage) => usage.text(),
            Self::Owners(owners) => owners.text(),
            Self::People(people) => people.text(),
        }
    }
}
