use super::*;
use crate::entry::Erasure;
use crate::policy::TLP;
use crate::store::tests::{intake, record, submission, workspace};
use crate::workspace::Workspace;
use servanda_model::record::Tlp;
use std::collections::BTreeSet;
use tempfile::TempDir;

/// A store with records that everybody here may see, and, in between, with others as well.
fn store(hidden: bool) -> (TempDir, Workspace) {
    let (folder, workspace) = workspace();
    let store = workspace.store();
    let keeper = Viewer::keeper();
    let to = |parties: &[&str], level| Marking {
        releasable_to: Some(parties.iter().map(|p| Name::from(*p)).collect()),
        ..Marking::of(level)
    };
    let mut all = Vec::new();
    let mut add = |id: &str, fact: &str, earliest: i64, marking: Marking, is_hidden: bool| {
        if hidden || !is_hidden {
            let mut one = record(id, Tlp::Clear);
            (one.fact, one.earliest, one.marking) = (fact.into(), Instant(earliest), marking);
            all.push(one);
        }
    };
    // Hidden from everybody that the test asks for: for Norway, for nobody, with a caveat, of another policy, above all of them.
    add("h1", "fire", 1, to(&["Norway"], Tlp::Clear), true);
    add("a", "fire", 1, Marking::default(), false);
    add("h2", "flight", 2, to(&[], Tlp::Clear), true);
    add("b", "flight", 2, Marking::default(), false);
    add("h3", "never-seen", 3, Marking { caveats: ["source".into()].into(), ..Marking::default() }, true);
    add("c", "fire", 4, Marking::default(), false);
    add("h4", "fire", 4, Marking { policy: Some("NATO".into()), ..Marking::default() }, true);
    add("h5", "fire", 4, Marking::of(Tlp::Red), true);
    store.enter(&intake(all.len()), &all, 0, &keeper, || Ok(())).unwrap();
    let say = |subject: &str, marking: Marking| {
        let statement = Statement {
            kind: "ruling".into(),
            subject: subject.into(),
            marking,
            json: "{\"same\":true}".into(),
        };
        store.say(&[statement], Instant(2_000), &keeper).unwrap();
    };
    say("a", Marking::default());
    if hidden {
        say("h1", to(&["Norway"], Tlp::Clear));
        let mut more = submission("key/x", 1, None, "x");
        if let crate::Entry::Record(record) = &mut more.entry {
            record.marking = Marking::of(Tlp::Red);
        }
        store.submit(more, Instant(2_000)).unwrap();
        let order = Erasure {
            id: "h2".into(),
            category: "witness".into(),
            authority: "court".into(),
            reason: "asked for".into(),
        };
        store.erase(&order, Instant(3_000), &keeper).unwrap();
        store.attach(b"hidden").unwrap();
        let all = store.view(&keeper).records().unwrap();
        store.looked_at(&keeper, "the page", &all, Instant(4_000)).unwrap();
        store.settle_looks(Instant(4_000)).unwrap();
    }
    say("b", Marking::default());
    (folder, workspace)
}

fn viewers() -> Vec<Viewer> {
    let mut viewers = vec![Viewer::public(), Viewer::named("nobody")];
    for (party, level, roles) in [
        ("Poland", Tlp::Amber, vec![]),
        ("France", Tlp::Clear, vec![Role::Reader, Role::Analyst, Role::Releaser]),
    ] {
        let mut viewer = Viewer::named(party);
        viewer.party = Some(party.into());
        viewer.body = Some("JMC".into());
        viewer.clearances = [(TLP.into(), level)].into();
        viewer.caveats = ["medical".into()].into();
        viewer.roles = roles.into_iter().collect();
        viewers.push(viewer);
    }
    viewers
}

fn shown<T: std::fmt::Debug>(answer: Result<T, Error>) -> String {
    match answer {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("{error}; {:?}", error.help_text()),
    }
}

/// Every query of the store, by name, with what it answers to a viewer.
fn every_query(view: &View<'_>) -> Vec<(&'static str, String)> {
    let mut answers = vec![
        ("records", shown(view.records())),
        ("counts", shown(view.counts())),
        ("markings", shown(view.markings())),
        ("intakes", shown(view.intakes())),
        ("erased", shown(view.erased())),
        ("redacted", shown(view.redacted(&Viewer::public()))),
        ("looks", shown(view.looks())),
        ("released", shown(view.released())),
        // What an entry's number and its salt are depends on the log; `disclosure_tests.rs` compares two that share one.
        (
            "disclose",
            shown(view.disclose(view.viewer(), None, u64::MAX).map(|told| (told.opened, told.withheld))),
        ),
    ];
    for id in ["a", "h1", "h2", "h4", "h5", "key/x-1", "none", "' OR 1 = 1 --"] {
        answers.push(("record", shown(view.record(id))));
        let one = [Name::from(id)].into();
        let told = view.disclose(view.viewer(), Some(&one), u64::MAX);
        answers.push(("disclose", shown(told.map(|told| (told.opened, told.withheld)))));
        answers.push(("records_after", shown(view.records_after(Some(id)))));
        answers.push(("attachment", shown(view.attachment(id, &crate::sha256(b"hidden")))));
    }
    for (from, until) in [(i64::MIN, i64::MAX), (1, 1), (3, 3), (4, 4)] {
        for fact in ["fire", "flight", "never-seen", "none"] {
            answers.push(("records_of", shown(view.records_of(fact, Instant(from), Instant(until)))));
        }
    }
    for kind in ["ruling", "account", "key-none"] {
        answers.push(("statements", shown(view.statements(kind))));
        answers.push(("statement_count", shown(view.statement_count(kind))));
    }
    answers
}

#[test]
fn two_stores_that_differ_in_what_is_hidden_answer_alike() {
    let ((_one, one), (_two, two)) = (store(false), store(true));
    let (one, two) = (one.store(), two.store());
    for viewer in viewers() {
        let (plain, hiding) = (every_query(&one.view(&viewer)), every_query(&two.view(&viewer)));
        for (a, b) in plain.iter().zip(&hiding) {
            assert_eq!(a, b, "{}", viewer.name);
        }
    }
    // The comparison is worth something: who may see all sees the difference in every query.
    let keeper = Viewer::keeper();
    let differ: BTreeSet<&str> = every_query(&one.view(&keeper))
        .iter()
        .zip(&every_query(&two.view(&keeper)))
        .filter(|(a, b)| a != b)
        .map(|(a, _)| a.0)
        .collect();
    let all: BTreeSet<&str> = [
        "records",
        "counts",
        "markings",
        "intakes",
        "erased",
        "redacted",
        "looks",
        "disclose",
        "record",
        "records_after",
        "records_of",
        "statements",
        "statement_count",
    ]
    .into();
    assert_eq!(differ, all);
}

#[test]
fn the_comparison_asks_every_query_there_is() {
    let (_folder, workspace) = store(false);
    let store = workspace.store();
    let asked: BTreeSet<&str> =
        every_query(&store.view(&Viewer::public())).into_iter().map(|(name, _)| name).collect();
    let mut there = BTreeSet::new();
    for source in [
        include_str!("view.rs"),
        include_str!("attachments.rs"),
        include_str!("release.rs"),
        include_str!("access.rs"),
        include_str!("disclosure.rs"),
    ] {
        let mut inside = false;
        for line in source.lines() {
            if line.starts_with("impl ") {
                inside = line.starts_with("impl View<");
            }
            if let Some(name) = line.strip_prefix("    pub fn ").filter(|_| inside) {
                there.insert(name.split('(').next().unwrap());
            }
        }
    }
    assert!(there.len() >= 10, "{there:?}");
    assert_eq!(asked, there);
}

#[test]
fn a_viewer_sees_what_it_may_and_in_order() {
    let (_folder, workspace) = store(true);
    let store = workspace.store();
    let ids = |viewer: &Viewer| -> Vec<String> {
        store.view(viewer).records().unwrap().iter().map(|r| r.id.to_string()).collect()
    };
    assert_eq!(ids(&Viewer::public()), ["a", "b", "c"]);
    assert_eq!(ids(&Viewer::named("nobody")), [""; 0]);
    assert_eq!(ids(&Viewer::keeper()), ["h1", "a", "b", "h3", "c", "h4", "h5", "key/x-1"]);
    let mut norway = Viewer::public();
    norway.party = Some("Norway".into());
    assert_eq!(ids(&norway), ["h1", "a", "b", "c"]);
    assert_eq!(
        store.view(&Viewer::public()).counts().unwrap(),
        [("fire".into(), 2), ("flight".into(), 1)].into()
    );
    let hidden = store.view(&Viewer::public()).record("h1").unwrap_err();
    assert!(hidden.is_not_found(), "{hidden}");
}
