//! A line of the spend file.

use std::borrow::Cow;

use everycent_schemas::Usd;

use crate::identity::{HexId, IdHasher, Twins};
use crate::report::Fault;
use crate::vendors::upload::sheet::{self, Column, Line};
use crate::vendors::upload::{amount, count, currency, email};
use crate::window::Window;

pub const USER_EMAIL: Column = Column::required("user_email");
const ACCOUNT_UUID: Column = Column::optional("account_uuid");
const PRODUCT: Column = Column::required("product");
const MODEL: Column = Column::optional("model");
const REQUESTS: Column = Column::optional("total_requests");
const PROMPT_TOKENS: Column = Column::optional("total_prompt_tokens");
const COMPLETION_TOKENS: Column = Column::optional("total_completion_tokens");
const NET: Column = Column::required("total_net_spend_usd");
const GROSS: Column = Column::optional("total_gross_spend_usd");

pub const COLUMNS: [Column; 10] = [
    USER_EMAIL,
    ACCOUNT_UUID,
    PRODUCT,
    MODEL,
    REQUESTS,
    PROMPT_TOKENS,
    COMPLETION_TOKENS,
    NET,
    GROSS,
    currency::COLUMN,
];

/// What a person spent on a product and model in the whole period.
#[derive(Debug, PartialEq, Eq)]
pub struct Spend<'l> {
    /// In lower case; none for spend of nobody.
    pub email: Option<Cow<'l, str>>,
    pub account_uuid: Option<&'l str>,
    /// As the file names it.
    pub product_name: Option<&'l str>,
    pub model: Option<&'l str>,
    pub requests: Option<i64>,
    pub prompt_tokens: Option<i64>,
    pub completion_tokens: Option<i64>,
    pub net_text: &'l str,
    pub net_usd: Usd,
    pub gross_text: Option<&'l str>,
    pub gross_usd: Option<Usd>,
}

impl<'l> Spend<'l> {
    fn read(line: &Line<'l>) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut kept = |fault: Fault| faults.push(fault);
        let email = email::read_optional(line, &USER_EMAIL).map_err(&mut kept);
        let counts = [REQUESTS, PROMPT_TOKENS, COMPLETION_TOKENS]
            .map(|column| count::read_optional(line, &column).map_err(&mut kept));
        let net = amount::read(line, &NET).map_err(&mut kept);
        let gross = amount::read_optional(line, &GROSS).map_err(&mut kept);
        let currency = currency::check(line).map_err(&mut kept);
        let (Ok(email), [Ok(requests), Ok(prompt_tokens), Ok(completion_tokens)], Ok(net_usd), Ok(gross_usd), Ok(())) =
            (email, counts, net, gross, currency)
        else {
            return Err(faults);
        };
        Ok(Self {
            email,
            account_uuid: amount::optional(line, &ACCOUNT_UUID),
            product_name: amount::optional(line, &PRODUCT),
            model: amount::optional(line, &MODEL),
            requests,
            prompt_tokens,
            completion_tokens,
            net_text: line.cell(&NET),
            net_usd,
            gross_text: amount::optional(line, &GROSS),
            gross_usd,
        })
    }

    /// The product as the vendor's API spells it: `Claude Code` is `claude_code`.
    pub fn product(&self) -> Option<String> {
        let name = self.product_name?;
        let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let product = words.collect::<Vec<_>>().join("_").to_lowercase();
        Some(match product.as_str() {
            "api" | "claude_api" | "claude_developer_platform" => "messages_api".to_owned(),
            "claude" | "claude_ai" | "chats" | "claude_chat" => "chat".to_owned(),
            "claude_cowork" => "cowork".to_owned(),
            _ => product,
        })
    }
}

/// Gives each line of a file an identity: that of its period and dimensions, and among twins that of its place.
#[derive(Debug)]
pub struct Ids {
    period: Window,
    twins: Twins,
}

impl Ids {
    pub fn of(period: Window) -> Self {
        Self { period, twins: Twins::default() }
    }

    pub fn next(&mut self, spend: &Spend<'_>) -> HexId {
        let dimensions = IdHasher::new("claude_imported_spend")
            .part(&self.period.to_string())
            .optional(spend.email.as_deref())
            .optional(spend.account_uuid)
            .optional(spend.product_name)
            .optional(spend.model);
        self.twins.next(dimensions).hex()
    }
}

/// Reads every line. The error is what is wrong with the header.
pub fn read(text: &str, mut take: impl FnMut(Result<(&Line<'_>, Spend<'_>), Vec<Fault>>)) -> Result<(), Vec<Fault>> {
    sheet::read_exported(text, &COLUMNS, |line| match line {
        Ok(line) => take(Spend::read(&line).map(|spend| (&line, spend))),
        Err(fault) => take(Err(vec![fault])),
    })
}
