//! A page of each report, as the simulator answers it; of files that people import, the page of the golden rows.

use std::path::Path;
use std::sync::Arc;

use everycent_domain::paging::{Method, PageRequest, PagingTask};
use everycent_domain::source::Source;
use everycent_domain::vendor::Vendor;
use everycent_domain::window::Window;
use everycent_runtime::clock::SystemClock;
use everycent_runtime::secret::Secret;
use everycent_runtime::vendor::{self, Auth, VendorClient, VendorRequest, VendorSettings};
use serde_json::{Value, json};
use vendor_sim::{Simulator, WorldClock, worlds};

/// Records that a page is cut down to, for speed; enough for neighbours on both sides.
const RECORDS: usize = 7;
const DAY: &str = "2026-09-16";
/// The last day of the files.
const DAY_OF_FILES: &str = "2025-09-16";

pub struct Sample {
    pub name: &'static str,
    pub source: Source,
    pub task: PagingTask,
    pub page: Vec<u8>,
}

pub fn samples() -> Vec<Sample> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let simulator = Simulator::start(worlds::company(7, DAY.parse().unwrap(), 20)).await.unwrap();
        let now = "2026-09-26T12:00:00Z".parse().unwrap();
        simulator.with_world(|world| world.options.clock = WorldClock::At(now));
        let mut samples = Vec::new();
        for source in Source::ALL {
            samples.push(sample(*source, &simulator).await);
        }
        samples
    })
}

async fn sample(source: Source, simulator: &Simulator) -> Sample {
    let last: everycent_schemas::Day = if source.is_asked() { DAY } else { DAY_OF_FILES }.parse().unwrap();
    let window = match source.name() {
        "anthropic/claude_code" => Window::of(last),
        _ if source.keeps_rows() && source.is_asked() => Window::of(last),
        _ => Window::new(last.minus(2), last).unwrap(),
    };
    let today = if source.keeps_rows() && source.is_asked() { last } else { last.plus(10) };
    let task = PagingTask { window, today, page_size: 100, last_fault: None };
    let page = match source.pager(&task) {
        Some(pager) => cut_down(&asked(pager.first(), source.vendor(), simulator).await),
        None => {
            let file = Path::new("tests/golden_rows/pages").join(format!("{}.csv", source.name()));
            std::fs::read(file).unwrap()
        }
    };
    Sample { name: source.name(), source, task, page }
}

async fn asked(request: PageRequest, vendor: Vendor, simulator: &Simulator) -> Vec<u8> {
    let auth = match vendor {
        Vendor::Anthropic => Auth::AnthropicKey(Secret::new(simulator.anthropic_key())),
        Vendor::Cursor => Auth::CursorBasic(Secret::new(simulator.cursor_key())),
    };
    let settings = VendorSettings::new(simulator.url().parse().unwrap(), auth, "the test's key");
    let client = VendorClient::new(settings, Arc::new(SystemClock)).unwrap();
    let request = VendorRequest {
        method: match request.method {
            Method::Get => vendor::Method::Get,
            Method::Post => vendor::Method::Post,
        },
        path: request.path.to_owned(),
        query: request.query.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        headers: request.headers.into_iter().map(|(name, value)| (name, value.to_owned())).collect(),
        body: request.body,
    };
    client.send(&request).await.unwrap().body.to_vec()
}

/// The one page that there is, with a few of its records.
fn cut_down(page: &[u8]) -> Vec<u8> {
    let mut page: Value = serde_json::from_slice(page).unwrap();
    for list in ["data", "usageEvents", "teamMemberSpend", "teamMembers"] {
        let Some(elements) = page.get_mut(list).and_then(Value::as_array_mut) else { continue };
        elements.truncate(RECORDS);
        for results in elements.iter_mut().filter_map(|bucket| bucket.get_mut("results")?.as_array_mut()) {
            results.truncate(RECORDS);
        }
    }
    for (place, last) in [
        ("/has_more", json!(false)),
        ("/next_page", Value::Null),
        ("/pagination/hasNextPage", json!(false)),
        ("/pagination/numPages", json!(1)),
        ("/pagination/totalPages", json!(1)),
        ("/totalPages", json!(1)),
    ] {
        if let Some(field) = page.pointer_mut(place) {
            *field = last;
        }
    }
    page.to_string().into_bytes()
}
