//! What `everycent import` does with a sheet: it checks it, stores it, and announces it.

use anyhow::{Context, Result};
use everycent_domain::replay::stored;
use everycent_domain::report::Occasion;
use everycent_fetcher::{Upload, store_upload};
use everycent_runtime::clock::Clock;
use everycent_runtime::worker::publish;

use super::{Pipeline, sources};
use crate::model::Sheet;

impl Pipeline {
    /// Uploads a sheet for an account. The person's program may die once it is stored, and then nobody announces it.
    pub async fn upload(&self, account_id: &str, sheet: &Sheet, dies_once_stored: bool) -> Result<()> {
        let (source, file) = (sources::named(sheet.report().source), sheet.csv());
        let import = source.import().expect("invariant: a sheet is imported");
        let contents = import.check(file.as_bytes(), Occasion::of(self.today())).context(file.clone())?;
        let (account_id, window, body) = (account_id.into(), contents.window, file.into());
        let upload = Upload { source, account_id: &account_id, window, file_name: "sheet.csv", body };
        self.witness.will_be_uploaded(sheet.clone());
        let manifest = store_upload(&self.witnessed_store(), &upload, self.clock.now()).await?;
        if !dies_once_stored {
            publish(&self.services().witnessed_bus, &stored(&manifest, self.clock.now(), None)).await?;
        }
        Ok(())
    }
}
