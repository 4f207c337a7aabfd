//! Which reports are proposed as one event: constrained clusters by average link.
//!
//! Two clusters are joined while the average log-odds of their pairs are the highest of all and above the threshold. A
//! chain of doubtful links therefore does not pull a wave of violence together: everybody has to fit everybody.
//!
//! Invariants
//! - what must not be together never is: what a person held apart, or one text lists as two events;
//! - what a person ruled to be one event is one from the start;
//! - the order of the pairs makes no difference; ties are decided by the reports' numbers.

use super::pairs::Pair;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};

/// What clusters are bound to.
#[derive(Clone, Default, Debug)]
pub struct Constraints {
    /// Groups that are one event.
    pub together: Vec<Vec<u32>>,
    /// Pairs that are not.
    pub apart: Vec<Pair>,
}

struct Join {
    average: f64,
    pair: Pair,
    /// Versions of the two clusters when this was computed.
    versions: Pair,
}

impl PartialEq for Join {
    fn eq(&self, other: &Join) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Join {}
impl PartialOrd for Join {
    fn partial_cmp(&self, other: &Join) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Join {
    fn cmp(&self, other: &Join) -> Ordering {
        self.average.total_cmp(&other.average).then_with(|| other.pair.cmp(&self.pair))
    }
}

#[derive(Clone, Copy)]
struct Link {
    sum: f64,
    pairs: u32,
    forbidden: bool,
}

/// Sets whose members lead to their smallest one.
pub(super) struct Sets(Vec<u32>);

impl Sets {
    pub(super) fn new(size: usize) -> Sets {
        Sets((0..size as u32).collect())
    }

    pub(super) fn root(&mut self, mut one: u32) -> u32 {
        while self.0[one as usize] != one {
            let up = self.0[self.0[one as usize] as usize];
            self.0[one as usize] = up;
            one = up;
        }
        one
    }

    pub(super) fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b) as usize] = a.min(b);
    }
}

/// The cluster of each of `size` reports, named by its smallest member.
///
/// `scored` are candidates with their log-odds; a pair that is no candidate counts as `unseen`.
pub fn clusters(
    size: usize,
    scored: &[(Pair, f64)],
    constraints: &Constraints,
    threshold: f64,
    unseen: f64,
) -> Vec<u32> {
    let mut start = Sets::new(size);
    for group in &constraints.together {
        for pair in group.windows(2) {
            start.join(pair[0], pair[1]);
        }
    }
    // A join needs one pair above the threshold, so clusters never leave what such pairs connect.
    let mut connected = Sets::new(size);
    for report in 0..size as u32 {
        let root = start.root(report);
        connected.join(report, root);
    }
    for ((a, b), score) in scored {
        if *score > threshold {
            connected.join(*a, *b);
        }
    }
    let mut parts: BTreeMap<u32, Vec<(Pair, Link)>> = BTreeMap::new();
    let mut place = |(a, b): Pair, link: Link, connected: &mut Sets, start: &mut Sets| {
        let part = connected.root(a);
        let (a, b) = (start.root(a), start.root(b));
        if part == connected.root(b) && a != b {
            parts.entry(part).or_default().push(((a.min(b), a.max(b)), link));
        }
    };
    for (pair, score) in scored {
        place(*pair, Link { sum: *score, pairs: 1, forbidden: false }, &mut connected, &mut start);
    }
    for pair in &constraints.apart {
        place(*pair, Link { sum: 0.0, pairs: 0, forbidden: true }, &mut connected, &mut start);
    }
    let mut sizes = vec![0u32; size];
    for report in 0..size as u32 {
        sizes[start.root(report) as usize] += 1;
    }
    for links in parts.into_values() {
        join_within(links, &mut sizes, &mut start, threshold, unseen);
    }
    (0..size as u32).map(|report| start.root(report)).collect()
}

/// Joins the clusters of one connected part, while an average is above the threshold.
fn join_within(
    mut links: Vec<(Pair, Link)>,
    sizes: &mut [u32],
    sets: &mut Sets,
    threshold: f64,
    unseen: f64,
) {
    if links.iter().all(|(_, link)| link.sum <= threshold || link.forbidden) {
        return;
    }
    // Sums must not depend on the order in which pairs came.
    links.sort_by(|(p, l), (q, m)| p.cmp(q).then(l.sum.total_cmp(&m.sum)).then(l.pairs.cmp(&m.pairs)));
    let mut beside: BTreeMap<u32, BTreeMap<u32, Link>> = BTreeMap::new();
    for ((a, b), link) in links {
        for (one, other) in [(a, b), (b, a)] {
            add(beside.entry(one).or_default(), other, link);
        }
    }
    let mut versions: BTreeMap<u32, u32> = beside.keys().map(|one| (*one, 0)).collect();
    let mut heap = BinaryHeap::new();
    let offer = |heap: &mut BinaryHeap<Join>, link: &Link, pair: Pair, versions: Pair, sizes: &[u32]| {
        let all = f64::from(sizes[pair.0 as usize]) * f64::from(sizes[pair.1 as usize]);
        let average = (link.sum + unseen * (all - f64::from(link.pairs))) / all;
        if !link.forbidden && average > threshold {
            heap.push(Join { average, pair, versions });
        }
    };
    for (one, others) in &beside {
        for (other, link) in others.range(one + 1..) {
            offer(&mut heap, link, (*one, *other), (0, 0), sizes);
        }
    }
    while let Some(join) = heap.pop() {
        let (a, b) = join.pair;
        if versions.get(&a) != Some(&join.versions.0) || versions.get(&b) != Some(&join.versions.1) {
            continue;
        }
        sets.join(a, b);
        sizes[a as usize] += sizes[b as usize];
        versions.remove(&b);
        let version = versions.entry(a).or_default();
        *version += 1;
        let version = *version;
        let gone = beside.remove(&b).unwrap_or_default();
        for (other, link) in gone {
            if let Some(theirs) = beside.get_mut(&other) {
                theirs.remove(&b);
                if other != a {
                    add(theirs, a, link);
                }
            }
            if other != a {
                add(beside.entry(a).or_default(), other, link);
            }
        }
        for (other, link) in beside.get(&a).into_iter().flatten() {
            let theirs = versions.get(other).copied().unwrap_or_default();
            let (pair, versions) =
                if a < *other { ((a, *other), (version, theirs)) } else { ((*other, a), (theirs, version)) };
            offer(&mut heap, link, pair, versions, sizes);
        }
    }
}

fn add(links: &mut BTreeMap<u32, Link>, other: u32, link: Link) {
    let sum = links.entry(other).or_insert(Link { sum: 0.0, pairs: 0, forbidden: false });
    sum.sum += link.sum;
    sum.pairs += link.pairs;
    sum.forbidden |= link.forbidden;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(size: usize, scored: &[(Pair, f64)], apart: &[Pair], together: &[&[u32]]) -> Vec<u32> {
        let constraints = Constraints {
            apart: apart.to_vec(),
            together: together.iter().map(|group| group.to_vec()).collect(),
        };
        let one = clusters(size, scored, &constraints, 0.0, -4.0);
        let mut turned = scored.to_vec();
        turned.reverse();
        assert_eq!(clusters(size, &turned, &constraints, 0.0, -4.0), one, "the order makes no difference");
        one
    }

    #[test]
    fn a_chain_of_links_is_not_one_event() {
        let chain: Vec<(Pair, f64)> = (0..9).map(|i| ((i, i + 1), 1.0)).collect();
        let found = of(10, &chain, &[], &[]);
        let mut sizes = BTreeMap::new();
        for cluster in found {
            *sizes.entry(cluster).or_insert(0) += 1;
        }
        assert!(sizes.values().all(|n| *n <= 2), "{sizes:?}");
    }

    #[test]
    fn what_is_held_apart_stays_apart_and_what_is_ruled_one_is_one() {
        let all = [((0, 1), 3.0), ((0, 2), 3.0), ((1, 2), 3.0)];
        assert_eq!(of(3, &all, &[], &[]), [0, 0, 0]);
        let apart = of(3, &all, &[(1, 2)], &[]);
        assert_ne!(apart[1], apart[2]);
        let ruled = of(4, &all, &[(1, 2)], &[&[0, 1], &[2, 3]]);
        assert_eq!((ruled[0], ruled[2]), (ruled[1], ruled[3]));
        assert_ne!(ruled[0], ruled[2], "{ruled:?}");
    }

    #[test]
    fn an_average_counts_those_that_were_not_compared() {
        assert_eq!(of(3, &[((0, 1), 5.0), ((1, 2), 1.0)], &[], &[]), [0, 0, 2]);
        assert_eq!(of(3, &[((0, 1), 9.0), ((1, 2), 8.9)], &[], &[]), [0, 0, 0]);
    }
}
