//! Pages as objects: compressed on the way into the store, and never more than a limit on the way out.

use std::io::{self, Read, Write};

use bytes::Bytes;
use everycent_domain::room;

/// The library's own choice.
const LEVEL: i32 = 0;
/// Records repeat within 128 KiB; the library's larger window costs whoever reads the page megabytes.
const WINDOW_LOG: u32 = 17;

/// The stored page can't be what the vendor sent.
#[derive(Debug, thiserror::Error)]
pub enum PageDamaged {
    #[error("it does not decompress: {0}")]
    NotCompressed(io::Error),
    #[error("it has more than {limit} bytes")]
    TooLarge { limit: u64 },
}

/// Compresses a page. The name of its object says how.
pub fn compress(body: &[u8]) -> Bytes {
    let compressed = write_compressed(body).expect("invariant: memory can be written");
    Bytes::from(room::settle(compressed))
}

fn write_compressed(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = zstd::Encoder::new(room::list(), LEVEL)?;
    encoder.window_log(WINDOW_LOG)?;
    encoder.write_all(body)?;
    encoder.finish()
}

/// The page's bytes as the vendor sent them, at most `limit`.
pub fn decompress(object: &[u8], limit: u64) -> Result<Vec<u8>, PageDamaged> {
    let decoder = zstd::Decoder::new(object).map_err(PageDamaged::NotCompressed)?;
    let mut body = room::list();
    let read = decoder.take(limit + 1).read_to_end(&mut body).map_err(PageDamaged::NotCompressed)?;
    if read as u64 > limit { Err(PageDamaged::TooLarge { limit }) } else { Ok(body) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_page_comes_back_byte_for_byte() {
        let body = b"{ \"data\" : [] }\n".repeat(1000);
        assert_eq!(decompress(&compress(&body), body.len() as u64).unwrap(), body);
    }

    #[test]
    fn a_page_that_swells_or_was_cut_is_damaged() {
        let small = compress(&vec![b' '; 1 << 20]);
        assert!(matches!(decompress(&small, 1000), Err(PageDamaged::TooLarge { limit: 1000 })));
        assert!(matches!(decompress(&small[..small.len() - 3], 1 << 21), Err(PageDamaged::NotCompressed(_))));
        assert!(matches!(decompress(b"plain", 1 << 20), Err(PageDamaged::NotCompressed(_))));
    }
}
