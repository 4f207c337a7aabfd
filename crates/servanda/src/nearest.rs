//! "Did you mean": the known name that is nearest to what was typed.

/// The nearest of the known names, where one is near.
pub fn nearest<'a>(asked: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let asked_low = asked.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for name in known {
        let low = name.to_lowercase();
        let distance =
            if !asked_low.is_empty() && low.contains(&asked_low) { 1 } else { edits(&asked_low, &low) };
        if best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, name));
        }
    }
    best.filter(|(distance, _)| *distance <= 1 + asked.chars().count() / 4).map(|(_, name)| name)
}

/// Letters to insert, remove, change or swap with their neighbour.
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = [vec![0; b.len() + 1], (0..=b.len()).collect(), Vec::new()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut least = (rows[1][j] + 1).min(row[j - 1] + 1).min(rows[1][j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[0][j - 2] + 1);
            }
            row.push(least);
        }
        rows.rotate_left(1);
        rows[1] = row;
    }
    rows[1][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_met_and_strangers_are_not() {
        let known = ["no-fire", "withdraw-heavy-weapons", "report-monthly"];
        assert_eq!(nearest("no-fier", known), Some("no-fire"));
        assert_eq!(nearest("No-Fire", known), Some("no-fire"));
        assert_eq!(nearest("withdraw", known), Some("withdraw-heavy-weapons"));
        assert_eq!(nearest("report-montly", known), Some("report-monthly"));
        assert_eq!(nearest("elephants", known), None);
        assert_eq!(nearest("x", []), None);
        assert_eq!((edits("ab", "ba"), edits("", "abc"), edits("kitten", "sitting")), (1, 3, 3));
    }
}
