//! A person agrees, or does not.

use std::io::{self, IsTerminal};

use everycent_runtime::threads;
use tokio_util::sync::CancellationToken;

use crate::show;

/// Whether there is somebody to ask: both what is typed and what is asked go by a terminal.
pub fn can_be_asked() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks, and waits for a line. A signal is a no, and so is everything that is not a yes.
pub async fn is_given(question: &str, stop: &CancellationToken) -> bool {
    show::ask(&format!("{question} [y/N]"));
    // Nothing interrupts the reading of a terminal: the thread is left to the end of the program.
    let answer = threads::alone("asking", || {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map(|_| line)
    });
    tokio::select! {
        () = stop.cancelled() => false,
        answer = answer => matches!(answer, Ok(Ok(line)) if is_yes(&line)),
    }
}

fn is_yes(line: &str) -> bool {
    matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        for line in ["y\n", "Yes\r\n", " YES "] {
            assert!(is_yes(line), "{line:?}");
        }
        for line in ["", "\n", "n\n", "yes?\n", "no\n", "ye\n"] {
            assert!(!is_yes(line), "{line:?}");
        }
    }
}
