//! `everycent import`: a file of a person is checked, held against what is known, and becomes a stored snapshot.

mod asked;
mod consent;
mod file;
mod load;
mod preview;

use std::path::Path;

use anyhow::anyhow;
use bytes::Bytes;
use everycent_domain::report::{Contents, Faults, Import, Occasion};
use everycent_domain::source::Source;
use everycent_fetcher::Upload;
use everycent_runtime::clock::{Clock, SystemClock};
use everycent_runtime::config::Config;
use everycent_schemas::{AccountId, Day};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use self::asked::{Asked, Named};
use self::load::{Loaded, load};
use self::preview::{Given, Preview};
use crate::cli::{DEFAULT_HOME, Global, ImportArgs};
use crate::deployment::{Deployment, Services};
use crate::failure::Failure;
use crate::opening::{self, config};
use crate::pipeline::{self, Part};
use crate::progress::Watcher;
use crate::scope;
use crate::show::{self, count};

pub async fn import(global: &Global, args: &ImportArgs, stop: CancellationToken) -> Result<(), Failure> {
    let asked = Asked::of(&args.sheet);
    let source = asked.source;
    if args.template {
        show::print(checker(source).template);
        return Ok(());
    }
    let occasion = asked.occasion(SystemClock.now().day())?;
    let named = asked.named(&occasion)?;
    let config = config(global)?;
    let account_id = account(&config, source, args.account.as_ref())?;
    let (given, body, file_name) = match &named {
        Named::File(path) => {
            let body = file::content(path).await?;
            let file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (Given::File(body.clone()), body, file_name)
        }
        Named::Withdrawal(window) => (Given::Withdrawal(*window), nothing_but_the_header(source), WITHDRAWN.to_owned()),
    };
    let present = open_present(global, &config, args.dry_run, &stop).await?;
    let against = present.as_ref().map(|deployment| deployment.warehouse.as_ref());
    let checked = preview::look((&args.sheet, source), against, &account_id, given, occasion).await?;
    let (contents, preview) = checked.map_err(|faults| refused(&named, source, &body, &faults))?;
    let mut report = Report::new(source, &account_id, &file_name, &body, contents, preview);
    if args.dry_run {
        report.show(global.json, "nothing was imported (--dry-run)\n");
        return Ok(());
    }
    let is_shown = consent_to(&report, args.yes, global.json, &stop).await?;
    // Nothing was created so far: a file that is refused leaves no trace.
    let deployment = match present {
        Some(deployment) => deployment,
        None => opening::open(global, config).await?,
    };
    let upload = Upload { source, account_id: &account_id, window: contents.window, file_name: &file_name, body };
    let loaded = load(&deployment, &upload, contents, &Watcher::new(!global.json), stop).await?;
    let (is_clean, text) = (loaded.is_clean(), loaded.text(source));
    (report.imported, report.loaded) = (true, Some(loaded));
    match is_shown {
        true => show::print(&text),
        false => report.show(global.json, &text),
    }
    if is_clean { Ok(()) } else { Err(Failure::Reported) }
}

/// The account of the file; one that is about the whole company is of none.
fn account(config: &Config, source: Source, named: Option<&AccountId>) -> Result<AccountId, Failure> {
    match (source.company_account(), named) {
        (None, named) => scope::import_account(config, source.vendor(), named),
        (Some(company), None) => Ok(company.into()),
        (Some(_), Some(_)) => {
            Err(Failure::usage(anyhow!("--account: such a file is about the whole company, and of no account")))
        }
    }
}

/// What is there already, with nothing on its way to the tables. A home that is not there is not made.
async fn open_present(
    global: &Global,
    config: &Config,
    dry_run: bool,
    stop: &CancellationToken,
) -> Result<Option<Deployment>, Failure> {
    let home = global.home_or(DEFAULT_HOME);
    if Deployment::present(&home, config).is_err() {
        return Ok(None);
    }
    if dry_run {
        return Deployment::open_to_check(&home, config.clone()).await.map(Some);
    }
    let deployment = Deployment::open(&home, config.clone()).await?;
    if deployment.services == Services::Here {
        // A file that an interrupted import has stored counts as known.
        let unseen = Watcher::new(false);
        pipeline::drain(&deployment, Part::FromStored, unseen.observer(), stop.clone()).await?;
        if stop.is_cancelled() {
            return Err(Failure::Failed(anyhow!("interrupted; nothing was imported")));
        }
    }
    Ok(Some(deployment))
}

/// Goes on if the file takes nothing away, or a person agrees to what it does. Says whether the preview was shown for it.
async fn consent_to(report: &Report, yes: bool, json: bool, stop: &CancellationToken) -> Result<bool, Failure> {
    let Some(loss) = report.preview.loss().filter(|_| !yes) else { return Ok(false) };
    if !json && consent::can_be_asked() {
        show::print(&report.preview_text());
        return match consent::is_given(&format!("Import {}? {loss}.", report.file), stop).await {
            true => Ok(true),
            false => Err(Failure::Failed(anyhow!("{} was not imported", report.file))),
        };
    }
    report.show(json, "");
    Err(Failure::usage(anyhow!(
        "{} was not imported, for it takes away what is known: {loss}; `--yes` imports it all the same",
        report.file
    )))
}

fn checker(source: Source) -> &'static Import {
    source.import().expect("invariant: the command line names only sheets")
}

/// What stands in place of a file's name where a period is taken back.
const WITHDRAWN: &str = "withdrawal";

/// A file that says of its days that there is nothing.
fn nothing_but_the_header(source: Source) -> Bytes {
    let header = checker(source).template.lines().next().unwrap_or_default();
    format!("{header}\n").into()
}

fn refused(named: &Named<'_>, source: Source, body: &Bytes, faults: &Faults) -> Failure {
    let faults_text: String = faults.to_string().lines().map(|line| format!("  {line}\n")).collect();
    let advice = match asked::kind_of(body).filter(|other| *other != source) {
        Some(other) => format!("it is a file of another kind: `everycent import {}` takes it", asked::word(other)),
        None => format!("`everycent import {} --template` prints a file that is right", asked::word(source)),
    };
    let file = match named {
        Named::File(path) => path.display().to_string(),
        Named::Withdrawal(_) => WITHDRAWN.to_owned(),
    };
    Failure::usage(anyhow!(
        "{file} was not imported, for {} in it:\n{faults_text}{advice}",
        count(faults.total, "fault")
    ))
}

/// Imports a file that is known to be right.
pub(super) async fn sample(
    deployment: &Deployment,
    source: Source,
    account_id: &AccountId,
    path: &Path,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let body = file::content(path).await?;
    let checked = checker(source).check(&body, Occasion::of(deployment.clock.now().day()));
    let contents = checked.map_err(|faults| Failure::Failed(anyhow!("{}: {faults}", path.display())))?;
    let file_name = path.file_name().unwrap_or_default().to_string_lossy();
    let upload = Upload { source, account_id, window: contents.window, file_name: &file_name, body };
    load(deployment, &upload, contents, &Watcher::new(false), stop).await?;
    Ok(())
}

#[derive(Debug, Serialize)]
struct Report {
    source: &'static str,
    account_id: AccountId,
    #[serde(skip)]
    is_of_company: bool,
    file: String,
    /// The days that the file is the truth of.
    from: Day,
    to: Day,
    days: usize,
    /// Lines of data.
    lines: u64,
    body_bytes: usize,
    preview: Preview,
    imported: bool,
    #[serde(flatten)]
    loaded: Option<Loaded>,
}

impl Report {
    fn new(
        source: Source,
        account_id: &AccountId,
        file: &str,
        body: &Bytes,
        contents: Contents,
        preview: Preview,
    ) -> Self {
        let Contents { window, lines } = contents;
        Self {
            source: source.name(),
            account_id: account_id.clone(),
            is_of_company: source.company_account().is_some(),
            file: file.to_owned(),
            from: window.from(),
            to: window.to(),
            days: window.days().count(),
            lines,
            body_bytes: body.len(),
            preview,
            imported: false,
            loaded: None,
        }
    }

    /// The preview, and in words what came of it.
    fn show(&self, json: bool, outcome: &str) {
        match json {
            true => show::print_json(self),
            false => {
                show::print(&format!("{}{}{outcome}", self.preview_text(), if outcome.is_empty() { "" } else { "\n" }))
            }
        }
    }

    fn preview_text(&self) -> String {
        let Self { file, account_id, from, to, .. } = self;
        let days = if from == to { from.to_string() } else { format!("{from} to {to}") };
        let lines = count(self.lines, "line");
        let account = match self.is_of_company {
            true => "the whole company".to_owned(),
            false => format!("account {account_id}"),
        };
        format!("{file}: {lines} for {account}, {days}\n{}", self.preview.text())
    }
}
