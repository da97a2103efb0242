//! Panics of work whose caller goes on.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

/// Some panics quote what they were about.
const LONGEST_TEXT: usize = 300;

/// Does the work; gives the text of its panic. Whoever calls it goes on with nothing that the panic may have left half done.
pub async fn caught<T>(work: impl Future<Output = T>) -> Result<T, String> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|payload| text(payload.as_ref()))
}

/// What was said as the thread panicked; `panic!` gives a text of one of two types.
fn text(payload: &(dyn Any + Send)) -> String {
    let said = payload.downcast_ref::<String>().map(String::as_str).or_else(|| payload.downcast_ref().copied());
    let said = said.unwrap_or("without a text");
    said[..said.floor_char_boundary(LONGEST_TEXT)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_panic_is_read_whatever_its_type_and_is_cut() {
        assert_eq!(text(&"a literal"), "a literal");
        assert_eq!(text(&"formatted".to_owned()), "formatted");
        assert_eq!(text(&7_u8), "without a text");
        assert_eq!(text(&"ü".repeat(1000)).len(), LONGEST_TEXT);
    }
}
