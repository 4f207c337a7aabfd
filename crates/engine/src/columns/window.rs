//! How much lies in a trailing window, and the episodes over which it is enough.
//!
//! Of each event only the *critical* one matters: the latest from which on there is enough. The condition holds from the
//! event until the critical one leaves the window. A change at t therefore makes dirty the time from t to the first event
//! whose critical one lies after t, and reads no further back than one window.
//!
//! Invariants
//! - episodes ascend, and neither overlap nor touch;
//! - the anchor of an episode is the first known of all records in its window, whatever their grade: it is the
//!   identity of the episode, and stays when the start moves. Episodes closer than a window may share it, where the
//!   reference gives the later one another name; when they were triggered tells them apart.

use super::column::{Column, Spot, Timed};

/// What has to lie in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// So many events, of so many different keys (0 and 1: nothing is asked of them).
    Count { least: u32, kinds: u32 },
    /// More than this, all together.
    Sum { above: u64 },
}

/// An event in the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Entry {
    pub time: i64,
    pub root: u32,
    /// Its key, or its amount.
    pub cell: u32,
}

/// A stretch `[from, to)` over which there is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Episode {
    pub from: i64,
    pub to: i64,
    pub anchor: u32,
}

/// An episode that is there from now on, or is so no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    pub begins: bool,
    pub from: i64,
    pub anchor: u32,
}

impl Timed for Entry {
    fn time(&self) -> i64 {
        self.time
    }
    fn root(&self) -> u32 {
        self.root
    }
}

impl Timed for Episode {
    fn time(&self) -> i64 {
        self.from
    }
    fn root(&self) -> u32 {
        0
    }
}

/// The walk along the events with the critical one of each.
#[derive(Clone, Debug)]
struct Walk {
    at: Spot,
    /// From here on there is enough, or the window begins.
    back: Spot,
    /// Events behind it.
    behind: usize,
    held: u64,
    /// Different keys, the last seen first, each with the last time.
    recent: Vec<(u32, i64)>,
}

/// The events of one filter and key, and its episodes.
#[derive(Clone, Debug)]
pub(super) struct Window {
    span: i64,
    need: Need,
    counted: Column<Entry>,
    /// Below the standard: they count for nothing but the identity of an episode.
    weak: Column<Entry>,
    episodes: Column<Episode>,
    /// The walk at the last event, as long as all came in order.
    walk: Option<Walk>,
    /// The greatest root so far: what comes after it was known after all that spoke before.
    newest: Option<u32>,
    pieces: Vec<(i64, i64)>,
    times: Vec<i64>,
}

impl Window {
    pub fn new(span: i64, need: Need) -> Window {
        Window {
            span,
            need,
            counted: Column::default(),
            weak: Column::default(),
            episodes: Column::default(),
            walk: None,
            newest: None,
            pieces: Vec::new(),
            times: Vec::new(),
        }
    }

    /// All episodes.
    #[cfg(test)]
    pub fn episodes(&self) -> impl Iterator<Item = &Episode> {
        self.episodes.iter()
    }

    fn weight(&self, entry: &Entry) -> u64 {
        match self.need {
            Need::Count { .. } => 1,
            Need::Sum { .. } => entry.cell.into(),
        }
    }

    fn enough(&self, held: u64) -> bool {
        match self.need {
            Need::Count { least, .. } => held >= least.into(),
            Need::Sum { above } => held > above,
        }
    }

    fn kinds(&self) -> usize {
        match self.need {
            Need::Count { kinds, .. } if kinds > 1 => kinds as usize,
            _ => 0,
        }
    }

    /// The walk at an event, from scratch.
    fn walk_at(&self, at: Spot, entry: Entry) -> Walk {
        let mut walk = Walk { at, back: at, behind: 0, held: self.weight(&entry), recent: Vec::new() };
        let begins = entry.time - self.span;
        while !self.enough(walk.held) {
            match self.counted.previous(walk.back).and_then(|s| Some((s, self.counted.get(s)?))) {
                Some((spot, e)) if e.time > begins => {
                    walk.back = spot;
                    walk.behind += 1;
                    walk.held += self.weight(e);
                }
                _ => break,
            }
        }
        let kinds = self.kinds();
        let mut spot = Some(at).filter(|_| kinds > 0);
        while let Some(e) = spot.and_then(|s| self.counted.get(s)).filter(|e| e.time > begins) {
            if walk.recent.iter().all(|(key, _)| *key != e.cell) {
                walk.recent.push((e.cell, e.time));
                if walk.recent.len() == kinds {
                    break;
                }
            }
            spot = spot.and_then(|s| self.counted.previous(s));
        }
        walk
    }

    /// Takes a walk on to the next event.
    #[inline]
    fn step(&self, walk: &mut Walk, at: Spot, entry: Entry) {
        walk.at = at;
        walk.behind += 1;
        walk.held += self.weight(&entry);
        while walk.back != at {
            let Some(back) = self.counted.get(walk.back) else { break };
            let without = walk.held - self.weight(back);
            if back.time > entry.time - self.span && !self.enough(without) {
                break;
            }
            walk.held = without;
            walk.behind -= 1;
            walk.back = self.counted.next(walk.back);
        }
        let kinds = self.kinds();
        if kinds > 0 {
            // Each moves one place back, until the place where the key was.
            let mut moved = (entry.cell, entry.time);
            for place in &mut walk.recent {
                std::mem::swap(place, &mut moved);
                if moved.0 == entry.cell {
                    return;
                }
            }
            if walk.recent.len() < kinds {
                walk.recent.push(moved);
            }
        }
    }

    /// Time of the critical event; `None` where there is not enough.
    #[inline]
    fn critical(&self, walk: &Walk, time: i64) -> Option<i64> {
        let back = self.counted.get(walk.back)?.time;
        let kinds = self.kinds();
        let critical = match kinds {
            0 => back,
            _ => back.min(walk.recent.get(kinds - 1)?.1),
        };
        (self.enough(walk.held) && critical > time - self.span).then_some(critical)
    }

    /// Takes an event in; `counts`: it reaches the standard.
    pub fn insert(&mut self, entry: Entry, counts: bool, turns: &mut Vec<Turn>) {
        // What is known last is the first known of nothing that is there already.
        let last_known = self.newest.is_none_or(|newest| newest < entry.root);
        if last_known {
            self.newest = Some(entry.root);
        }
        let spot = match counts && self.counted.is_last(&entry) {
            true => self.counted.insert(entry).0,
            false => {
                self.insert_late(entry, counts, turns);
                if !last_known {
                    self.spoken(entry, true, turns);
                }
                return;
            }
        };
        let mut walk = match self.walk.take() {
            Some(walk) => walk,
            None => self.walk_at(spot, entry),
        };
        if walk.at != spot {
            self.step(&mut walk, spot, entry);
        }
        let to = self.critical(&walk, entry.time).map(|critical| critical + self.span);
        self.walk = Some(walk);
        let Some(to) = to else { return };
        let end = self.episodes.last().copied().filter(|e| e.to >= entry.time);
        match end {
            Some(e) => {
                let to = e.to.max(to);
                let mut anchor = e.anchor.min(entry.root);
                if self.weak.last().is_some_and(|w| w.time >= e.to) {
                    anchor = anchor.min(self.weak.least_root(self.weak.from(e.to), self.weak.from(to)));
                }
                if anchor != e.anchor {
                    turns.push(Turn { begins: false, from: e.from, anchor: e.anchor });
                    turns.push(Turn { begins: true, from: e.from, anchor });
                }
                if let Some(last) = self.episodes.last_mut() {
                    *last = Episode { to, anchor, ..e };
                }
            }
            None => {
                let anchor = self.first_known(entry.time, to);
                self.episodes.insert(Episode { from: entry.time, to, anchor });
                turns.push(Turn { begins: true, from: entry.time, anchor });
            }
        }
    }

    /// Takes an event in that does not come last, or does not count.
    fn insert_late(&mut self, entry: Entry, counts: bool, turns: &mut Vec<Turn>) {
        if !counts {
            self.weak.insert(entry);
            return;
        }
        let back = self.walk.as_ref().and_then(|w| self.counted.get(w.back)).map(|e| e.time);
        let (spot, _) = self.counted.insert(entry);
        self.walk = self.walk.take().filter(|w| self.lies_before(w, back, entry.time));
        if let Some(walk) = &mut self.walk {
            // What came stands before all that the walk looks at, which has moved by one.
            let places = [self.counted.nth_last(0), self.counted.nth_last(walk.behind)];
            if let [Some(at), Some(back)] = places {
                (walk.at, walk.back) = (at, back);
            }
        }
        // One event more ends no episode: where there was enough all along, and where there is not enough even now, nothing
        // changes.
        if !self.held_throughout(entry.time) && !self.too_few(spot) {
            self.again(entry.time, turns);
        }
    }

    /// Whether no window that holds this event holds so many.
    fn too_few(&mut self, spot: Spot) -> bool {
        let Need::Count { least, .. } = self.need else { return false };
        let span = self.span;
        let many = least as usize - 1;
        let mut times = std::mem::take(&mut self.times);
        self.counted.around(spot, many, least as usize, |e| e.time, &mut times);
        let few = times.windows(least as usize).all(|all| all[many] - all[0] >= span);
        self.times = times;
        few
    }

    /// Whether a time lies before all that a walk looks at.
    fn lies_before(&self, walk: &Walk, back: Option<i64>, time: i64) -> bool {
        let kinds = self.kinds();
        let keys = kinds == 0 || walk.recent.get(kinds - 1).is_some_and(|(_, seen)| time < *seen);
        keys && self.enough(walk.held) && back.is_some_and(|back| time < back)
    }

    /// Whether one episode covers all windows that an event at `time` lies in.
    fn held_throughout(&self, time: i64) -> bool {
        let before = self.episodes.previous(self.episodes.after(time));
        before.and_then(|s| self.episodes.get(s)).is_some_and(|e| e.to >= time + self.span)
    }

    /// Takes an event out.
    pub fn remove(&mut self, entry: Entry, counts: bool, turns: &mut Vec<Turn>) {
        if counts {
            if self.counted.remove(entry.time, entry.root) {
                self.walk = None;
                self.again(entry.time, turns);
            }
        } else {
            self.weak.remove(entry.time, entry.root);
        }
        self.spoken(entry, false, turns);
    }

    /// Computes the dirty time that a change at `t` leaves, and splices it in.
    fn again(&mut self, t: i64, turns: &mut Vec<Turn>) {
        let mut pieces = std::mem::take(&mut self.pieces);
        pieces.clear();
        let mut end = t + self.span;
        let first = self.counted.from(t);
        let start = self.counted.previous(first).unwrap_or(first);
        let mut at = start;
        let mut walk: Option<Walk> = None;
        while let Some(entry) = self.counted.get(at).copied() {
            if entry.time >= end {
                break;
            }
            match &mut walk {
                None => walk = Some(self.walk_at(at, entry)),
                Some(walk) => self.step(walk, at, entry),
            }
            if let Some(critical) = walk.as_ref().and_then(|w| self.critical(w, entry.time)) {
                if entry.time > t && critical > t {
                    end = entry.time;
                    break;
                }
                let piece = (entry.time.max(t), critical + self.span);
                match pieces.last_mut() {
                    _ if piece.0 >= piece.1 => {}
                    Some(last) if last.1 >= piece.0 => last.1 = last.1.max(piece.1),
                    _ => pieces.push(piece),
                }
            }
            at = self.counted.next(at);
        }
        pieces.iter_mut().for_each(|p| p.1 = p.1.min(end));
        pieces.retain(|p| p.0 < p.1);
        self.splice(t, end, &pieces, turns);
        self.pieces = pieces;
    }

    /// Puts `pieces` in place of what the episodes say of `[from, to)`.
    fn splice(&mut self, from: i64, to: i64, pieces: &[(i64, i64)], turns: &mut Vec<Turn>) {
        let first = self.episodes.from(from);
        let touching =
            self.episodes.previous(first).filter(|s| self.episodes.get(*s).is_some_and(|e| e.to >= from));
        let old: Vec<Episode> = self
            .episodes
            .iter_from(touching.unwrap_or(first))
            .take_while(|e| e.from <= to)
            .copied()
            .collect();
        let mut new: Vec<(i64, i64)> = Vec::with_capacity(pieces.len() + 2);
        let left = old.first().filter(|e| e.from < from).map(|e| (e.from, e.to.min(from)));
        let right = old.last().filter(|e| e.to > to).map(|e| (e.from.max(to), e.to));
        for piece in left.into_iter().chain(pieces.iter().copied()).chain(right) {
            match new.last_mut() {
                Some(last) if last.1 >= piece.0 => last.1 = last.1.max(piece.1),
                _ => new.push(piece),
            }
        }
        if old.iter().map(|e| (e.from, e.to)).eq(new.iter().copied()) {
            return;
        }
        for e in &old {
            self.episodes.remove(e.from, 0);
        }
        let new: Vec<Episode> = new
            .into_iter()
            .map(|(from, to)| Episode { from, to, anchor: self.first_known(from, to) })
            .collect();
        let same =
            |a: &Episode, list: &[Episode]| list.iter().any(|b| (a.from, a.anchor) == (b.from, b.anchor));
        let turn = |begins, e: &Episode| Turn { begins, from: e.from, anchor: e.anchor };
        turns.extend(old.iter().filter(|e| !same(e, &new)).map(|e| turn(false, e)));
        turns.extend(new.iter().filter(|e| !same(e, &old)).map(|e| turn(true, e)));
        for e in new {
            self.episodes.insert(e);
        }
    }

    /// The first known of all that lies in the window of an episode.
    fn first_known(&self, from: i64, to: i64) -> u32 {
        let within = |c: &Column<Entry>| c.least_root(c.after(from - self.span), c.from(to));
        within(&self.counted).min(within(&self.weak))
    }

    /// Sees to the identity of the episodes in whose window an event lies that came or went.
    fn spoken(&mut self, entry: Entry, came: bool, turns: &mut Vec<Turn>) {
        let first = self.episodes.from(entry.time);
        let mut spot = self.episodes.previous(first).unwrap_or(first);
        while let Some(e) = self.episodes.get(spot).copied().filter(|e| e.from < entry.time + self.span) {
            let moved = if came { entry.root < e.anchor } else { entry.root == e.anchor };
            if moved && e.to > entry.time {
                let anchor = self.first_known(e.from, e.to);
                if anchor != e.anchor {
                    turns.push(Turn { begins: false, from: e.from, anchor: e.anchor });
                    turns.push(Turn { begins: true, from: e.from, anchor });
                    if let Some(e) = self.episodes.get_mut(spot) {
                        e.anchor = anchor;
                    }
                }
            }
            spot = self.episodes.next(spot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, instant by instant.
    fn plainly(events: &[(Entry, bool)], span: i64, need: Need) -> Vec<Episode> {
        let mut found: Vec<Episode> = Vec::new();
        let last = events.iter().map(|(e, _)| e.time).max().unwrap_or(0);
        let mut held = false;
        for t in -1..=last + span + 1 {
            let within: Vec<&Entry> = events
                .iter()
                .filter(|(e, counts)| *counts && t - span < e.time && e.time <= t)
                .map(|(e, _)| e)
                .collect();
            let mut keys: Vec<u32> = within.iter().map(|e| e.cell).collect();
            keys.sort_unstable();
            keys.dedup();
            let holds = match need {
                Need::Count { least, kinds } => {
                    within.len() >= least as usize && keys.len() >= kinds as usize
                }
                Need::Sum { above } => within.iter().map(|e| u64::from(e.cell)).sum::<u64>() > above,
            };
            match (held, holds) {
                (false, true) => found.push(Episode { from: t, to: t + 1, anchor: 0 }),
                (true, true) => found.last_mut().unwrap().to = t + 1,
                _ => {}
            }
            held = holds;
        }
        for e in &mut found {
            let spoke = events.iter().filter(|(x, _)| e.from - span < x.time && x.time < e.to);
            e.anchor = spoke.map(|(x, _)| x.root).min().unwrap();
        }
        found
    }

    #[test]
    fn any_order_of_coming_and_going_gives_what_the_definition_says() {
        let mut seed = 11u64;
        let mut next = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        let mut crossed = 0;
        for world in 0..400u32 {
            let need = match world % 3 {
                0 => Need::Count { least: 1 + next(7) as u32, kinds: 0 },
                1 => Need::Count { least: 1 + next(4) as u32, kinds: 2 + next(2) as u32 },
                _ => Need::Sum { above: next(9) },
            };
            let span = 3 + next(12) as i64;
            let mut window = Window::new(span, need);
            let mut events: Vec<(Entry, bool)> = Vec::new();
            let mut known: Vec<(i64, u32)> = Vec::new();
            for root in 0..if world < 40 { 120 } else { 30 } {
                let mut turns = Vec::new();
                if next(5) == 0 && !events.is_empty() {
                    let (gone, counts) = events.remove(next(events.len() as u64) as usize);
                    window.remove(gone, counts, &mut turns);
                } else {
                    let time =
                        if next(4) == 0 { next(u64::from(root) * 2 + 9) as i64 } else { i64::from(root) * 2 };
                    let (event, counts) = (Entry { time, root, cell: next(4) as u32 }, next(6) > 0);
                    events.push((event, counts));
                    window.insert(event, counts, &mut turns);
                }
                let plain = plainly(&events, span, need);
                assert!(window.episodes().eq(&plain), "{world}/{root} {need:?} {span} {events:?}");
                for turn in turns {
                    match turn.begins {
                        true => known.push((turn.from, turn.anchor)),
                        false => {
                            let at = known.iter().position(|k| *k == (turn.from, turn.anchor));
                            known.remove(at.expect("what ends was there"));
                        }
                    }
                }
                known.sort_unstable();
                assert!(plain.iter().map(|e| (e.from, e.anchor)).eq(known.iter().copied()), "{world}/{root}");
                crossed += plain.len();
            }
        }
        assert!(crossed > 10_000);
    }
}
