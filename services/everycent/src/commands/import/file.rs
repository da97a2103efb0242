//! The file that a person names.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::anyhow;
use bytes::Bytes;
use everycent_domain::vendors::upload;
use everycent_runtime::threads;

use crate::failure::Failure;

/// All of the file. Reading takes as long as it is large.
pub async fn content(path: &Path) -> Result<Bytes, Failure> {
    let path = path.to_owned();
    threads::compute(move || read(&path).map(Bytes::from)).await
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    let read = File::open(path).and_then(|file| file.take(upload::MAX_BYTES + 1).read_to_end(&mut body));
    read.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => anyhow!("{} is not there; check the path", path.display()),
        io::ErrorKind::IsADirectory => anyhow!("{} is a folder; name the CSV file in it", path.display()),
        _ => anyhow::Error::from(error).context(format!("{} can't be read", path.display())),
    })
    .map_err(Failure::Usage)?;
    if body.len() as u64 > upload::MAX_BYTES {
        let limit = upload::MAX_BYTES >> 20;
        return Err(Failure::usage(anyhow!(
            "{} has more than {limit} MiB; split it by days and import each part",
            path.display()
        )));
    }
    Ok(body)
}
