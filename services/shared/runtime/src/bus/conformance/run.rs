//! Which sentences are checked, and which are left out.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::subject::Subject;

/// Which sentences are checked, and on what.
pub(super) struct Run<'a, M> {
    pub(super) except: &'a [(&'a str, &'a str)],
    pub(super) made: M,
    pub(super) asked: RefCell<BTreeSet<&'static str>>,
}

impl<M: AsyncFn() -> Subject> Run<'_, M> {
    /// A new subject, if the sentence is to be checked.
    pub(super) async fn subject_for(&self, sentence: &'static str) -> Option<Subject> {
        self.asked.borrow_mut().insert(sentence);
        if let Some((_, reason)) = self.except.iter().find(|(left_out, _)| *left_out == sentence) {
            eprintln!("LEFT OUT: {sentence}: {reason}");
            return None;
        }
        Some((self.made)().await)
    }
}

/// Checks sentences at the same time, for most of them wait; the name of the function is the sentence.
macro_rules! check {
    ($run:expr, $($sentence:ident),* $(,)?) => {
        tokio::join!($(async {
            if let Some(subject) = $run.subject_for(stringify!($sentence)).await {
                $sentence(subject).await;
            }
        }),*);
    };
}
pub(super) use check;
