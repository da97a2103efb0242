//! The command line: what can be asked for, and how it is explained.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use everycent_domain::source::Source;
use everycent_domain::vendor::Vendor;
use everycent_runtime::bus::Topic;
use everycent_schemas::{AccountId, Day, SnapshotId};

use crate::period::Period;

/// Every cent of AI spend, accounted for.
///
/// Fetches what Anthropic (Claude) and Cursor report about your organization's use, keeps every answer as it came, and
/// turns it into tables whose totals equal the vendor's bill to the cent. Money in tables and output is in US dollars;
/// days are UTC.
#[derive(Debug, Parser)]
#[command(name = "everycent", version, max_term_width = 100, after_help = AFTER_HELP)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub global: Global,
}

const AFTER_HELP: &str = "\
Start with `everycent demo`: it needs no key and no network.

With your own data:
  export ANTHROPIC_ADMIN_KEY=...    # Claude Console, an admin key; or ANTHROPIC_ADMIN_KEY_FILE
  export CURSOR_API_KEY=...         # Cursor dashboard, an admin API key; or CURSOR_API_KEY_FILE
  everycent sync && everycent reconcile

Exit status: 0 done; 1 something failed or does not reconcile; 2 wrong call or configuration.";

#[derive(Debug, Args)]
pub struct Global {
    /// Directory that holds raw pages, the queue and the tables.
    #[arg(long, global = true, value_name = "DIR", env = "EVERYCENT_HOME")]
    pub home: Option<PathBuf>,
    /// Configuration file (TOML): accounts, attribution rules, prices, addresses. Without one, a key that is set in
    /// the environment means one account of that vendor.
    #[arg(long, global = true, value_name = "FILE", env = "EVERYCENT_CONFIG")]
    pub config: Option<PathBuf>,
    /// Print one JSON document for machines instead of tables for people; `run` prints one line for each sync.
    #[arg(long, global = true)]
    pub json: bool,
}

impl Global {
    /// The home, unless the command has one of its own by default.
    pub fn home_or(&self, default: &str) -> PathBuf {
        self.home.clone().unwrap_or_else(|| PathBuf::from(default))
    }
}

/// The home when none is named.
pub const DEFAULT_HOME: &str = "./everycent-data";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show it all on a made-up company: no key, no network.
    ///
    /// Starts a simulator of both vendors' APIs on a loopback port, syncs two months, and prints spend, reconciliation
    /// and coverage. The tables stay in ./everycent-demo (or --home) for you to query.
    Demo,
    /// Make what the three addresses need and do not have: bucket, topics, subscriptions, dataset, tables and views.
    ///
    /// For emulators and for a first try on Google Cloud. It only adds, and may be run again. In a project that Terraform
    /// looks after there is nothing to do; on one machine everything makes itself.
    Setup(SetupArgs),
    /// Fetch what is missing or not final yet, and load it.
    ///
    /// Without dates: every day since the start of history that is missing, failed, or may still be restated by the
    /// vendor. With dates: those days, whatever is known of them. An interrupted sync goes on where it stopped when
    /// the same command is run again.
    Sync(SyncArgs),
    /// Keep the tables up to date until a signal comes: sync on a schedule.
    Run(RunArgs),
    /// Make the rows of stored answers again, without asking the vendors.
    ///
    /// Needed after a change of attribution rules or prices, or to put back what was edited by hand. For each day the
    /// latest stored answer is used. Answers fetched later always win over a replay.
    Replay(ReplayArgs),
    /// Date anew what a clock that was ahead has dated in the future.
    ///
    /// Answers with a time in the future win over nothing, and days that carry one are never settled: the next sync asks for
    /// them again. The stored answers stay, and would be the newest once that time has come. Without --yes it only shows
    /// what it found. Make sure that this machine's clock is right first.
    RepairClock(RepairClockArgs),
    /// Make charges and their sums again, of the facts that are loaded.
    ///
    /// Every merge keeps them up to date, and after an upgrade the first command makes those that are missing; one that was
    /// stopped goes on where it was. This makes what is left, or with --all everything, and compares. No vendor is asked,
    /// and no stored answer is read.
    Rebuild(RebuildArgs),
    /// Load a sheet that a person keeps: use of claude.ai, or owners of API keys.
    ///
    /// For what no API tells. The file is checked as a whole first; with a fault in it nothing is stored, and each fault
    /// is named by line and column. Then it is compared with what the tables hold, and what it adds, changes and takes
    /// away is shown. A file that takes something away counts only once a person agreed. What is stored is kept like a
    /// vendor's answer and can be replayed.
    Import(ImportArgs),
    /// Prove the tables: compare totals told in several ways, and what was merged with what is there.
    ///
    /// Exits with 1 when a check fails, and names the days.
    Reconcile(ReconcileArgs),
    /// Decide about an answer that was held because it takes away much of what was known.
    ///
    /// `everycent sync`, `status` and `reconcile` name the days. With this command the held answer becomes the day's
    /// answer; with --keep the earlier rows stay, and answers that report no less than the held one are not held again.
    /// The decision is kept beside the raw pages and is made again when they are replayed.
    Accept(AcceptArgs),
    /// Show what the vendor reported about a day or a month, and when.
    ///
    /// Of a day every answer with what became of it; of a month how its total changed since a day.
    History(HistoryArgs),
    /// Show what the money went to: platforms, teams, keys and people, and what came of it.
    ///
    /// It first says whether the figures are complete, or what they lack: accounts and days that are not loaded, held or
    /// failed, records that could not be read, days made by older rules. With --strict it exits with 1 then.
    ///
    /// Figures of all loaded days, or of those named. The views `ai_spend_daily`, `ai_spend_by_team`, `api_usage_expenses`
    /// and `ai_spend_by_person` have the same day by day. With `people = "teams"` under `[privacy]` of the configuration it
    /// shows no person.
    Report(ReportArgs),
    /// Show what each account's key opens, and look after accounts: rename, retire or forget one.
    ///
    /// The first answer binds an account id to the organization or team that its key opens. Another one behind the same
    /// id, or the same one behind a second id, is refused: its money would be in the tables in the place of another's, or
    /// twice.
    Accounts(AccountsArgs),
    /// Show messages that were given up, send them again, or forget them.
    ///
    /// A message is given up when its work can't be done: a stored answer is damaged, a price is missing, a store was away
    /// for too long. When its days are loaded after all it goes by itself.
    DeadLetters(DeadLettersArgs),
    /// Take stored answers out of `raw/` that no day rests on any more, and show first what that frees.
    ///
    /// What goes are pages and manifests of answers that a later one has superseded. The accepted answer of every day stays,
    /// so does one that is held, and the sums of all, by which every day is judged as before. Without --yes it only shows
    /// what would go.
    Prune(PruneArgs),
    /// See what attribution rules do before they do it.
    #[command(subcommand)]
    Attribution(AttributionCommand),
    /// Show what is loaded, day by day state, rejects, the queue and its dead letters.
    Status,
}

#[derive(Debug, Args)]
pub struct SetupArgs {
    /// Where a bucket and a dataset that are made shall lie: a region or multi-region of Google Cloud.
    #[arg(long, value_name = "LOCATION", default_value = "EU")]
    pub location: String,
}

#[derive(Debug, Args)]
pub struct SyncArgs {
    /// First UTC day, inclusive, as 2025-10-03.
    #[arg(long, value_name = "DAY")]
    pub from: Option<Day>,
    /// Last UTC day, inclusive. Yesterday if only --from is given.
    #[arg(long, value_name = "DAY")]
    pub to: Option<Day>,
    /// Only this source, such as anthropic/cost_report; may be repeated.
    #[arg(long = "source", value_name = "SOURCE")]
    pub sources: Vec<Source>,
}

#[derive(Debug, Args)]
pub struct RunArgs {
    /// How often to sync: 30m, 1h, 1d.
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = parse_duration)]
    pub every: Duration,
    /// Only this source; may be repeated.
    #[arg(long = "source", value_name = "SOURCE")]
    pub sources: Vec<Source>,
}

#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// First UTC day, inclusive. The first that is stored if not given.
    #[arg(long, value_name = "DAY")]
    pub from: Option<Day>,
    /// Last UTC day, inclusive. The last that is stored if not given.
    #[arg(long, value_name = "DAY")]
    pub to: Option<Day>,
    /// Only this source; may be repeated.
    #[arg(long = "source", value_name = "SOURCE")]
    pub sources: Vec<Source>,
    /// Only the answers of this account, as the configuration names it.
    #[arg(long, value_name = "ID")]
    pub account: Option<AccountId>,
    /// How many snapshots may be on their way at once where the services work elsewhere, so that fresh answers do not
    /// wait behind all of history.
    #[arg(long, value_name = "N", default_value_t = 32)]
    pub at_once: usize,
    /// Start over, where the services work elsewhere and the same replay was interrupted within the last day.
    #[arg(long)]
    pub anew: bool,
    /// List the snapshots that would be replayed, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct RepairClockArgs {
    /// Do it: this machine's clock is right.
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct RebuildArgs {
    /// All charges, not only those that are not made of what is loaded.
    #[arg(long)]
    pub all: bool,
}

#[derive(Debug, Args)]
pub struct ImportArgs {
    #[command(subcommand)]
    pub sheet: Sheet,
    /// Print a header and an example line, and import nothing.
    #[arg(long, global = true)]
    pub template: bool,
    /// The file's account. Needed if several of its vendor are configured; `default` if none is. People are of no account.
    #[arg(long, global = true, value_name = "ID")]
    pub account: Option<AccountId>,
    /// Show what the file would change, and import nothing.
    #[arg(long, global = true)]
    pub dry_run: bool,
    /// Import also what takes away something that is known. Without it a person is asked, and without a terminal nothing
    /// is imported then.
    #[arg(long, global = true)]
    pub yes: bool,
}

#[derive(Debug, Subcommand)]
pub enum Sheet {
    /// Use of claude.ai by person and day, into claude_usage_stats.
    #[command(after_long_help = CLAUDE_USAGE_HELP)]
    ClaudeUsage(SheetArgs),
    /// Owners of API keys, into dim_api_key_owners.
    #[command(after_long_help = API_KEY_OWNERS_HELP)]
    ApiKeyOwners(OwnersArgs),
    /// What people of a Team or Enterprise organization spent in a period, into claude_imported_spend.
    #[command(after_long_help = CLAUDE_SPEND_HELP)]
    ClaudeSpend(SpendArgs),
    /// What API keys cost by day, where no API reports it, into claude_imported_costs.
    #[command(after_long_help = CLAUDE_CONSOLE_COST_HELP)]
    ClaudeConsoleCost(SheetArgs),
    /// Events of use of Cursor, where the API reports none, into cursor_imported_events.
    #[command(after_long_help = CURSOR_USAGE_HELP)]
    CursorUsage(SheetArgs),
    /// Who is in which team, into people.
    #[command(after_long_help = PEOPLE_HELP)]
    People(SheetArgs),
}

#[derive(Debug, Args)]
pub struct SheetArgs {
    /// The sheet, exported as CSV in UTF-8, with commas or semicolons. Not needed with --template.
    #[arg(value_name = "FILE.csv")]
    pub file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct SpendArgs {
    #[command(flatten)]
    pub sheet: SheetArgs,
    /// First UTC day of the range that the file was exported for, as 2026-11-01: the file has no dates.
    #[arg(long, value_name = "DAY")]
    pub from: Option<Day>,
    /// The last one.
    #[arg(long, value_name = "DAY")]
    pub to: Option<Day>,
    /// Take a period back that was imported, without a file.
    #[arg(long, conflicts_with = "file")]
    pub withdraw: bool,
}

#[derive(Debug, Args)]
pub struct OwnersArgs {
    #[command(flatten)]
    pub sheet: SheetArgs,
    /// Take also ids that no report and no list of keys has named, such as that of a key that was made just now.
    #[arg(long)]
    pub allow_unknown: bool,
}

const CLAUDE_USAGE_HELP: &str = "\
Where it comes from:
  The reports that everycent fetches say nothing of what a person does in claude.ai. An owner of a
  Team or Enterprise organization sees it under Analytics in claude.ai; on an Enterprise plan the
  audit log can be exported as CSV, and its events counted by person and day. Keep the counts in a
  sheet with the columns below, and export it as CSV.

Columns, in any order:
  date           a UTC day, as 2025-10-03
  email          the person; once a day
  conversations, projects, files, messages
                 whole numbers; an empty cell is none

The file is the truth of every day from its first to its last: one of these days without a line
becomes empty, and other days stay as they are. So a month is corrected by importing it again. What
it takes away is shown first and is asked about; in a script, --yes agrees.

  everycent import claude-usage --template > october.csv
  everycent import claude-usage october.csv";

const API_KEY_OWNERS_HELP: &str = "\
Where it comes from:
  The vendor knows who created a key, and not who answers for what it spends. List the keys with
    sqlite3 everycent-data/everycent.sqlite \"SELECT api_key_id, name FROM dim_api_keys\"
  or in the Claude Console, write the owner beside each, and export the sheet as CSV.

Columns, in any order:
  api_key_id     the id, as apikey_01...; never the key itself
  owner_email    who answers for it
  team           optional
  note           optional
  valid_from     optional: the first UTC day on which the key is this owner's, as 2025-10-10;
                 empty for all days

A key that was handed over has a line for each owner:
  apikey_01A,ada@example.com,Search,,
  apikey_01A,grace@example.com,Support,,2025-10-10
Cost before the 10th is ada's, from then on it is grace's. Without a line for the days before, they
have no owner but the key's creator.

The latest file is the truth, for all days: a key that is in it has the owner that it says, and one
that is not in it any more has none but its creator. What a file takes away is shown first, with the
cost of the last 30 loaded days, and is asked about; in a script, --yes agrees.

Ids are held against the reports and the list of keys (`everycent sync` loads both): a key's name, or
an id that they have never named, is a fault. In a home that has neither yet they are not checked.

  everycent import api-key-owners --template > owners.csv
  everycent import api-key-owners owners.csv";

const CLAUDE_SPEND_HELP: &str = "\
Where it comes from:
  An owner of a Team or Enterprise organization exports it in claude.ai, from the spend page of the
  admin settings. It has the totals of the range that was chosen there, and no date: say the range
  with --from and --to.

Columns, in any order; others are not read:
  user_email             the person; empty for spend of nobody
  product                Claude Code, Chat, Cowork, API: it says the platform
  total_net_spend_usd    what is billed
  total_gross_spend_usd  optional: the list cost, shown beside it and never added
  account_uuid, model, total_requests, total_prompt_tokens, total_completion_tokens
                         optional

Each line is spread evenly over the days of the period, so that they add up to it to the
nano-dollar; the rows say so in `basis`. The same period again replaces it. A period that overlaps
another one is refused, and so is one with a day of which the vendor's API reports money of
claude.ai (anthropic/analytics_cost): the same money would be counted twice. --withdraw takes a
period back.

  everycent import claude-spend spend.csv --from 2026-11-01 --to 2026-11-30
  everycent import claude-spend --withdraw --from 2026-11-01 --to 2026-11-30";

const CLAUDE_CONSOLE_COST_HELP: &str = "\
Where it comes from:
  The cost page of the Claude Console exports it as CSV. It is for organizations whose cost no API
  reports to you: a day that anthropic/cost_report is loaded of is refused, for it has the same money.

Columns, in any order; others are not read:
  usage_date_utc   the UTC day, as 2026-11-24
  cost_usd         what is billed
  list_price_usd   optional: the list cost, shown beside it and never added
  model, workspace, api_key, api_key_id, api_key_status, usage_type, context_window, token_type,
  cost_type, inference_geo, speed
                   optional; -- is none

The file is the truth of every day from its first to its last. Lines that are alike in all but the
amount are different lines. What it takes away is shown first and is asked about; in a script, --yes
agrees.

  everycent import claude-console-cost cost.csv";

const CURSOR_USAGE_HELP: &str = "\
Where it comes from:
  The usage page of Cursor's dashboard exports it as CSV. It is for teams whose events no API reports
  to you: a day that cursor/usage_events is loaded of is refused, for it has the same money.

Columns, in any order; others are not read:
  Date    the instant, as 2026-11-03T09:01:00.000Z
  Kind    On-Demand, Included, User API Key and so on: it says who pays
  Cost    dollars, or a word such as Included, Free or -
  User, Model, Max Mode, Cloud Agent ID, Automation ID, Input (w/ Cache Write),
  Input (w/o Cache Write), Cache Read, Output Tokens, Total Tokens
          optional; an empty count is not known, which is not zero

Only use on demand is on the invoice; of a kind that is not known the cost counts as well, and is
remarked. The file is the truth of every day from its first to its last. What it takes away is shown
first and is asked about; in a script, --yes agrees.

  everycent import cursor-usage usage-events.csv";
const PEOPLE_HELP: &str = "\
Where it comes from:
  The vendors know addresses, and no team. Export the list of people that the company keeps, as CSV in
  UTF-8, with commas, semicolons or tabs.

Columns, in any order; others are left out, and named:
  email          the main address
  aliases        optional: other addresses of the person, with spaces, commas or semicolons between
  name, team, cost_center, manager
                 optional
  claude_seat, cursor_seat
                 optional: the tier of the seat; kept, and not priced yet
  valid_from, valid_to
                 optional: first and last UTC day, as 2025-10-10; both count, and empty is open

Who changes the team, or leaves and comes back, has a line for each period:
  ada@example.com,Search,,2025-10-09
  ada@example.com,Support,2025-10-10,
Without a column valid_to a line holds until the person's next one begins. The same person twice on a
day, and an address that two people have on a day, are faults.

Money goes to the team of the key's own line in the file of owners, else to that of the person on
that day, else it is `unassigned`: see ai_spend_by_team and ai_spend_by_cost_center.

The latest file is the truth, for all days: who is not in it any more has no team on any day. What a
file changes is shown first, in people and in money. What takes something away is asked about; in a
script, --yes agrees.

  everycent import people --template > people.csv
  everycent import people people.csv";

#[derive(Debug, Args)]
pub struct AcceptArgs {
    /// The UTC day, as 2025-10-03.
    #[arg(value_name = "DAY")]
    pub day: Day,
    /// The source whose answer is held, such as cursor/usage_events.
    #[arg(long, value_name = "SOURCE")]
    pub source: Source,
    /// The account. Needed if answers of several are held.
    #[arg(long, value_name = "ID")]
    pub account: Option<AccountId>,
    /// The answer is wrong: keep what was known before.
    #[arg(long)]
    pub keep: bool,
    /// The answer that was looked at, as `everycent history` names it with --json: held, or any later than the accepted one.
    /// The newest that is held if not given.
    #[arg(long, value_name = "SNAPSHOT")]
    pub answer: Option<SnapshotId>,
    /// Why, for whoever reads the history.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Show what would be decided, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// A UTC day, as 2025-10-03, or a month, as 2025-10.
    #[arg(value_name = "DAY | MONTH")]
    pub period: Period,
    /// Of a month: show what became known from this UTC day on.
    #[arg(long, value_name = "DAY")]
    pub since: Option<Day>,
    /// Only this source.
    #[arg(long, value_name = "SOURCE")]
    pub source: Option<Source>,
    /// Only this account.
    #[arg(long, value_name = "ID")]
    pub account: Option<AccountId>,
}

#[derive(Debug, Args)]
pub struct ReportArgs {
    /// First UTC day, inclusive. The first that is loaded if not given.
    #[arg(long, value_name = "DAY")]
    pub from: Option<Day>,
    /// Last UTC day, inclusive. The last that is loaded if not given.
    #[arg(long, value_name = "DAY")]
    pub to: Option<Day>,
    /// Only this account, as the configuration names it.
    #[arg(long, value_name = "ID")]
    pub account: Option<AccountId>,
    /// Exit with 1 if something is known to be missing in the figures.
    #[arg(long)]
    pub strict: bool,
}

#[derive(Debug, Args)]
pub struct ReconcileArgs {
    /// First UTC day, inclusive. The first that is covered if not given.
    #[arg(long, value_name = "DAY")]
    pub from: Option<Day>,
    /// Last UTC day, inclusive. The last that is covered if not given.
    #[arg(long, value_name = "DAY")]
    pub to: Option<Day>,
    /// A total in dollars, read off the vendor's console: 246, 223.33, $1,234.56 or 1.234,56. 246 agrees with all that
    /// rounds to 246. It is Claude's cost, or that of --vendor.
    #[arg(long, value_name = "USD", requires = "from", requires = "to", allow_negative_numbers = true)]
    pub expect: Option<String>,
    /// Whose cost --expect is: Claude's, Cursor's with its seats, or that of both. Claude's if not given, unless only Cursor
    /// is loaded.
    #[arg(long, value_name = "VENDOR", requires = "expect")]
    pub vendor: Option<ExpectedVendor>,
    /// Compare --expect with one account only; a console shows one organization.
    #[arg(long, value_name = "ID", requires = "expect")]
    pub account: Option<AccountId>,
    /// Compare --expect with one workspace only: its id, or `default`.
    #[arg(long, value_name = "ID", requires = "expect")]
    pub workspace: Option<String>,
}

/// Whose cost a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExpectedVendor {
    Anthropic,
    Cursor,
    All,
}

#[derive(Debug, Args)]
pub struct AccountsArgs {
    #[command(subcommand)]
    pub command: Option<AccountsCommand>,
}

#[derive(Debug, Subcommand)]
pub enum AccountsCommand {
    /// Give an account another id, with its history; or, without a new id, let it be bound again by the next answer.
    ///
    /// Says what moves, and does it with --yes. A renaming that was interrupted goes on with the same command.
    Rebind(RebindArgs),
    /// Ask an account no more. Its history stays, and reconcile passes.
    Retire(AccountArgs),
    /// Ask a retired account again.
    Resume(AccountArgs),
    /// Forget an account that was never meant, with all that it brought: rows, coverage and stored answers.
    ///
    /// Says what goes, and does it with --yes. It can't be undone.
    Forget(ForgetArgs),
}

#[derive(Debug, Args)]
pub struct AccountArgs {
    /// The account, as the configuration names it.
    #[arg(value_name = "ID")]
    pub account: AccountId,
    /// Its vendor, where both vendors have an account of this id.
    #[arg(long, value_name = "VENDOR", value_parser = parse_vendor)]
    pub vendor: Option<Vendor>,
}

#[derive(Debug, Args)]
pub struct RebindArgs {
    #[command(flatten)]
    pub account: AccountArgs,
    /// The new id.
    #[arg(value_name = "NEW_ID")]
    pub to: Option<AccountId>,
    /// Do it.
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct ForgetArgs {
    #[command(flatten)]
    pub account: AccountArgs,
    /// Do it.
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct PruneArgs {
    /// Only answers that were fetched so many days ago or earlier, as 90d.
    #[arg(long, value_name = "DAYS", value_parser = parse_days)]
    pub older_than: u32,
    /// Show what would go, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Do it.
    #[arg(long, conflicts_with = "dry_run")]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct DeadLettersArgs {
    #[command(subcommand)]
    pub command: Option<DeadLettersCommand>,
}

#[derive(Debug, Subcommand)]
pub enum DeadLettersCommand {
    /// Show what was given up: when, how often it was tried, why, and which days it is about.
    List,
    /// Send messages to the service that gave them up, and take them out of the dead letters once they are sent.
    ///
    /// What can't be done still is given up again, and named.
    Redeliver(RedeliverArgs),
    /// Forget messages; says what is lost with each.
    Forget(ForgetLettersArgs),
}

#[derive(Debug, Args)]
pub struct RedeliverArgs {
    /// Messages, as `everycent dead-letters list` names them.
    #[arg(value_name = "ID", conflicts_with = "all")]
    pub ids: Vec<String>,
    /// Every one whose work is not done yet.
    #[arg(long)]
    pub all: bool,
    /// Only those of this topic.
    #[arg(long, value_name = "TOPIC", value_parser = parse_topic)]
    pub topic: Option<Topic>,
}

#[derive(Debug, Args)]
pub struct ForgetLettersArgs {
    /// Messages, as `everycent dead-letters list` names them.
    #[arg(value_name = "ID", conflicts_with = "all")]
    pub ids: Vec<String>,
    /// Every one; with --yes.
    #[arg(long)]
    pub all: bool,
    /// Only those of this topic.
    #[arg(long, value_name = "TOPIC", value_parser = parse_topic)]
    pub topic: Option<Topic>,
    /// Forget all of them; without it, --all only shows what would be lost.
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Subcommand)]
pub enum AttributionCommand {
    /// Try the configured rules on what is loaded, and change nothing.
    ///
    /// Shows how much money each rule would take after a replay and takes now, and the largest groups that no rule
    /// takes.
    Test(AttributionTestArgs),
}

#[derive(Debug, Args)]
pub struct AttributionTestArgs {
    /// First UTC day, inclusive. The first that is loaded if not given.
    #[arg(long, value_name = "DAY")]
    pub from: Option<Day>,
    /// Last UTC day, inclusive. The last that is loaded if not given.
    #[arg(long, value_name = "DAY")]
    pub to: Option<Day>,
}

fn parse_vendor(text: &str) -> Result<Vendor, String> {
    let known = Vendor::ALL.iter().copied().find(|vendor| vendor.name() == text);
    known.ok_or_else(|| format!("`{text}` is no vendor; expected anthropic or cursor"))
}

fn parse_topic(text: &str) -> Result<Topic, String> {
    let read = || Topic::ALL.iter().copied().filter(|topic| topic.has_reader());
    let names: Vec<&str> = read().map(Topic::name).collect();
    read()
        .find(|topic| topic.name() == text)
        .ok_or_else(|| format!("`{text}` is no topic; expected {}", names.join(", ")))
}

/// Whole days, at least one.
fn parse_days(text: &str) -> Result<u32, String> {
    let days = text.strip_suffix('d').and_then(|number| number.parse().ok());
    days.filter(|days| (1..=36_500).contains(days))
        .ok_or_else(|| format!("`{text}` is not a number of days such as 90d"))
}

/// Whole seconds, minutes, hours or days, at least one second.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let expected = || format!("`{text}` is not a duration such as 30m, 1h or 1d");
    let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(expected)?;
    let (number, unit) = text.split_at(split);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(expected()),
    };
    let number: u64 = number.parse().map_err(|_| expected())?;
    let total = number.checked_mul(seconds).filter(|total| (1..=31_536_000).contains(total)).ok_or_else(expected)?;
    Ok(Duration::from_secs(total))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn durations_have_a_unit() {
        for (text, seconds) in [("1s", 1), ("30m", 1800), ("1h", 3600), ("2d", 172_800)] {
            assert_eq!(parse_duration(text).unwrap().as_secs(), seconds);
        }
        for text in ["", "1", "h", "1w", "-1h", "0s", "99999999999999999999d", "400d"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_age_is_whole_days() {
        assert_eq!((parse_days("1d"), parse_days("365d")), (Ok(1), Ok(365)));
        for text in ["", "d", "0d", "90", "12h", "-1d", "1.5d", "99999999999d"] {
            assert!(parse_days(text).unwrap_err().contains("90d"), "{text}");
        }
    }

    #[test]
    fn an_unknown_source_is_answered_with_the_known_ones() {
        let error = Cli::try_parse_from(["everycent", "sync", "--source", "anthropic/cost"]).unwrap_err().to_string();
        assert!(error.contains("anthropic/cost_report"), "{error}");
    }
}
