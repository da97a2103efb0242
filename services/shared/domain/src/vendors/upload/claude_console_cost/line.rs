//! A line of the cost file.

use everycent_schemas::{Day, Usd};

use crate::identity::{HexId, IdHasher, Twins};
use crate::report::Fault;
use crate::vendors::upload::sheet::{self, Column, Line};
use crate::vendors::upload::{amount, currency};
use crate::workspaces::{DEFAULT_NAME, is_same_name};

pub const DATE: Column = Column::required("usage_date_utc");
const COST: Column = Column::required("cost_usd");
const LIST_PRICE: Column = Column::optional("list_price_usd");
const WORKSPACE: Column = Column::optional("workspace").with_breaks();
const API_KEY: Column = Column::optional("api_key").with_breaks();
const API_KEY_ID: Column = Column::optional("api_key_id");
const API_KEY_STATUS: Column = Column::optional("api_key_status");
const USAGE_TYPE: Column = Column::optional("usage_type");
const MODEL: Column = Column::optional("model").with_breaks();
const COST_TYPE: Column = Column::optional("cost_type");
const TOKEN_TYPE: Column = Column::optional("token_type");
const CONTEXT_WINDOW: Column = Column::optional("context_window");
const INFERENCE_GEO: Column = Column::optional("inference_geo");
const SPEED: Column = Column::optional("speed");

pub const COLUMNS: [Column; 15] = [
    DATE,
    MODEL,
    WORKSPACE,
    API_KEY,
    USAGE_TYPE,
    CONTEXT_WINDOW,
    TOKEN_TYPE,
    COST,
    LIST_PRICE,
    COST_TYPE,
    INFERENCE_GEO,
    SPEED,
    API_KEY_ID,
    API_KEY_STATUS,
    currency::COLUMN,
];

/// What one kind of use of a key cost on a day.
#[derive(Debug, PartialEq, Eq)]
pub struct CostLine<'l> {
    pub day: Day,
    /// None in the default workspace.
    pub workspace: Option<&'l str>,
    pub api_key: Option<&'l str>,
    pub api_key_id: Option<&'l str>,
    pub api_key_status: Option<&'l str>,
    pub usage_type: Option<&'l str>,
    pub model: Option<&'l str>,
    /// As the API spells it.
    pub cost_type: Option<&'l str>,
    pub token_type: Option<&'l str>,
    pub context_window: Option<&'l str>,
    pub inference_geo: Option<&'l str>,
    pub speed: Option<&'l str>,
    pub cost_text: &'l str,
    pub amount_usd: Usd,
    pub list_text: Option<&'l str>,
    pub list_usd: Option<Usd>,
}

impl<'l> CostLine<'l> {
    fn read(line: &Line<'l>) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut kept = |fault: Fault| faults.push(fault);
        let day = line.read(&DATE, "a UTC day such as 2026-11-24", |cell| cell.parse().ok()).map_err(&mut kept);
        let cost = amount::read(line, &COST).map_err(&mut kept);
        let list = amount::read_optional(line, &LIST_PRICE).map_err(&mut kept);
        let currency = currency::check(line).map_err(&mut kept);
        let (Ok(day), Ok(amount_usd), Ok(list_usd), Ok(())) = (day, cost, list, currency) else { return Err(faults) };
        let text = |column: &Column| amount::optional(line, column);
        Ok(Self {
            day,
            workspace: text(&WORKSPACE).filter(|name| !is_same_name(name, DEFAULT_NAME)),
            api_key: text(&API_KEY),
            api_key_id: text(&API_KEY_ID),
            api_key_status: text(&API_KEY_STATUS),
            usage_type: text(&USAGE_TYPE),
            model: text(&MODEL),
            cost_type: text(&COST_TYPE).map(|of| if of == "token" { "tokens" } else { of }),
            token_type: text(&TOKEN_TYPE),
            context_window: text(&CONTEXT_WINDOW),
            inference_geo: text(&INFERENCE_GEO),
            speed: text(&SPEED),
            cost_text: line.cell(&COST),
            amount_usd,
            list_text: text(&LIST_PRICE),
            list_usd,
        })
    }
}

/// Gives each line of a file an identity: that of its day and dimensions, and among twins that of its place. A key's name
/// and status may have changed since, and are none of them where its id is known.
#[derive(Debug, Default)]
pub struct Ids(Twins);

impl Ids {
    pub fn next(&mut self, cost: &CostLine<'_>) -> HexId {
        let key_name = if cost.api_key_id.is_none() { cost.api_key } else { None };
        let dimensions = [
            cost.workspace,
            key_name,
            cost.api_key_id,
            cost.usage_type,
            cost.model,
            cost.cost_type,
            cost.token_type,
            cost.context_window,
            cost.inference_geo,
            cost.speed,
        ];
        let hasher = IdHasher::new("claude_imported_costs").number(cost.day.epoch_days().into());
        self.0.next(dimensions.into_iter().fold(hasher, IdHasher::optional)).hex()
    }
}

/// Reads every line. The error is what is wrong with the header.
pub fn read(text: &str, mut take: impl FnMut(Result<(&Line<'_>, CostLine<'_>), Vec<Fault>>)) -> Result<(), Vec<Fault>> {
    sheet::read_exported(text, &COLUMNS, |line| match line {
        Ok(line) => take(CostLine::read(&line).map(|cost| (&line, cost))),
        Err(fault) => take(Err(vec![fault])),
    })
}
