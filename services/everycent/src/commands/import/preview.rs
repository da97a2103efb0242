//! What a file changes of what the tables hold, before it counts.

mod money;
mod owners;
mod people;
mod remarks;
mod usage;

use everycent_domain::report::{Contents, Faults, Occasion};
use everycent_domain::source::Source;
use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::AccountId;
use serde::Serialize;

use self::money::Money;
use self::owners::Owners;
use self::people::People;
use self::usage::Usage;
use crate::cli::Sheet;
use crate::failure::Failure;

pub use self::money::Given;

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Preview {
    Usage(Usage),
    Owners(Owners),
    Money(Money),
    People(People),
}

/// Checks a file and holds it against what is known; nothing is where there is no warehouse yet.
pub async fn look(
    (sheet, source): (&Sheet, Source),
    warehouse: Option<&dyn Warehouse>,
    account_id: &AccountId,
    given: Given,
    occasion: Occasion,
) -> Result<Result<(Contents, Preview), Faults>, Failure> {
    let today = occasion.today;
    let looked = match (sheet, given) {
        (Sheet::ClaudeUsage(_), Given::File(body)) => usage::look(warehouse, account_id, &body, today)
            .await?
            .map(|(contents, usage)| (contents, Preview::Usage(usage))),
        (Sheet::ApiKeyOwners(args), Given::File(body)) => {
            owners::look(warehouse, account_id, &body, today, args.allow_unknown)
                .await?
                .map(|(contents, owners)| (contents, Preview::Owners(owners)))
        }
        (Sheet::People(_), Given::File(body)) => {
            people::look(warehouse, &body, today).await?.map(|(contents, people)| (contents, Preview::People(people)))
        }
        (_, given) => money::look(source, warehouse, account_id, given, occasion)
            .await?
            .map(|(contents, money)| (contents, Preview::Money(money))),
    };
    Ok(looked)
}

impl Preview {
    /// What is taken away, in a few words; `None` if nothing is.
    pub fn loss(&self) -> Option<String> {
        match self {
            Self::Usage(usage) => usage.loss(),
            Self::Owners(owners) => owners.loss(),
            Self::Money(money) => money.loss(),
            Self::People(people) => people.loss(),
        }
    }

    pub fn text(&self) -> String {
        match self {
            Self::Usage(usage) => usage.text(),
            Self::Owners(owners) => owners.text(),
            Self::Money(money) => money.text(),
            Self::People(people) => people.text(),
        }
    }
}
