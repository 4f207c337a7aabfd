//! Names: which are known, and which is nearest to one that is not.

/// The candidate nearest to what was written, where one is near enough to be meant.
///
/// # Example
/// ```
/// assert_eq!(servanda_lang::closest("Ukarine", ["Ukraine", "Russia"].into_iter()), Some("Ukraine"));
/// assert_eq!(servanda_lang::closest("Paris", ["Ukraine", "Russia"].into_iter()), None);
/// ```
pub fn closest<'c>(written: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let length = written.chars().count();
    if length > 80 {
        return None;
    }
    let lower = written.to_lowercase();
    candidates
        .filter(|c| c.len() <= 200)
        .filter_map(|candidate| {
            let other = candidate.to_lowercase();
            let distance = strsim::damerau_levenshtein(&lower, &other);
            let begins =
                length >= 4 && (other.starts_with(&lower) || lower.starts_with(&other)) && other.len() >= 4;
            let far = 1 + length.min(other.chars().count()) / 4;
            (distance <= far && distance < length || begins).then_some((distance, candidate))
        })
        .min_by_key(|(distance, candidate)| (*distance, candidate.len(), *candidate))
        .map(|(_, candidate)| candidate)
}
