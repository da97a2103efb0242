//! Pages as objects: compressed on the way into the store, and never more than a limit on the way out.

use std::io::{self, Read, Write};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use everycent_domain::room;
use zstd::stream::{read, write};
use zstd::zstd_safe::{CCtx, CParameter, DCtx};

/// The library's own choice.
const LEVEL: i32 = 0;
/// Records repeat within 128 KiB; the library's larger window costs whoever reads the page megabytes.
const WINDOW_LOG: u32 = 17;

static COMPRESSORS: Spare<CCtx<'static>> = Spare(Mutex::new(Vec::new()));
static DECOMPRESSORS: Spare<DCtx<'static>> = Spare(Mutex::new(Vec::new()));

/// The library's working memory that is in no use now, as many pieces as were ever in use at once. A new piece of some
/// megabytes for each page would teach every heap to keep that much for later, on each thread that a page ever came to.
struct Spare<T>(Mutex<Vec<T>>);

impl<T> Spare<T> {
    /// Works with a piece as the last work left it.
    fn with<R>(&self, create: fn() -> T, work: impl FnOnce(&mut T) -> R) -> R {
        let spare = self.pieces(Vec::pop);
        let mut piece = spare.unwrap_or_else(create);
        let done = work(&mut piece);
        self.pieces(|pieces| pieces.push(piece));
        done
    }

    fn pieces<R>(&self, look: impl FnOnce(&mut Vec<T>) -> R) -> R {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

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
    COMPRESSORS.with(CCtx::create, |context| {
        let mut encoder = write::Encoder::with_context(room::list(), context);
        encoder.set_parameter(CParameter::CompressionLevel(LEVEL))?;
        encoder.window_log(WINDOW_LOG)?;
        encoder.write_all(body)?;
        encoder.finish()
    })
}

/// No page is larger: neither an answer nor a file that a person imports.
pub const MAX_BYTES: u64 = 64 << 20;

/// The page's bytes as the vendor sent them, at most `limit`, which is only believed up to what any page has.
pub fn decompress(object: &[u8], limit: u64) -> Result<Vec<u8>, PageDamaged> {
    let limit = limit.min(MAX_BYTES);
    let body = read_decompressed(object, limit + 1).map_err(PageDamaged::NotCompressed)?;
    if body.len() as u64 > limit { Err(PageDamaged::TooLarge { limit }) } else { Ok(body) }
}

/// Whether a stored page is this one, byte for byte. It holds no second copy of it.
pub fn holds(object: &[u8], body: &[u8]) -> bool {
    DECOMPRESSORS.with(DCtx::create, |context| {
        let mut decoder = read::Decoder::with_context(object, context);
        let (mut part, mut rest) = ([0; COMPARED], body);
        loop {
            match decoder.read(&mut part) {
                Ok(0) => return rest.is_empty(),
                Ok(length) => match rest.split_at_checked(length) {
                    Some((same, others)) if *same == part[..length] => rest = others,
                    _ => return false,
                },
                Err(_) => return false,
            }
        }
    })
}

/// Bytes that are compared at once.
const COMPARED: usize = 16 * 1024;

/// The first bytes of the page, at most so many.
fn read_decompressed(object: &[u8], most: u64) -> io::Result<Vec<u8>> {
    DECOMPRESSORS.with(DCtx::create, |context| {
        let mut body = room::list();
        read::Decoder::with_context(object, context).take(most).read_to_end(&mut body)?;
        Ok(body)
    })
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
    fn a_stored_page_is_told_from_any_other() {
        let body = b"{ \"data\" : [] }\n".repeat(5000);
        let stored = compress(&body);
        assert!(holds(&stored, &body) && holds(&compress(b""), b""));
        let mut other = body.clone();
        other[70_000] ^= 1;
        for other in [&other[..], &body[..body.len() - 1], &[&body[..], b"\n"].concat(), b""] {
            assert!(!holds(&stored, other));
        }
        assert!(!holds(&stored[..stored.len() - 3], &body) && !holds(b"plain", &body) && !holds(b"", &body));
        assert!(holds(&stored, &body), "after a damaged one as before");
    }

    #[test]
    fn a_damaged_page_leaves_nothing_in_the_pages_after_it() {
        let (first, second) = (b"[1, 2, 3]\n".repeat(90_000), b"{\"data\": []}".repeat(40_000));
        for most in [0, 1000, 200_000] {
            decompress(&compress(&first), most).unwrap_err();
            assert_eq!(decompress(&compress(&second), 1 << 20).unwrap(), second);
            decompress(&compress(&first)[..100], 1 << 20).unwrap_err();
            assert_eq!(decompress(&compress(&second), 1 << 20).unwrap(), second);
        }
    }

    #[test]
    fn a_page_that_swells_or_was_cut_is_damaged() {
        let small = compress(&vec![b' '; 1 << 20]);
        assert!(matches!(decompress(&small, 1000), Err(PageDamaged::TooLarge { limit: 1000 })));
        assert!(matches!(decompress(&small[..small.len() - 3], 1 << 21), Err(PageDamaged::NotCompressed(_))));
        assert!(matches!(decompress(b"plain", 1 << 20), Err(PageDamaged::NotCompressed(_))));
    }

    #[test]
    fn a_size_that_no_page_has_is_not_believed() {
        let swollen = compress(&vec![b' '; usize::try_from(MAX_BYTES).unwrap() + 1]);
        for limit in [u64::MAX, MAX_BYTES + 1] {
            assert!(matches!(decompress(&swollen, limit), Err(PageDamaged::TooLarge { limit: MAX_BYTES })));
        }
    }
}
