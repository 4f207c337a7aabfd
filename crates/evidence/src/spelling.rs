//! "Did you mean": the nearest of a list of words.
//!
//! It suggests and never replaces.

/// Changes of one letter (or swaps of two neighbours) between two words, up to `limit`; `None` beyond it.
fn distance(a: &[char], b: &[char], limit: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let change = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = change.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        if row.iter().all(|d| *d > limit) {
            return None;
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|d| *d <= limit)
}

/// Up to three words of `known` that `word` may have been meant for, nearest first.
pub fn near<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let letters = |w: &str| w.chars().flat_map(char::to_lowercase).take(64).collect::<Vec<char>>();
    let asked = letters(word);
    let limit = (asked.len() / 3).clamp(1, 4);
    let mut found: Vec<(usize, &str)> = Vec::new();
    for candidate in known {
        if let Some(d) = distance(&asked, &letters(candidate), limit) {
            found.push((d, candidate));
        }
    }
    found.sort();
    found.dedup();
    let best = found.first().map_or(0, |(d, _)| *d);
    found.retain(|(d, _)| *d <= best + 1);
    found.into_iter().take(3).map(|(_, w)| w).collect()
}

/// `did you mean …? ` in front of `else_say`, where something is near.
pub fn remedy<'a>(word: &str, known: impl IntoIterator<Item = &'a str>, else_say: &str) -> String {
    let near = near(word, known);
    if near.is_empty() {
        return else_say.to_string();
    }
    let quoted: Vec<String> = near.iter().map(|w| format!("`{w}`")).collect();
    format!("did you mean {}? {else_say}", quoted.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_words_come_first() {
        let known = ["latitude", "longitude", "date_start", "date_end"];
        assert_eq!(near("lattitude", known), ["latitude"]);
        assert_eq!(near("Date_Strat", known), ["date_start"]);
        assert_eq!(near("zzzz", known), [""; 0]);
        assert_eq!(near("", known), [""; 0]);
    }
}
