//! Makes a world smaller while it still shows what was found: fewer questions, records, declarations, fields, roles,
//! attributes.
//!
//! Invariants
//! - what comes out shows a finding of the same family;
//! - it ends: every step that is kept takes something away, and the number of tries is bounded.

use crate::compare::{Compared, Finding, Maker};
use crate::search::{Families, compare};
use crate::world::World;

/// Makes a world smaller; returns it with what it shows. `tries` bounds the number of comparisons.
pub fn shrink(
    world: World,
    finding: Finding,
    families: Families,
    maker: Maker,
    tries: usize,
) -> (World, Finding) {
    let mut state = Shrink { world, finding, families, maker, left: tries };
    state.questions();
    loop {
        let before = size(&state.world);
        state.pieces(|w| &mut w.rows, 0);
        state.pieces(|w| &mut w.declarations, 1);
        for index in 0..state.world.declarations.len() {
            state.pieces(|w| &mut w.declarations[index].fields, 0);
        }
        for index in 0..state.world.rows.len() {
            state.pieces(|w| &mut w.rows[index].attributes, 0);
            state.pieces(|w| &mut w.rows[index].roles, 0);
        }
        state.pieces(|w| &mut w.clocks, 0);
        state.pieces(|w| &mut w.asks, 0);
        state.words();
        if size(&state.world) == before || state.left == 0 {
            return (state.world, state.finding);
        }
    }
}

fn size(world: &World) -> usize {
    let declarations: usize =
        world.declarations.iter().map(|d| 1 + d.fields.iter().map(|f| f.len() + 1).sum::<usize>()).sum();
    let rows: usize = world.rows.iter().map(|r| r.text().len() + 1).sum();
    declarations + rows + world.asks.len() + world.clocks.len()
}

struct Shrink {
    world: World,
    finding: Finding,
    families: Families,
    maker: Maker,
    left: usize,
}

impl Shrink {
    /// Keeps a smaller world where it still shows the same.
    fn tried(&mut self, smaller: World) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        let Ok(read) = smaller.read() else { return false };
        match compare(&smaller, &read, self.families, self.maker, &mut Compared::default()) {
            Err(finding) if finding.family == self.finding.family => {
                self.finding = *finding;
                self.world = smaller;
                true
            }
            _ => false,
        }
    }

    /// The failing question alone, first.
    fn questions(&mut self) {
        if let Some(ask) = &self.finding.ask
            && self.world.asks.contains(ask)
        {
            let smaller = World { asks: vec![ask.clone()], ..self.world.clone() };
            self.tried(smaller);
        }
    }

    /// Takes stretches of a list away, long ones first, then shorter.
    fn pieces<T: Clone>(&mut self, list: impl Fn(&mut World) -> &mut Vec<T>, keep: usize) {
        let mut length = list(&mut self.world).len();
        while length > 0 {
            let mut start = keep;
            while start < list(&mut self.world).len() {
                let mut smaller = self.world.clone();
                let all = list(&mut smaller);
                let end = (start + length).min(all.len());
                all.drain(start..end);
                if !self.tried(smaller) {
                    start += length;
                }
            }
            length /= 2;
        }
    }

    /// Takes words out of conditions: one side of an `and` or `or`, a `not`, a `where`, a role.
    fn words(&mut self) {
        for d in 0..self.world.declarations.len() {
            for f in 0..self.world.declarations.get(d).map_or(0, |d| d.fields.len()) {
                let mut from = 0;
                while let Some(text) = self.world.declarations.get(d).and_then(|d| d.fields.get(f)).cloned() {
                    let Some(next) = simpler(&text).into_iter().nth(from) else { break };
                    let mut smaller = self.world.clone();
                    smaller.declarations[d].fields[f] = next;
                    if !self.tried(smaller) {
                        from += 1;
                    }
                    if self.left == 0 {
                        return;
                    }
                }
            }
        }
    }
}

/// Shorter ways to write a field: brackets by what stands in them, pieces between words that join taken away.
fn simpler(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let (head, rest) = text.split_once("  ").unwrap_or(("", text));
    let verbs = ["do ", "ensure ", "keep "];
    let verb = verbs.iter().find(|verb| rest.starts_with(**verb)).copied().unwrap_or_default();
    let body = &rest[verb.len()..];
    let mut put = |body: &str| {
        let body = body.trim();
        let whole = format!("{head}  {verb}{body}");
        if !body.is_empty() && whole.len() < text.len() {
            all.push(whole);
        }
    };
    // The inside of each pair of brackets, alone and in place.
    let opens: Vec<usize> = body.match_indices('(').map(|(at, _)| at).collect();
    for open in &opens {
        let mut depth = 0;
        let close = body[*open..].char_indices().find(|(_, c)| {
            depth += match c {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            depth == 0
        });
        let Some((length, _)) = close else { continue };
        let (inside, end) = (&body[open + 1..open + length], open + length + 1);
        put(inside);
        put(&format!("{}{}", &body[..*open], &body[end..]));
        put(&format!("{}{inside}{}", &body[..*open], &body[end..]));
        for word in [" where ", " and ", " or ", "not "] {
            if body[..*open].ends_with(word) {
                put(&format!("{}{}", &body[..open - word.len()], &body[end..]));
            }
            if body[end..].starts_with(word) {
                put(&format!("{}{}", &body[..*open], &body[end + word.len()..]));
            }
        }
    }
    // Two words that stand together: a role and its value.
    let words: Vec<&str> = body.split(' ').collect();
    for size in [4, 3, 2, 1] {
        for at in 0..words.len().saturating_sub(size - 1) {
            let kept: Vec<&str> = words[..at].iter().chain(&words[at + size..]).copied().collect();
            put(&kept.join(" "));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_simpler_is_shorter() {
        let all = simpler("must  keep (count of fire by bearer >= 2) and (truce holds)");
        assert!(all.iter().all(|t| t.starts_with("must  keep ") && t.len() < 60), "{all:?}");
        assert!(all.contains(&"must  keep truce holds".to_string()), "{all:?}");
        assert!(all.contains(&"must  keep (count of fire by bearer >= 2)".to_string()), "{all:?}");
    }
}
