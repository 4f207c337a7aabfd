use super::*;
use crate::entry::{Erasure, StoredRecord};
use crate::orders::correction;
use crate::policy::TLP;
use crate::store::tests::{intake, record, submission, workspace};
use servanda_ledger::leaf::commitment;
use servanda_model::record::{Marking, Tlp};

fn enter(store: &crate::Store, records: &[StoredRecord]) {
    let keeper = Viewer::keeper();
    let seen = store.view(&keeper).records().unwrap().len();
    store.enter(&intake(records.len()), records, seen, &keeper, || Ok(())).unwrap();
}

fn person(name: &str, level: Tlp, roles: &[Role]) -> Viewer {
    let mut viewer = Viewer::named(name);
    viewer.party = Some("Poland".into());
    viewer.clearances = [(TLP.into(), level)].into();
    viewer.roles = roles.iter().copied().collect();
    viewer
}

fn told(disclosure: &Disclosure) -> Vec<String> {
    let each = |shown: &Shown| match shown {
        Shown::Opened { .. } => "opened".to_string(),
        Shown::Withheld(why) => why.clone(),
    };
    disclosure.entries.iter().map(|(entry, shown)| format!("{entry} {}", each(shown))).collect()
}

#[test]
fn an_audience_gets_what_opens_only_what_it_may_see() {
    let (_folder, workspace) = workspace();
    let store = workspace.store();
    let mut newer = record("a2", Tlp::Clear);
    newer.supersedes = Some("a".into());
    let mut medical = record("m", Tlp::Amber);
    medical.marking.caveats = ["medical".into()].into();
    medical.marking.originators = ["France".into()].into();
    let mut back = record("back", Tlp::Green);
    back.json = "{\"id\":\"back\",\"withdraws\":\"a2\"}".to_string();
    // Entry 0 is the key of intake, 1 the import, 2 to 6 the records.
    enter(&store, &[record("a", Tlp::Green), newer, medical, back, record("gone", Tlp::Clear)]);
    let keeper = Viewer::keeper();
    let order = Erasure {
        id: "gone".into(),
        category: "witness".into(),
        authority: "the court".into(),
        reason: "asked\nfor".into(),
    };
    store.erase(&order, Instant(2_000), &keeper).unwrap();
    let anna = person("anna", Tlp::Green, &[]);
    let eve = person("eve", Tlp::Green, &[Role::Auditor]);
    let everything = store.view(&keeper).records().unwrap();
    store
        .looked_at(&anna, "the page", everything.iter().filter(|r| r.id.as_str() == "a"), Instant(3))
        .unwrap();
    store.looked_at(&keeper, "the page", &everything, Instant(4)).unwrap();
    store.settle_looks(Instant(3_000)).unwrap();
    let size = store.log().unwrap().size();
    let disclosure = store.view(&keeper).disclose(&anna, None, size).unwrap();
    assert_eq!(
        told(&disclosure),
        [
            "0 opened",
            "1 import; by authority of the keeper of the record",
            "2 opened",
            "3 opened",
            "4 TLP:AMBER, medical; by authority of France",
            "5 opened",
            "6 witness; by authority of the court",
            "7 order of erasure; by authority of the keeper of the record",
        ]
    );
    assert_eq!(disclosure.withheld, 2);
    assert!(
        disclosure.custody.iter().any(|line| line.ends_with("the court\tasked for")),
        "{:?}",
        disclosure.custody
    );
    assert!(!disclosure.custody.iter().any(|line| line.contains("looked at") || line.contains('\n')));
    // What opens fits what was logged.
    let log = store.log().unwrap();
    for (entry, shown) in &disclosure.entries {
        let leaf = Leaf::from_bytes(&log.leaves(*entry..entry + 1).unwrap()[0]).unwrap();
        if let Shown::Opened { envelope, salt } = shown {
            assert_eq!(commitment(salt, envelope), leaf.commitment);
            assert!(!String::from_utf8_lossy(envelope).contains("medical"));
        }
    }
    // An auditor gets the import, the order, and who looked at what it sees; an entry that names more stays closed.
    let audited = store.view(&keeper).disclose(&eve, Some(&["a2".into()].into()), size).unwrap();
    assert_eq!(
        told(&audited),
        [
            "0 opened",
            "1 opened",
            "2 opened",
            "3 opened",
            "5 opened",
            "8 opened",
            "9 access log that names records which are not opened here; by authority of the keeper of the record",
        ]
    );
    let looked: Vec<&String> = audited.custody.iter().filter(|line| line.contains("looked at")).collect();
    assert!(looked.len() == 2 && looked[0].contains("anna\tlooked at `a` from"), "{looked:?}");
    assert!(!looked[1].contains("`m`"), "{looked:?}");

    // For others, and beyond what is witnessed, nothing; for oneself what one sees.
    assert!(store.view(&anna).disclose(&eve, None, size).unwrap_err().is_denied());
    assert_eq!(told(&store.view(&anna).disclose(&anna, Some(&["a".into()].into()), size).unwrap()).len(), 5);
    let hidden = store.view(&anna).disclose(&anna, Some(&["m".into()].into()), size).unwrap_err();
    let none = store.view(&anna).disclose(&anna, Some(&["n".into()].into()), size).unwrap_err();
    assert_eq!(hidden.to_string().replace('m', "n"), none.to_string().replace('m', "n"));
    assert!(store.view(&keeper).disclose(&anna, None, 4).unwrap_err().is_refused());
}

/// Two copies of one workspace with the same keys: what comes after in the one, and is hidden, changes for a viewer nothing but
/// what the tree of the log gives (its head and the proofs).
#[test]
fn what_is_hidden_changes_nothing_of_what_is_disclosed() {
    let (folder, one) = workspace();
    enter(&one.store(), &[record("a", Tlp::Clear), record("b", Tlp::Green)]);
    let other = tempfile::tempdir().unwrap();
    crate::backup::copy_tree(folder.path(), other.path()).unwrap();
    let two = crate::Workspace::open(other.path()).unwrap();
    enter(&two.store(), &[record("h", Tlp::Red), record("i", Tlp::Red)]);
    let anna = person("anna", Tlp::Green, &[]);
    let disclosed = |workspace: &crate::Workspace, choice: Option<&BTreeSet<Name>>| {
        let store = workspace.store();
        let size = store.log().unwrap().size();
        format!("{:?}", store.view(&anna).disclose(&anna, choice, size).unwrap())
    };
    let choice: BTreeSet<Name> = ["a".into()].into();
    for choice in [None, Some(&choice)] {
        assert_eq!(disclosed(&one, choice), disclosed(&two, choice));
    }
    let keeper = Viewer::keeper();
    let count = |workspace: &crate::Workspace| {
        let size = workspace.store().log().unwrap().size();
        workspace.store().view(&keeper).disclose(&keeper, None, size).unwrap().entries.len()
    };
    assert_eq!((count(&one), count(&two)), (4, 7), "who may see all sees the difference");
}

#[test]
fn only_the_originator_corrects_and_takes_back() {
    let (_folder, workspace) = workspace();
    let store = workspace.store();
    let keeper = Viewer::keeper();
    let now = Instant(10_000);
    let mut by_smm = submission("smm", 1, None, "one");
    by_smm.by = person("smm", Tlp::Green, &[Role::Reporter]);
    if let Entry::Record(record) = &mut by_smm.entry {
        record.id = "smm/1".into();
    }
    store.submit(by_smm, now).unwrap();
    let sent = |who: &str, party: &str, number: u64, old: &str, json: bool| {
        let mut one = submission(who, number, None, &format!("{who} {number} {old}"));
        one.by = person(who, Tlp::Green, &[Role::Reporter]);
        one.by.party = Some(party.into());
        let mut record = record(&format!("{who}/{number}"), Tlp::Clear);
        match json {
            true => record.json = format!("{{\"id\":\"{who}/{number}\",\"withdraws\":\"{old}\"}}"),
            false => record.supersedes = Some(old.into()),
        }
        one.entry = Entry::Record(record);
        one
    };
    for json in [false, true] {
        // Another source, and the keeper of the folder.
        let error = store.submit(sent("else", "France", 1, "smm/1", json), now).unwrap_err();
        assert!(error.is_denied() && error.help_text().unwrap().contains("correct smm/1"), "{error}");
        let mut by_keeper = record("k", Tlp::Clear);
        match json {
            true => by_keeper.json = "{\"id\":\"k\",\"withdraws\":\"smm/1\"}".into(),
            false => by_keeper.supersedes = Some("smm/1".into()),
        }
        let error = store.enter(&intake(1), &[by_keeper], 1, &keeper, || Ok(())).unwrap_err();
        assert!(error.is_denied(), "{error}");
    }
    // Itself it may.
    let mut own = sent("smm", "Poland", 2, "smm/1", false);
    own.previous = Some(crate::digest(b"one"));
    store.submit(own, now).unwrap();
    // What the keeper entered for Poland Poland corrects, and another party does not.
    let mut polands = record("p", Tlp::Clear);
    polands.marking = Marking { originators: ["Poland".into()].into(), ..Marking::default() };
    store.enter(&intake(1), &[polands], 2, &keeper, || Ok(())).unwrap();
    assert!(store.submit(sent("else", "France", 1, "p", true), now).unwrap_err().is_denied());
    store.submit(sent("anna", "Poland", 1, "p", true), now).unwrap();
    // On the order of two officers anybody who may enter at all; one alone is none.
    let officer = |name: &str| person(name, Tlp::Red, &[Role::Officer]);
    let (order, what) = (Name::from("o1"), correction(&"smm/1".into()));
    store.propose(&order, &what, &Marking::default(), now, &officer("one")).unwrap();
    assert!(store.submit(sent("else", "France", 1, "smm/1", true), now).unwrap_err().is_denied());
    store.confirm(&order, &what, &Marking::default(), now, &officer("two")).unwrap();
    store.submit(sent("else", "France", 1, "smm/1", true), now).unwrap();
    assert_eq!(store.compare().unwrap().different, 0);
}
