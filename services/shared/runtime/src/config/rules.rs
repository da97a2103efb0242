//! Attribution rules as they are written: names of platforms, and conditions that can hold together.

use std::collections::BTreeSet;

use everycent_domain::attribution::{MoneyFrom, Platform, RESERVED_IDS, Rule, Rules};
use everycent_domain::vendor::Vendor;
use everycent_schemas::AccountId;
use toml::Spanned;

use super::error::ConfigError;
use super::file::{Document, name};
use super::tables::RuleTable;
use super::text::{Form, Text, found};

impl Form for Platform {
    const EXPECTED: &'static str = "claude.ai, claude_code, claude_api, cursor or unattributed";

    fn read(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| found(text))
    }
}

impl Document {
    pub(super) fn attribution_rules(&self) -> Result<Rules, ConfigError> {
        let mut seen = BTreeSet::new();
        for table in &self.tables.attribution.rules {
            if !seen.insert(name(&table.id)) {
                let message = format!("found a second rule `{}`, expected one", name(&table.id));
                return Err(self.wrong(table.id.span(), message));
            }
            if RESERVED_IDS.contains(&name(&table.id)) {
                let message =
                    format!("found `{}`, expected another id: it says that the vendor decided", name(&table.id));
                return Err(self.wrong(table.id.span(), message));
            }
            self.check_conditions(table)?;
        }
        let rules = Rules::new(self.tables.attribution.rules.iter().map(rule).collect());
        Ok(rules.with_money_from(self.money_from()?))
    }

    /// From which day on the analytics decide what use of the API costs.
    fn money_from(&self) -> Result<MoneyFrom, ConfigError> {
        let mut days = Vec::new();
        for account in &self.tables.accounts {
            let Some(money_from) = &account.money_from else { continue };
            let Text(vendor) = account.vendor;
            if vendor != Vendor::Anthropic {
                let message = format!("found money_from of a {vendor} account, expected it of an Anthropic one only");
                return Err(self.wrong(money_from.span(), message));
            }
            let Text(day) = money_from.get_ref().analytics;
            days.push((AccountId::from(name(&account.id)), day));
        }
        Ok(MoneyFrom::analytics(days))
    }

    /// Refuses conditions of which no record can meet both.
    fn check_conditions(&self, table: &RuleTable) -> Result<(), ConfigError> {
        let Some(description) = &table.description_contains else { return Ok(()) };
        let beside = match (&table.api_key_id, &table.product) {
            (Some(_), _) => "api_key_id",
            (None, Some(_)) => "product",
            (None, None) => return Ok(()),
        };
        let message = format!(
            "rule `{}`: found description_contains beside {beside}, expected one of them: no record has both, for the \
             cost report tells descriptions, and the usage and analytics reports tell keys and products; make it two \
             rules",
            name(&table.id)
        );
        Err(self.wrong(description.span(), message))
    }
}

fn rule(table: &RuleTable) -> Rule {
    let Text(platform) = table.platform;
    Rule {
        id: name(&table.id).to_owned(),
        platform,
        account: table.account.clone(),
        workspace_id: table.workspace_id.clone(),
        workspace_name: table.workspace_name.clone(),
        description_contains: table.description_contains.as_ref().map(Spanned::get_ref).cloned(),
        model_prefix: table.model_prefix.clone(),
        cost_type: table.cost_type.clone(),
        service_tier: table.service_tier.clone(),
        api_key_id: table.api_key_id.clone(),
        product: table.product.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_names_every_platform() {
        for platform in Platform::ALL {
            assert!(Platform::EXPECTED.contains(platform.name()), "{}", platform.name());
        }
    }
}
