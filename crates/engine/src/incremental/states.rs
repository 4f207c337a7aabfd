//! States, kept: a change is a change of the time from it to the next one that settles, and only that time is computed
//! again.
//!
//! The definition is `reference/conditions.rs`, "A state".

use crate::reference::conditions::tells;
use crate::reference::matching::Hit;
use crate::reference::{Env, World};
use crate::signal::Signal;
use servanda_model::agreement::{Absence, FactPattern};
use servanda_model::{Instant, Support};
use std::sync::Arc;

impl<'w> World<'w, '_> {
    /// A state at every instant, kept.
    pub fn state_kept(&self, pattern: &FactPattern, env: &Env<'w>) -> Arc<Signal<Support>> {
        let key = env.key(self.agreement, pattern);
        let key = (std::ptr::from_ref(pattern) as usize, key, env.seen, env.standard);
        // Elsewhere the first record says of the time before it, too, that it was not so.
        let fact = self.agreement.facts.get(&pattern.fact);
        let from_nothing = env.seen && fact.is_some_and(|f| f.absence == Absence::Register);
        let compute = |old: Option<(&Arc<Signal<Support>>, Instant, Instant)>| {
            if from_nothing {
                self.memo.tracker.causal();
            }
            let part = old.filter(|(_, from, _)| from_nothing && self.memo.fast && *from > Instant::MIN);
            Arc::new(match part {
                Some((old, from, to)) => self.state_in_part(pattern, env, old, from, to),
                None => self.state(pattern, env),
            })
        };
        self.keep_in_part(|memo| &memo.states, key, compute)
    }

    /// The old signal, computed again from `from` to where a record later than all that changed by `to` has settled.
    fn state_in_part(
        &self,
        pattern: &FactPattern,
        env: &Env<'w>,
        old: &Signal<Support>,
        from: Instant,
        to: Instant,
    ) -> Signal<Support> {
        let (all, widest, longest) = self.hits_and_lengths(pattern, env);
        let counts = |h: &&Hit| h.sure && tells(&h.seen, env);
        let later = all.partition_point(|h| h.seen.when.earliest <= to);
        let end = all[later..].iter().find(counts).map_or(Instant::MAX, |h| h.seen.when.latest);
        // The last that is settled when it begins; whatever may count more than that begins no earlier.
        let upto = all.partition_point(|h| h.seen.when.earliest <= from);
        let settled = all[..upto].iter().rev().find(|h| h.seen.when.latest <= from && counts(h));
        let begins = settled.map_or(Instant::MIN, |h| {
            let doubted = from.0.saturating_sub(widest);
            Instant(h.seen.when.earliest.0.saturating_sub(longest).min(doubted))
        });
        let first = all.partition_point(|h| h.seen.when.earliest < begins);
        let last = all.partition_point(|h| h.seen.when.earliest <= end);
        let new = self.state_of(pattern, env, all[first..last].iter());
        old.spliced(&new, from, end)
    }
}
