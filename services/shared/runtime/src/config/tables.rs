//! The tables of a configuration file, as they are written.

use std::num::NonZeroU32;
use std::path::PathBuf;

use everycent_domain::attribution::Platform;
use everycent_domain::vendor::Vendor;
use everycent_schemas::Day;
use serde::Deserialize;
use toml::Spanned;

use super::address::{BusAddress, StoreAddress, WarehouseAddress};
use super::plan_name::PlanName;
use super::privacy::PeopleShown;
use super::text::{BaseUrl, Dollars, Name, Percent, Text, VariableName};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Tables {
    pub(super) addresses: AddressTable,
    pub(super) sync: SyncTable,
    pub(super) vendors: VendorTables,
    pub(super) accounts: Vec<AccountTable>,
    pub(super) attribution: AttributionTable,
    pub(super) prices: PriceTables,
    pub(super) reconcile: ReconcileTable,
    pub(super) acceptance: AcceptanceTable,
    pub(super) privacy: PrivacyTable,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AddressTable {
    pub(super) store: Option<Text<StoreAddress>>,
    pub(super) bus: Option<Text<BusAddress>>,
    pub(super) warehouse: Option<Spanned<Text<WarehouseAddress>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SyncTable {
    pub(super) since: Option<Text<Day>>,
    pub(super) settled_days_per_month: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct VendorTables {
    pub(super) anthropic: AnthropicTable,
    pub(super) cursor: CursorTable,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnthropicTable {
    pub(super) url: Option<Text<BaseUrl>>,
    pub(super) requests_per_minute: Option<NonZeroU32>,
    pub(super) max_attempts: Option<NonZeroU32>,
    pub(super) windows_in_flight: Option<Spanned<u32>>,
    pub(super) sources: Option<SourceNames>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CursorTable {
    pub(super) url: Option<Text<BaseUrl>>,
    pub(super) requests_per_minute: Option<NonZeroU32>,
    pub(super) max_attempts: Option<NonZeroU32>,
    pub(super) windows_in_flight: Option<Spanned<u32>>,
    pub(super) sources: Option<SourceNames>,
    pub(super) page_size: Option<NonZeroU32>,
}

/// Names of sources, with their places for errors.
pub(super) type SourceNames = Spanned<Vec<Spanned<String>>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountTable {
    pub(super) id: Spanned<Text<Name>>,
    pub(super) vendor: Text<Vendor>,
    pub(super) key_env: Option<Text<VariableName>>,
    pub(super) key_file: Option<PathBuf>,
    pub(super) sources: Option<SourceNames>,
    pub(super) money_from: Option<Spanned<MoneyFromTable>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MoneyFromTable {
    pub(super) analytics: Text<Day>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AttributionTable {
    pub(super) rules: Vec<RuleTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleTable {
    pub(super) id: Spanned<Text<Name>>,
    pub(super) platform: Text<Platform>,
    pub(super) account: Option<String>,
    pub(super) workspace_id: Option<String>,
    pub(super) workspace_name: Option<String>,
    pub(super) description_contains: Option<Spanned<String>>,
    pub(super) model_prefix: Option<String>,
    pub(super) cost_type: Option<String>,
    pub(super) service_tier: Option<String>,
    pub(super) api_key_id: Option<String>,
    pub(super) product: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PriceTables {
    pub(super) cursor: Vec<CursorPriceTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CursorPriceTable {
    pub(super) from: Spanned<Text<Day>>,
    pub(super) plan: Spanned<Text<PlanName>>,
    pub(super) account: Option<Spanned<String>>,
    pub(super) cycle_day: Option<Spanned<u32>>,
    pub(super) seat_usd: Text<Dollars>,
    pub(super) premium_seat_usd: Option<Spanned<Text<Dollars>>>,
    pub(super) included_requests: Option<Spanned<u32>>,
    pub(super) request_usd: Option<Spanned<Text<Dollars>>>,
    pub(super) included_usage_usd: Option<Spanned<Text<Dollars>>>,
    pub(super) token_fee_usd_per_million: Option<Spanned<Text<Dollars>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReconcileTable {
    pub(super) analytics_percent: Option<Text<Percent>>,
    pub(super) price_percent: Option<Text<Percent>>,
    pub(super) cursor_spend_percent: Option<Text<Percent>>,
    pub(super) claude_code_percent: Option<Text<Percent>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PrivacyTable {
    pub(super) people: Option<Text<PeopleShown>>,
}

/// The limits of all sources, and those of some.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AcceptanceTable {
    pub(super) default: LimitsTable,
    pub(super) sources: Vec<SourceLimitsTable>,
}

/// What a day may lose, as far as it is another one than by default.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LimitsTable {
    pub(super) fall_percent: Option<Spanned<u32>>,
    pub(super) fall_usd: Option<Text<Dollars>>,
    pub(super) fall_tokens: Option<u32>,
    pub(super) fall_count: Option<u32>,
    pub(super) person_usd: Option<Text<Dollars>>,
    pub(super) person_tokens: Option<u32>,
    pub(super) person_count: Option<u32>,
    pub(super) empty_usd: Option<Text<Dollars>>,
    pub(super) empty_tokens: Option<u32>,
    pub(super) empty_count: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceLimitsTable {
    pub(super) source: Spanned<String>,
    pub(super) limits: LimitsTable,
}
