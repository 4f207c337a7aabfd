//! Records by several of their roles and by their place together, and lists by what they ask for in these.
//!
//! A pattern asks for names, for texts and for a zone. An [`Index`] is a tree with a level for each thing that is asked
//! for: who asks goes down the few branches that may be meant, and meets few records that it does not want. A branch
//! with few records is not divided further. [`Asking`] is the same turned round: lists by what they ask for, met by a
//! record that comes or goes.
//!
//! What it does not do: decide whether a record is meant. It leaves out only what surely is not; whether a name or a
//! place may be meant is told by whoever asks.
//!
//! Start at [`Index::asked`].

use crate::reference::known::Seen;
use crate::reference::matching::Spot;
use servanda_model::record::RoleValue;
use servanda_model::{Name, Place, Point, Record};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

/// So many records are not divided further.
const FEW: usize = 24;

/// What records are divided by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// What fills a role.
    Role(Name),
    /// The place.
    Place,
}

/// What a pattern asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// A text.
    Text(String),
    /// One of these names.
    Names(Vec<Name>),
    /// A place in this zone.
    Zone(Name),
}

/// What a record has there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// Nothing.
    Missing,
    /// One of several, or neither name nor text.
    Other,
    /// A name.
    Name(Name),
    /// A text.
    Text(String),
    /// A place.
    Spot(Spot),
}

impl By {
    /// What a record has there.
    pub fn key(&self, record: &Record) -> Key {
        match self {
            By::Role(role) => match record.roles.get(role) {
                None => Key::Missing,
                Some(RoleValue::Name(name)) => Key::Name(name.clone()),
                Some(RoleValue::Text(text)) => Key::Text(text.clone()),
                Some(_) => Key::Other,
            },
            By::Place => match &record.place {
                None => Key::Missing,
                Some(place) => Key::Spot(Spot::of(place)),
            },
        }
    }
}

enum Branch {
    Leaf(Vec<Arc<Seen>>),
    Fork(BTreeMap<Key, Branch>),
}

/// Records of a fact that affirm it, by what they have there.
pub struct Index {
    by: Vec<By>,
    root: Branch,
    /// Level by level, the names and places by which a branch was divided.
    met: Vec<BTreeSet<Key>>,
    /// By level and by what is asked for: what may be meant.
    meant: BTreeMap<(usize, Asked), Rc<Vec<Key>>>,
}

/// Some records that may be meant, in order of time.
pub struct Met<'i> {
    /// They.
    pub records: &'i [Arc<Seen>],
    /// Whether all of them have the same, which tells all that can be told, in everything that they are divided by.
    pub alike: bool,
}

impl Index {
    /// Without a record yet.
    pub fn new(by: Vec<By>) -> Index {
        let met = by.iter().map(|_| BTreeSet::new()).collect();
        Index { by, root: Branch::Leaf(Vec::new()), met, meant: BTreeMap::new() }
    }

    /// One more record.
    pub fn put_in(&mut self, seen: &Arc<Seen>) {
        let Index { by, root, met, meant } = self;
        put_in(root, 0, by, seen, &mut |level, key| {
            if matches!(key, Key::Name(_) | Key::Spot(_)) && !met[level].contains(key) {
                met[level].insert(key.clone());
                meant.retain(|(at, _), _| *at != level);
            }
        });
    }

    /// A record that counts no longer as it did.
    pub fn take_out(&mut self, seen: &Seen) {
        let mut branch = &mut self.root;
        let mut by = self.by.iter();
        loop {
            match branch {
                Branch::Leaf(list) => {
                    let place = list.partition_point(|other| other.order() < seen.order());
                    if list.get(place).is_some_and(|other| other.record.id == seen.record.id) {
                        list.remove(place);
                    }
                    return;
                }
                Branch::Fork(next) => {
                    let Some(found) = by.next().and_then(|by| next.get_mut(&by.key(&seen.record))) else {
                        return;
                    };
                    branch = found;
                }
            }
        }
    }

    /// The records that may be meant: `asked` level by level; `may_be` says whether something that a record has may be
    /// what is asked for.
    pub fn asked(&mut self, asked: &[Asked], may_be: impl Fn(&Key, &Asked) -> bool) -> Vec<Met<'_>> {
        let Index { by, root, met, meant } = self;
        let levels: Vec<Rc<Vec<Key>>> = asked
            .iter()
            .zip(met)
            .enumerate()
            .map(|(level, (asked, met))| match asked {
                Asked::Text(text) => Rc::new(vec![
                    Key::Missing,
                    Key::Other,
                    Key::Name(text.as_str().into()),
                    Key::Text(text.clone()),
                ]),
                _ => meant
                    .entry((level, asked.clone()))
                    .or_insert_with(|| {
                        let met = met.iter().filter(|key| may_be(key, asked)).cloned();
                        // A text is a name where it is the very same.
                        let texts = match asked {
                            Asked::Names(names) => &names[..],
                            _ => &[],
                        };
                        let texts: BTreeSet<&str> = texts.iter().map(Name::as_str).collect();
                        let texts = texts.into_iter().map(|text| Key::Text(text.to_string()));
                        Rc::new([Key::Missing, Key::Other].into_iter().chain(met).chain(texts).collect())
                    })
                    .clone(),
            })
            .collect();
        let mut found = Vec::new();
        down(root, &levels, by.len() == levels.len(), &mut found);
        found
    }
}

fn down<'i>(branch: &'i Branch, levels: &[Rc<Vec<Key>>], alike: bool, found: &mut Vec<Met<'i>>) {
    match (branch, levels) {
        (Branch::Leaf(records), _) if records.is_empty() => {}
        (Branch::Leaf(records), _) => found.push(Met { records, alike: alike && levels.is_empty() }),
        (Branch::Fork(next), [keys, rest @ ..]) => {
            for key in keys.iter() {
                if let Some(branch) = next.get(key) {
                    down(branch, rest, alike && *key != Key::Other, found);
                }
            }
        }
        // What is not asked for may be anything.
        (Branch::Fork(next), []) => next.values().for_each(|branch| down(branch, &[], false, found)),
    }
}

fn put_in(
    branch: &mut Branch,
    level: usize,
    by: &[By],
    seen: &Arc<Seen>,
    divided: &mut impl FnMut(usize, &Key),
) {
    match branch {
        Branch::Fork(next) => {
            let Some(of) = by.get(level) else { return };
            let key = of.key(&seen.record);
            divided(level, &key);
            let branch = next.entry(key).or_insert_with(|| Branch::Leaf(Vec::new()));
            put_in(branch, level + 1, by, seen, divided);
        }
        Branch::Leaf(list) => {
            if list.last().is_none_or(|last| last.order() < seen.order()) {
                list.push(seen.clone());
            } else {
                let place = list.partition_point(|other| other.order() < seen.order());
                list.insert(place, seen.clone());
            }
            if list.len() > FEW && level < by.len() {
                let all = std::mem::take(list);
                *branch = Branch::Fork(BTreeMap::new());
                all.iter().for_each(|seen| put_in(branch, level, by, seen, divided));
            }
        }
    }
}

/// Lists by what they ask for, level by level.
pub enum Asking<L> {
    /// Lists that ask for nothing more.
    Leaf(Vec<L>),
    /// By the text, or by anything else that they ask for there.
    Fork(BTreeMap<String, Asking<L>>, BTreeMap<Asked, Asking<L>>),
}

impl<L> Default for Asking<L> {
    fn default() -> Self {
        Asking::Leaf(Vec::new())
    }
}

impl<L> Asking<L> {
    /// One more list, which asks for so much; all lists here ask by the same.
    pub fn put_in(&mut self, asked: &[Asked], list: L) {
        let [first, rest @ ..] = asked else {
            if let Asking::Leaf(all) = self {
                all.push(list);
            }
            return;
        };
        if let Asking::Leaf(_) = self {
            *self = Asking::Fork(BTreeMap::new(), BTreeMap::new());
        }
        let Asking::Fork(texts, others) = self else { return };
        let next = match first {
            Asked::Text(text) => texts.entry(text.clone()).or_default(),
            _ => others.entry(first.clone()).or_default(),
        };
        next.put_in(rest, list);
    }

    /// The lists that a record may be meant by, which has these keys level by level.
    pub fn met<'a>(&'a self, keys: &[Key], may_be: &impl Fn(&Key, &Asked) -> bool, found: &mut Vec<&'a L>) {
        match (self, keys) {
            (Asking::Leaf(all), _) => found.extend(all),
            (Asking::Fork(texts, others), [key, rest @ ..]) => {
                let text = match key {
                    Key::Text(text) => texts.get(text),
                    Key::Name(name) => texts.get(name.as_str()),
                    _ => {
                        texts.values().for_each(|next| next.met(rest, may_be, found));
                        None
                    }
                };
                text.into_iter().for_each(|next| next.met(rest, may_be, found));
                let others = others.iter().filter(|(asked, _)| may_be(key, asked));
                others.for_each(|(_, next)| next.met(rest, may_be, found));
            }
            (Asking::Fork(texts, others), []) => {
                texts.values().chain(others.values()).for_each(|next| next.met(&[], may_be, found));
            }
        }
    }
}

impl Spot {
    /// That of a place.
    pub fn of(place: &Place) -> Spot {
        match place {
            Place::Named(name) => Spot::Named(name.clone()),
            Place::Point { at, radius_m } => {
                Spot::Point(at.lat.to_bits(), at.lon.to_bits(), radius_m.to_bits())
            }
        }
    }

    /// The place.
    pub fn place(&self) -> Place {
        match self {
            Spot::Named(name) => Place::Named(name.clone()),
            Spot::Point(lat, lon, radius) => {
                let at = Point { lat: f64::from_bits(*lat), lon: f64::from_bits(*lon) };
                Place::Point { at, radius_m: f64::from_bits(*radius) }
            }
        }
    }
}
