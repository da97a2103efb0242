//! Pages as objects: compressed on the way into the store, and never more than a limit on the way out.

use std::io::Read;

use bytes::Bytes;

/// The stored page can't be what the vendor sent.
#[derive(Debug, thiserror::Error)]
pub enum PageDamaged {
    #[error("it does not decompress: {0}")]
    NotCompressed(std::io::Error),
    #[error("it has more than {limit} bytes")]
    TooLarge { limit: u64 },
}

/// Compresses a page. The name of its object says how.
pub fn compress(body: &[u8]) -> Bytes {
    let compressed = zstd::encode_all(body, 0).expect("invariant: memory can be read and written");
    Bytes::from(compressed)
}

/// The page's bytes as the vendor sent them, at most `limit`.
pub fn decompress(object: &[u8], limit: u64) -> Result<Vec<u8>, PageDamaged> {
    let decoder = zstd::Decoder::new(object).map_err(PageDamaged::NotCompressed)?;
    let mut body = Vec::new();
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
