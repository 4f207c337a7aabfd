//! How well something is known: a short chain of grades, never a made-up probability.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How well a thing is supported. The chain is `None < Possible < Probable < Confirmed`.
///
/// # Source
/// `docs/reference/language.md`, "Facts and what is known".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub enum Grade {
    /// Nothing speaks for it.
    #[default]
    None,
    /// Somebody says so; it cannot be judged.
    Possible,
    /// More likely than not, by the grades that people gave.
    Probable,
    /// Confirmed.
    Confirmed,
}

impl Grade {
    /// The three grades that something can have, from the weakest up.
    pub const CHAIN: [Grade; 3] = [Grade::Possible, Grade::Probable, Grade::Confirmed];

    /// The word used for it everywhere.
    pub fn word(self) -> &'static str {
        match self {
            Grade::None => "none",
            Grade::Possible => "possible",
            Grade::Probable => "probable",
            Grade::Confirmed => "confirmed",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Grade> {
        [Grade::None, Grade::Possible, Grade::Probable, Grade::Confirmed]
            .into_iter()
            .find(|g| g.word() == word)
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What speaks for a condition and what speaks against it, each as a grade, twice: as established, and as it
/// would be if every doubt about the time, the place or the actor of a *recorded* event fell in its favour.
///
/// `supported ≤ supported_at_best` and `opposed ≤ opposed_at_best` always hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash, PartialOrd, Ord)]
pub struct Support {
    /// Established for.
    pub supported: Grade,
    /// For, where doubts of recorded events fall in favour.
    pub supported_at_best: Grade,
    /// Established against: a contradicting record, or absence where somebody was looking.
    pub opposed: Grade,
    /// Against, where doubts of recorded events fall against.
    pub opposed_at_best: Grade,
}

/// What a support comes to under a standard of proof.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Truth {
    /// Supported at the standard, not opposed at it.
    True,
    /// Opposed at the standard, not supported at it.
    False,
    /// Neither reaches the standard.
    Unknown,
    /// Both reach the standard.
    Contested,
}

impl Support {
    /// Supported at `grade`, opposed by nothing.
    pub fn holds(grade: Grade) -> Support {
        Support { supported: grade, supported_at_best: grade, ..Support::default() }
    }

    /// Opposed at `grade`, supported by nothing.
    pub fn fails(grade: Grade) -> Support {
        Support::holds(grade).not()
    }

    /// Both: weakest support, strongest opposition.
    pub fn and(self, other: Support) -> Support {
        Support {
            supported: self.supported.min(other.supported),
            supported_at_best: self.supported_at_best.min(other.supported_at_best),
            opposed: self.opposed.max(other.opposed),
            opposed_at_best: self.opposed_at_best.max(other.opposed_at_best),
        }
    }

    /// Either: strongest support, weakest opposition.
    pub fn or(self, other: Support) -> Support {
        self.not().and(other.not()).not()
    }

    /// The contrary: for and against change places.
    #[allow(clippy::should_implement_trait, reason = "not a boolean: it swaps two grades")]
    pub fn not(self) -> Support {
        Support {
            supported: self.opposed,
            supported_at_best: self.opposed_at_best,
            opposed: self.supported,
            opposed_at_best: self.supported_at_best,
        }
    }

    /// Truth under a standard.
    pub fn truth(self, standard: Grade) -> Truth {
        match (self.supported >= standard, self.opposed >= standard) {
            (true, false) => Truth::True,
            (false, true) => Truth::False,
            (false, false) => Truth::Unknown,
            (true, true) => Truth::Contested,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn and_or_not_are_min_max_swap() {
        let (a, b) = (Support::holds(Grade::Confirmed), Support::fails(Grade::Probable));
        assert_eq!(a.and(b).truth(Grade::Probable), Truth::False);
        assert_eq!(a.or(b), Support::holds(Grade::Confirmed));
        assert_eq!(a.not().not(), a);
        let both = Support { opposed: Grade::Probable, opposed_at_best: Grade::Probable, ..a };
        assert_eq!(both.truth(Grade::Probable), Truth::Contested);
        assert_eq!(both.truth(Grade::Confirmed), Truth::True);
        assert_eq!(Support::default().truth(Grade::Possible), Truth::Unknown);
    }
}
