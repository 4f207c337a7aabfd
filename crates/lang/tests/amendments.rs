//! What an amendment of a published text changes, beside what was written down of it beforehand: the rules whose sentences differ, the
//! findings that come and go, and nothing else.
//!
//! The texts stand in `tests/agreed`; the amendments were made in fact.

use servanda_lang::changes::{Changes, Version, changes};
use servanda_lang::check;
use std::path::Path;

/// The text of an agreed file, and the same with stretches replaced; every stretch occurs.
fn amended(name: &str, by: &[(&str, &str)]) -> (String, Changes) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/agreed").join(name);
    let before = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut after = before.clone();
    for (was, is) in by {
        assert!(after.contains(was), "{name} does not say `{was}`");
        after = after.replace(was, is);
    }
    let (old, new) = (check(&before), check(&after));
    assert!(!old.has_errors() && !new.has_errors(), "{:?}", new.diagnostics);
    let found = changes(Version { text: &before, checked: &old }, Version { text: &after, checked: &new });
    (after, found)
}

fn names(found: &Changes) -> Vec<&str> {
    found.meaning.iter().map(|c| c.name.as_str()).collect()
}

fn codes(all: &[(&'static str, String)]) -> Vec<&'static str> {
    all.iter().map(|(code, _)| *code).collect()
}

/// Paris, 2 October and 30 December 2015: the Normandy four let the measures run on into 2016. Moving the end of the year moves both
/// points; what was wrong between them stays wrong, a year later, and the words that are quoted still speak of 2015.
#[test]
fn another_year_for_minsk_moves_two_rules_and_mends_nothing() {
    let (_, found) =
        amended("holes-in-minsk.md", &[("  by          2015-12-31\n", "  by          2016-12-31\n")]);
    assert_eq!(names(&found), ["restore-border", "constitution"]);
    for change in &found.meaning {
        let (before, after) = (change.before.as_deref().unwrap(), change.after.as_deref().unwrap());
        assert!(before.contains("2015") && after.contains("2016") && !after.contains("2015"), "{change:?}");
    }
    assert!(found.words.is_empty());
    // The story has other dates; the hole is the same. The rules say 2016, which the words do not; that the words say 2015 is not told,
    // because the agreement itself says it elsewhere. And 31 December 2016 was a Saturday.
    let (now, gone) = (codes(&found.found), codes(&found.resolved));
    let of = |all: &[&str], code: &str| all.iter().filter(|c| **c == code).count();
    assert_eq!((of(&now, "A0710"), of(&gone, "A0710")), (2, 2), "{:?}", found.found);
    assert_eq!((of(&now, "A0707"), of(&now, "A0719"), now.len()), (2, 1, 5), "{:?}", found.found);
    assert!(codes(&found.resolved).iter().all(|c| *c == "A0710"), "{:?}", found.resolved);
}

/// 14 April 2021: the United States announced that it would be gone by 11 September 2021, in place of fourteen months after the agreement.
/// One rule changes; nobody counts months any more; and the rule says what the words of the agreement do not.
#[test]
fn another_day_for_doha_moves_one_rule_and_drifts_from_the_words() {
    let (_, found) =
        amended("holes-in-doha.md", &[("  within      14 months of signed\n", "  by          2021-09-11\n")]);
    assert_eq!(names(&found), ["withdraw-all"]);
    assert!(found.meaning[0].before.as_deref().unwrap().contains("14 months"), "{:?}", found.meaning);
    assert!(found.meaning[0].after.as_deref().unwrap().contains("2021"), "{:?}", found.meaning);
    assert!(found.words.is_empty());
    let months =
        |all: &[(&'static str, String)]| all.iter().any(|(c, m)| *c == "A0719" && m.contains("months"));
    assert!(months(&found.resolved) && !months(&found.found), "{found:?}");
    assert!(codes(&found.found).contains(&"A0706"), "fourteen is in the words alone: {:?}", found.found);
    assert!(codes(&found.found).contains(&"A0707"), "2021 is in the rule alone: {:?}", found.found);
    let weekend = |(c, m): &(&'static str, String)| *c == "A0719" && m.contains("2021-09-11");
    assert!(found.found.iter().any(weekend), "it was a Saturday: {:?}", found.found);
    assert_eq!(found.found.len(), 3, "{:?}", found.found);
}

/// 8 April 2000, Kampala: the parties to Lusaka gave themselves a new D-Day and other times. With 150 days for the armed groups the
/// peacekeepers of day 120 leave a month, and the hole is gone; nothing new comes.
#[test]
fn more_days_for_lusaka_close_its_hole() {
    let (_, found) = amended(
        "holes-in-lusaka.md",
        &[
            (
                "the Parties disarm the armed groups by D-Day + 120 days",
                "the Parties disarm the armed groups by D-Day + 150 days",
            ),
            (
                "  needs       deploy fulfilled\n  must        do groups-disarmed by bearer\n  within      120 days of D-Day\n",
                "  needs       deploy fulfilled\n  must        do groups-disarmed by bearer\n  within      150 days of D-Day\n",
            ),
        ],
    );
    assert_eq!(names(&found), ["disarm"]);
    assert_eq!(found.words.len(), 1);
    assert_eq!(codes(&found.resolved), ["A0710"]);
    assert!(found.found.is_empty(), "{:?}", found.found);
}
