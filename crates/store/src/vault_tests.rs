use super::*;
use crate::accounts::Account;
use crate::backup::{copy_tree, files_below};
use crate::store::tests::{enter, workspace};
use servanda_model::record::{Marking, Tlp};
use tempfile::TempDir;

const NOW: Instant = Instant(1_790_000_000_000);
const FORM: &str = "name: Vesna Primer\ncontact: Signal +000 555 0199\nlanguage: Ukrainian spoken\nsafety: is watched by neighbours\n\
                    consent: to be asked again\nretention: 2027-06-30\n";
/// What must not be found anywhere, in any letters.
const SECRETS: [&str; 7] =
    ["vesna", "primer", "555 0199", "5550199", "watched by", "ukrainian spoken", "asked again"];

struct World {
    folder: TempDir,
    workspace: Workspace,
    store: Store,
}

fn opener(name: &str) -> Opener {
    Opener::new(name, &format!("the passphrase of {name}"))
}

fn officer(name: &str) -> Viewer {
    let mut viewer = Viewer::named(name);
    viewer.roles = [Role::Officer].into();
    viewer
}

fn account(name: &str) -> Account {
    let mut account = Account::new(name);
    account.roles = [Role::Officer].into();
    account
}

fn identity() -> (Identity, Instant) {
    Identity::from_form(FORM).unwrap()
}

impl World {
    fn new() -> World {
        let (folder, workspace) = workspace();
        let store = workspace.store();
        enter(&store, &["a", "b"]);
        for name in ["anna", "ben", "cara"] {
            store.put_account(&account(name), NOW, &Viewer::keeper()).unwrap();
        }
        World { folder, workspace, store }
    }

    fn vault(&self) -> Vault<'_> {
        let mut vault = self.workspace.vault(&self.store).unwrap();
        vault.cost = Cost::SMALL;
        vault
    }

    fn east(&self) -> String {
        let holders = [opener("anna"), opener("ben"), opener("cara")];
        self.vault().init("east", &holders, NOW, &officer("anna")).unwrap();
        self.add("east")
    }

    fn add(&self, region: &str) -> String {
        let (identity, until) = identity();
        let mut reporter = Viewer::named("rita");
        reporter.roles = [Role::Reporter].into();
        self.vault().add(region, &identity, until, None, NOW, &reporter).unwrap()
    }

    fn open(&self, id: &str) -> Result<Opened, Error> {
        self.vault().open(id, [&opener("anna"), &opener("ben")], "call back about the report", NOW)
    }

    fn order(&self, deed: Deed) {
        let order = self.vault().propose(deed, "the mission ends", 24, NOW, &officer("anna")).unwrap();
        self.vault().confirm(&order.id, NOW, &officer("ben")).unwrap();
    }

    fn wipe(&self, region: &str) {
        self.order(Deed::Wipe { region: region.into() });
    }

    /// What the log says of the vault, for people.
    fn said(&self) -> Vec<String> {
        let said = self.store.view(&Viewer::keeper()).statements(VAULT).unwrap();
        said.into_iter().map(|(s, by)| format!("{by} {} {}", s.subject, s.json)).collect()
    }
}

/// Every byte of every file below, with its name, in small letters.
fn told_in(folder: &Path) -> Vec<String> {
    let mut told = Vec::new();
    for file in files_below(folder).unwrap() {
        let mut bytes = fs::read(folder.join(&file)).unwrap().to_ascii_lowercase();
        bytes.extend(file.to_string_lossy().to_lowercase().bytes());
        for secret in SECRETS {
            if bytes.windows(secret.len()).any(|w| w == secret.as_bytes()) {
                told.push(format!("{secret} in {}", file.display()));
            }
        }
    }
    told
}

#[test]
fn an_identity_is_nowhere_in_clear_and_two_people_open_it() {
    let world = World::new();
    let id = world.east();
    assert!(id.len() == 7 && id.starts_with("w-"), "{id}");
    let opened = world.open(&id).unwrap();
    let (there, _) = identity();
    assert_eq!(opened.identities, [there]);
    // The opening is in the log, with who, which and why, before the answer was given.
    let said = world.said();
    let last = said.last().unwrap();
    for words in ["anna", &id, r#""step":"opened""#, r#""with":["anna","ben"]"#, "call back about the report"]
    {
        assert!(last.contains(words), "{words}: {last}");
    }
    let leaf = world.store.log().unwrap().leaves(opened.receipt.entry..opened.receipt.entry + 1).unwrap();
    assert_eq!(servanda_ledger::leaf::Leaf::from_bytes(&leaf[0]).unwrap().kind, "vault");
    // A reason that names the person does not bring the name into the log.
    let told =
        world.vault().open(&id, [&opener("cara"), &opener("ben")], "Vesna Primer phoned", NOW).unwrap();
    assert!(told.reason_left_out);
    world.store.rebuild().unwrap();
    world.store.compare().unwrap();
    // The search would find it: it does in a file that has it.
    assert_eq!(told_in(world.folder.path()), [""; 0]);
    assert_eq!(world.vault().check(NOW).unwrap(), 1);
    fs::write(world.folder.path().join("note.txt"), "ask VESNA").unwrap();
    assert_eq!(told_in(world.folder.path()), ["vesna in note.txt"]);
}

#[test]
fn the_same_name_twice_gives_two_pseudonyms_and_more_can_be_added_to_one() {
    let world = World::new();
    let (one, two) = (world.east(), world.add("east"));
    assert_ne!(one, two);
    let form = FORM.replace("0199", "0200").replace("2027-06-30", "2028-01-31");
    let (more, until) = Identity::from_form(&form).unwrap();
    let by = officer("anna");
    assert_eq!(world.vault().add("east", &more, until, Some(&one), NOW, &by).unwrap(), one);
    let opened = world.open(&one).unwrap();
    let contacts: Vec<&str> = opened.identities.iter().map(|identity| identity.contact.as_str()).collect();
    assert_eq!(contacts, ["Signal +000 555 0199", "Signal +000 555 0200"]);
    assert_eq!(world.vault().regions(NOW).unwrap()[0].people[&one].until, until);
    let refuse = |region: &str, to: Option<&str>, until, by: &Viewer| {
        world.vault().add(region, &more, until, to, NOW, by).unwrap_err()
    };
    assert!(refuse("west", None, until, &by).is_not_found());
    assert!(refuse("east", Some("w-00000"), until, &by).is_not_found());
    assert!(refuse("east", None, Instant(5), &by).is_refused());
    assert!(refuse("east", None, until, &Viewer::named("eve")).is_denied());
    assert_eq!(world.vault().check(NOW).unwrap(), 3);
}

#[test]
fn one_person_alone_opens_nothing_and_what_was_wrong_is_not_told() {
    let world = World::new();
    let id = world.east();
    let open = |one: &Opener, two: &Opener| world.vault().open(&id, [one, two], "why", NOW).unwrap_err();
    let alone = open(&opener("anna"), &opener("anna"));
    assert!(alone.is_denied() && alone.to_string().contains("is one person"), "{alone}");
    let wrong = |name: &str| Opener::new(name, "something else entirely");
    let mut words = BTreeSet::new();
    for (one, two) in [
        (opener("anna"), wrong("ben")),
        (wrong("anna"), opener("ben")),
        (wrong("anna"), wrong("ben")),
        (opener("anna"), Opener::new("ben", "the passphrase of anna")),
        (opener("anna"), opener("eve")),
        (opener("keeper"), opener("ben")),
        (opener("anna"), Opener::new("ben", &"x".repeat(5_000))),
    ] {
        let error = open(&one, &two);
        assert!(error.is_denied(), "{error}");
        words.insert(format!("{error} {error:?} {}", error.help_text().unwrap()));
        // That it was tried stands in the log.
        let last = world.said().pop().unwrap();
        assert!(last.contains(r#""step":"refused""#) && last.contains(&one.name), "{last}");
    }
    assert_eq!(words.len(), 1, "{words:?}");
    // A closed account, and one that is no officer any more, open nothing either, in the same words.
    let mut closed = account("ben");
    closed.closed = true;
    for account in [closed, Account::new("ben")] {
        world.store.put_account(&account, NOW, &Viewer::keeper()).unwrap();
        words.insert({
            let error = open(&opener("anna"), &opener("ben"));
            format!("{error} {error:?} {}", error.help_text().unwrap())
        });
    }
    assert_eq!(words.len(), 1, "{words:?}");
    let error = world.vault().open("w-00000", [&opener("anna"), &opener("cara")], "why", NOW).unwrap_err();
    assert!(error.is_not_found(), "{error}");
    let error = world.vault().open(&id, [&opener("anna"), &opener("cara")], " ", NOW).unwrap_err();
    assert!(error.is_refused() && error.to_string().contains("needs a reason"), "{error}");
    world.vault().open(&id, [&opener("anna"), &opener("cara")], "why", NOW).unwrap();
}

#[test]
fn an_opening_that_the_log_cannot_take_is_none() {
    let world = World::new();
    let id = world.east();
    let log = world.folder.path().join("payload/000000.pack");
    // Somebody took the payloads' right to be written away, as a full disk would.
    let whole = fs::read(&log).unwrap();
    fs::remove_file(&log).unwrap();
    fs::create_dir(&log).unwrap();
    let error = world.open(&id).unwrap_err();
    assert!(!error.is_denied() && !format!("{error:?}").to_lowercase().contains("vesna"), "{error}");
    fs::remove_dir(&log).unwrap();
    fs::write(&log, whole).unwrap();
    world.open(&id).unwrap();
}

#[test]
fn one_person_seals_at_once_and_only_two_unseal() {
    let world = World::new();
    let id = world.east();
    world.vault().seal("east", "the office was searched", NOW, &Viewer::keeper()).unwrap();
    let error = world.open(&id).unwrap_err();
    assert!(error.is_denied() && error.to_string().contains("is sealed"), "{error}");
    let holders =
        world.vault().change_holders("east", [&opener("anna"), &opener("ben")], &[], &["cara".into()], NOW);
    assert!(holders.unwrap_err().to_string().contains("is sealed"));
    let unseal = || Deed::Unseal { region: "east".into() };
    let (anna, ben) = (officer("anna"), officer("ben"));
    let vault = world.vault();
    assert!(vault.propose(unseal(), "", 24, NOW, &Viewer::keeper()).unwrap_err().is_denied());
    assert!(vault.propose(unseal(), "", 24, NOW, &Viewer::named("eve")).unwrap_err().is_denied());
    let order = vault.propose(unseal(), "it is over", 24, NOW, &anna).unwrap();
    let alone = vault.confirm(&order.id, NOW, &anna).unwrap_err();
    assert!(alone.is_denied() && alone.to_string().contains("`anna` proposed"), "{alone}");
    assert!(vault.confirm(&order.id, NOW, &Viewer::keeper()).unwrap_err().is_denied());
    let late = vault.confirm(&order.id, order.until + 1, &ben).unwrap_err();
    assert!(late.is_refused() && late.to_string().contains("had to be confirmed before"), "{late}");
    assert!(world.open(&id).is_err());
    vault.confirm(&order.id, order.until, &ben).unwrap();
    world.open(&id).unwrap();
    assert!(vault.confirm(&order.id, NOW, &ben).unwrap_err().is_refused());
    assert!(vault.propose(unseal(), "", 24, NOW, &anna).unwrap_err().to_string().contains("is not sealed"));
    // Sealed again, the old order opens nothing.
    world.vault().seal("east", "again", NOW, &anna).unwrap();
    assert!(world.open(&id).is_err());
    // A seal that did not reach the log counts, and gets there.
    let order = vault.propose(unseal(), "", 24, NOW, &anna).unwrap();
    vault.confirm(&order.id, NOW, &ben).unwrap();
    fs::write(world.vault().folder().join("east/sealed"), "3\n").unwrap();
    assert!(world.open(&id).is_err());
    assert!(world.said().last().unwrap().contains("was found sealed"), "{:?}", world.said().last());
    // A marker that was left by a crash after an unsealing does not seal it again.
    let order = vault.propose(unseal(), "", 24, NOW, &anna).unwrap();
    vault.confirm(&order.id, NOW, &ben).unwrap();
    fs::write(world.vault().folder().join("east/sealed"), "3\n").unwrap();
    world.open(&id).unwrap();
    assert!(vault.seal("west", "", NOW, &anna).unwrap_err().is_not_found());
    assert!(vault.seal("east", "", NOW, &Viewer::named("eve")).unwrap_err().is_denied());
}

#[test]
fn a_wiped_region_does_not_come_back_and_the_record_stays() {
    let world = World::new();
    let id = world.east();
    let old_vault = tempfile::tempdir().unwrap();
    copy_tree(world.vault().folder(), old_vault.path()).unwrap();
    let before = (world.workspace.records().unwrap(), world.store.log().unwrap());
    let (anna, ben) = (officer("anna"), officer("ben"));
    let wipe = Deed::Wipe { region: "east".into() };
    let order = world.vault().propose(wipe.clone(), "the mission ends", 2, NOW, &anna).unwrap();
    for by in [&anna, &Viewer::keeper(), &Viewer::named("eve")] {
        assert!(world.vault().confirm(&order.id, NOW, by).unwrap_err().is_denied());
    }
    assert!(world.vault().confirm(&order.id, order.until + 1, &ben).unwrap_err().is_refused());
    world.vault().withdraw(&order.id, NOW, &ben).unwrap();
    assert!(world.vault().confirm(&order.id, NOW, &ben).unwrap_err().is_refused());
    world.open(&id).unwrap();
    for hours in [0, 1_000] {
        assert!(world.vault().propose(wipe.clone(), "", hours, NOW, &anna).unwrap_err().is_refused());
    }
    world.wipe("east");

    let gone = |world: &World| {
        let error = world.open(&id).unwrap_err();
        assert!(error.is_refused() && error.to_string().contains("was wiped"), "{error}");
        let names: Vec<PathBuf> =
            files_below(&world.vault().folder().join("east")).unwrap().into_iter().collect();
        assert_eq!(names, [PathBuf::from("wiped")]);
    };
    gone(&world);
    // Records, proofs and the history of the log stay.
    let log = world.store.log().unwrap();
    assert_eq!(world.workspace.records().unwrap(), before.0);
    assert_eq!(log.root_at(before.1.size()).unwrap(), before.1.root());
    assert_eq!(world.store.compare().unwrap().different, 0);
    // Nor does an older copy of the vault bring anything back, laid over it or brought back in its place.
    let vault = world.vault().folder().to_path_buf();
    copy_tree(old_vault.path(), &vault).unwrap();
    assert!(vault.join("east/region.json").exists());
    gone(&world);
    assert!(world.vault().restore(old_vault.path(), NOW).unwrap_err().is_not_empty());
    fs::remove_dir_all(&vault).unwrap();
    // The log alone knows it, too.
    fs::remove_dir_all(world.folder.path().join("erased")).unwrap();
    world.vault().restore(old_vault.path(), NOW).unwrap();
    gone(&world);
    let error = world.vault().init("east", &[opener("anna"), opener("ben")], NOW, &anna).unwrap_err();
    assert!(error.is_duplicate(), "{error}");
    assert!(world.vault().propose(wipe, "", 24, NOW, &anna).unwrap_err().is_refused());
    assert_eq!(world.vault().check(NOW).unwrap(), 0);
}

#[test]
fn a_workspace_restored_from_before_the_wipe_wipes_again() {
    let world = World::new();
    let id = world.east();
    let west = {
        world.vault().init("west", &[opener("anna"), opener("ben")], NOW, &officer("anna")).unwrap();
        world.add("west")
    };
    let elsewhere = tempfile::tempdir().unwrap();
    let at = |name: &str| elsewhere.path().join(name);
    world.workspace.backup(&world.store, &at("backup"), NOW).unwrap();
    assert!(!at("backup").join("vault").exists(), "a backup of the workspace takes no vault along");
    world.vault().backup(&at("vault"), NOW).unwrap();
    assert_eq!(told_in(elsewhere.path()), [""; 0]);
    world.wipe("east");
    let orders = world.folder.path().join("erased");

    // Without the orders of the later copy, an older log and an older vault know of no wipe: this is told in the guide.
    crate::backup::restore(&at("backup"), &at("without"), &[]).unwrap();
    // With them, it is wiped as soon as it is looked at.
    crate::backup::restore(&at("backup"), &at("again"), std::slice::from_ref(&orders)).unwrap();
    let opens = |place: &str, id: &str| {
        let workspace = Workspace::open(&at(place)).unwrap();
        let store = workspace.store();
        let vault = workspace.vault(&store).unwrap();
        vault.restore(&at("vault"), NOW).unwrap();
        vault.open(id, [&opener("anna"), &opener("ben")], "why", NOW).map(|_| ())
    };
    assert!(opens("again", &id).unwrap_err().to_string().contains("was wiped"));
    assert!(!at("again").join("vault/east/region.json").exists());
    fs::remove_dir_all(at("again").join("vault")).unwrap();
    opens("again", &west).unwrap();
    opens("without", &id).unwrap();

    // An order that the log did not sign wipes nothing, and neither does one of another log.
    let order = fs::read_dir(&orders).unwrap().next().unwrap().unwrap().path();
    let forged = fs::read_to_string(&order).unwrap().replace("\neast\n", "\nwest\n");
    fs::write(&order, forged).unwrap();
    let error = crate::backup::restore(&at("backup"), &at("forged"), &[orders]).unwrap_err();
    assert!(error.is_integrity() && !at("forged").exists(), "{error}");
    let other = World::new();
    assert!(other.vault().restore(&at("vault"), NOW).unwrap_err().is_integrity());
}

#[test]
fn what_was_interrupted_is_finished_by_the_next() {
    let world = World::new();
    let id = world.east();
    let (anna, ben) = (officer("anna"), officer("ben"));
    // Killed between the confirmation and the deed.
    let order = world.vault().propose(Deed::Wipe { region: "east".into() }, "", 24, NOW, &anna).unwrap();
    let what = world.store.order(&order.id).unwrap().what;
    let saved = tempfile::tempdir().unwrap();
    copy_tree(world.folder.path(), saved.path()).unwrap();
    world.store.confirm(&order.id, &what, &hidden(), NOW, &ben).unwrap();
    assert!(world.vault().folder().join("east/region.json").exists());
    let error = world.open(&id).unwrap_err();
    assert!(error.is_refused() && error.to_string().contains("was wiped"), "{error}");
    assert!(!world.vault().folder().join("east/region.json").exists());
    assert_eq!(world.said().iter().filter(|said| said.contains(r#""step":"wiped""#)).count(), 1);
    let said = world.said().len();
    world.vault().regions(NOW).unwrap();
    assert_eq!(world.said().len(), said, "an order is carried out once");

    // Killed after each file of the wipe: whatever is left is destroyed by the next, and nothing opens meanwhile.
    let whole = saved.path().join("vault/east");
    let names: Vec<PathBuf> = files_below(&whole).unwrap().into_iter().collect();
    assert!(names.len() >= 3, "{names:?}");
    for left in 0..=names.len() {
        for name in names.iter().skip(left) {
            fs::copy(whole.join(name), world.vault().folder().join("east").join(name)).unwrap();
        }
        let _ = fs::remove_file(world.vault().folder().join("east/wiped"));
        assert!(world.open(&id).unwrap_err().is_refused());
        let there: Vec<PathBuf> =
            files_below(&world.vault().folder().join("east")).unwrap().into_iter().collect();
        assert_eq!(there, [PathBuf::from("wiped")]);
    }

    // Killed between the vault and the log while an identity is put in: it never came to be, and nothing is in the way.
    world.vault().init("north", &[opener("anna"), opener("ben")], NOW, &anna).unwrap();
    let one = world.add("north");
    world.add("north");
    // The same folder beside a log that does not know the second one.
    let region = world.vault().regions(NOW).unwrap().into_iter().find(|r| r.name == "north").unwrap();
    let mut unknowing = region.clone();
    let second = region.people.keys().find(|id| **id != one).unwrap().clone();
    unknowing.digests.retain(|_, id| *id != second);
    assert_eq!(world.vault().known_frames(&unknowing).unwrap().len(), 1);
    assert_eq!(world.vault().known_frames(&region).unwrap().len(), 2);

    // A region that did not get into the log is made anew.
    fs::create_dir(world.vault().folder().join("south")).unwrap();
    fs::write(world.vault().folder().join("south/region.json"), "half").unwrap();
    world.vault().init("south", &[opener("anna"), opener("ben")], NOW, &anna).unwrap();
    world.add("south");
}

#[test]
fn single_identities_go_by_their_clock_and_by_an_order_of_two() {
    let world = World::new();
    let one = world.east();
    let (identity, _) = identity();
    let until = last_moment_of("2028-03-01").unwrap();
    let two = world.vault().add("east", &identity, until, None, NOW, &officer("anna")).unwrap();
    assert!(world.vault().past_retention(NOW).unwrap().is_empty());
    let later = last_moment_of("2027-07-01").unwrap();
    let past = world.vault().past_retention(later).unwrap();
    let ids: BTreeSet<String> = past["east"].iter().map(|person| person.id.clone()).collect();
    assert_eq!(ids, [one.clone()].into());
    let slots = world.vault().folder().join("east/slots");
    let before = fs::read(&slots).unwrap();
    let old = tempfile::tempdir().unwrap();
    copy_tree(world.vault().folder(), old.path()).unwrap();
    world.order(Deed::WipeSome { region: "east".into(), ids });
    assert!(world.vault().past_retention(later).unwrap().is_empty());
    let after = fs::read(&slots).unwrap();
    assert!(after[..SLOT].iter().all(|byte| *byte == 0) && after[SLOT..] == before[SLOT..]);
    assert!(world.open(&one).unwrap_err().to_string().contains("was wiped"));
    world.open(&two).unwrap();
    // The old slots laid back are wiped again.
    copy_tree(old.path(), world.vault().folder()).unwrap();
    assert!(world.open(&one).is_err());
    assert_eq!(fs::read(&slots).unwrap(), after);
    assert_eq!(world.vault().check(NOW).unwrap(), 1);
    let again = Deed::WipeSome { region: "east".into(), ids: [one].into() };
    assert!(world.vault().propose(again, "", 24, NOW, &officer("anna")).unwrap_err().is_not_found());
}

#[test]
fn an_insider_who_edits_the_vault_is_found() {
    let world = World::new();
    let id = world.east();
    let folder = world.vault().folder().join("east");
    for name in ["slots", "000000.pack", "region.json"] {
        let whole = fs::read(folder.join(name)).unwrap();
        for at in (0..whole.len()).step_by(whole.len() / 23 + 1) {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(folder.join(name), &changed).unwrap();
            let outcome = world.open(&id).and_then(|opened| match opened.identities.len() {
                0 => Err(Error::integrity("nothing")),
                _ => world.vault().check(NOW).map(|_| opened),
            });
            // White space and the sealed copies of others may change and do no harm; what is shown is right.
            if let Ok(opened) = outcome {
                assert_eq!(
                    (name, &opened.identities[0]),
                    ("region.json", &identity().0),
                    "byte {at} of {name}"
                );
            }
        }
        fs::write(folder.join(name), &whole).unwrap();
    }
    world.open(&id).unwrap();
    // Another key in the place of the region's would read what is put in from then on.
    let stolen = Unlocked::draw().unwrap().public();
    let path = folder.join("region.json");
    let text = fs::read_to_string(&path).unwrap();
    let own = world.vault().regions(NOW).unwrap()[0].public.clone();
    fs::write(&path, text.replace(&own, &stolen)).unwrap();
    let (identity, until) = identity();
    let error = world.vault().add("east", &identity, until, None, NOW, &officer("anna")).unwrap_err();
    assert!(error.is_integrity() && error.to_string().contains("another one than the log says"), "{error}");
    fs::write(&path, text).unwrap();
    // An identity that somebody puts beside under the same pseudonym is not shown.
    let frames = world.vault().frames("east").unwrap();
    let Lying { frame, content, .. } = frames.last().unwrap();
    let forged =
        Content { entry: 1, sealed: content.sealed.iter().rev().copied().collect(), ..content.clone() };
    world.vault().packs("east").put(&RealDisk, Some(*frame), &[forged]).unwrap();
    assert_eq!(world.open(&id).unwrap().identities.len(), 1);
    // A vault that is not where it was is missed.
    fs::rename(world.vault().folder(), world.folder.path().join("away")).unwrap();
    let error = world.open(&id).unwrap_err();
    assert!(error.is_not_found() && error.to_string().contains("is not at"), "{error}");
    assert!(
        world
            .vault()
            .init("west", &[opener("anna"), opener("ben")], NOW, &officer("anna"))
            .unwrap_err()
            .is_integrity()
    );
}

#[test]
fn holders_change_by_two_and_each_is_an_officer_with_a_passphrase_of_their_own() {
    let world = World::new();
    let (anna, by) = (opener("anna"), officer("anna"));
    let init = |holders: &[Opener]| world.vault().init("east", holders, NOW, &by).unwrap_err();
    assert!(init(&[opener("anna")]).is_refused());
    assert!(init(&[opener("anna"), opener("eve")]).to_string().contains("`eve` is no open account"));
    assert!(init(&[opener("anna"), opener("anna")]).to_string().contains("named twice"));
    assert!(
        init(&[opener("anna"), Opener::new("ben", &anna.passphrase)])
            .to_string()
            .contains("the same passphrase")
    );
    assert!(init(&[opener("anna"), Opener::new("ben", "short")]).to_string().contains("fewer than 16"));
    for name in ["", "East", "../x", "a b", "-a", "x.y"] {
        let error = world.vault().init(name, &[opener("anna"), opener("ben")], NOW, &by).unwrap_err();
        assert!(error.is_refused(), "{name}: {error}");
    }
    assert!(world.said().is_empty());
    world.vault().init("east", &[opener("anna"), opener("ben")], NOW, &by).unwrap();
    let id = world.add("east");
    let vault = world.vault();
    let two = [&opener("anna"), &opener("ben")];
    assert!(vault.change_holders("east", [&anna, &anna], &[], &[], NOW).unwrap_err().is_denied());
    assert!(vault.change_holders("east", two, &[], &["ben".into()], NOW).unwrap_err().is_refused());
    assert!(vault.change_holders("east", two, &[], &["eve".into()], NOW).unwrap_err().is_not_found());
    vault.change_holders("east", two, &[opener("cara")], &["ben".into()], NOW).unwrap();
    assert!(world.open(&id).unwrap_err().is_denied());
    vault.open(&id, [&opener("cara"), &anna], "why", NOW).unwrap();
    // A new passphrase of one who holds it already.
    let new = Opener::new("cara", "another one of caras");
    vault.change_holders("east", [&opener("cara"), &anna], &[new], &[], NOW).unwrap();
    assert!(vault.open(&id, [&opener("cara"), &anna], "why", NOW).unwrap_err().is_denied());
    vault.open(&id, [&anna, &Opener::new("cara", "another one of caras")], "why", NOW).unwrap();
    assert_eq!(vault.check(NOW).unwrap(), 1);
}

#[test]
fn whether_there_is_a_vault_cannot_be_seen_in_any_answer() {
    let with = World::new();
    // The same workspace, keys and all, in which nobody makes a vault.
    let folder = tempfile::tempdir().unwrap();
    copy_tree(with.folder.path(), folder.path()).unwrap();
    let workspace = Workspace::open(folder.path()).unwrap();
    let without = World { store: workspace.store(), workspace, folder };
    let id = with.east();
    with.open(&id).unwrap();
    with.vault().seal("east", "x", NOW, &officer("anna")).unwrap();
    let order =
        with.vault().propose(Deed::Unseal { region: "east".into() }, "x", 24, NOW, &officer("anna")).unwrap();
    let answers = |world: &World, viewer: &Viewer| {
        let view = world.store.view(viewer);
        let said =
            [VAULT, "order", "account", "key", "ruling"].map(|kind| format!("{:?}", view.statements(kind)));
        format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {said:?} {:?} {:?}",
            view.records(),
            view.counts(),
            view.records_of("fire", Instant::MIN, Instant::MAX),
            view.record(&id),
            view.record("a"),
            view.markings(),
            view.intakes().map_err(|e| e.to_string()),
            view.erased().map_err(|e| e.to_string()),
            view.record(order.id.as_str()),
        )
    };
    let mut cleared = Viewer::named("all");
    cleared.clearances = [(crate::policy::TLP.into(), Tlp::Red)].into();
    cleared.roles = Role::ALL.into();
    cleared.party = Some("Poland".into());
    for viewer in [&Viewer::public(), &Viewer::default(), &cleared, &officer("anna")] {
        let (one, two) = (answers(&with, viewer), answers(&without, viewer));
        assert_eq!(one, two, "{}", viewer.name);
        assert_eq!(one.contains("near the bridge"), viewer.may_see(&Marking::default()));
    }
    // The keeper of the folder does see it: else the test would show nothing.
    assert_ne!(answers(&with, &Viewer::keeper()).len(), answers(&without, &Viewer::keeper()).len());
}

#[test]
fn the_vault_lies_where_the_settings_say_and_nowhere_a_backup_would_take_it() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let settings = |path: &str| format!("agreement = \"a.pact.md\"\n[vault]\npath = {path:?}\n");
    let open = |path: &str| {
        fs::write(folder.path().join("servanda.toml"), settings(path)).unwrap();
        Workspace::open(folder.path()).unwrap()
    };
    for inside in ["zones/vault", ".", "../x", "vault/deep", ""] {
        let workspace = open(inside);
        let store = workspace.store();
        assert!(workspace.vault(&store).err().expect(inside).is_settings(), "{inside}");
    }
    let outside = elsewhere.path().join("disk").to_string_lossy().into_owned();
    let workspace = open(&outside);
    let store = workspace.store();
    enter(&store, &["a"]);
    for name in ["anna", "ben"] {
        store.put_account(&account(name), NOW, &Viewer::keeper()).unwrap();
    }
    let mut vault = workspace.vault(&store).unwrap();
    vault.cost = Cost::SMALL;
    assert!(vault.regions(NOW).unwrap().is_empty() && vault.check(NOW).unwrap_err().is_not_found());
    vault.init("east", &[opener("anna"), opener("ben")], NOW, &officer("anna")).unwrap();
    assert!(elsewhere.path().join("disk/east/region.json").exists() && !folder.path().join("vault").exists());
    #[cfg(unix)]
    for file in files_below(elsewhere.path()).unwrap() {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(elsewhere.path().join(&file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", file.display());
    }
    let fs_error = fs::remove_dir_all(elsewhere.path().join("disk"));
    assert!(fs_error.is_ok());
    assert!(vault.regions(NOW).unwrap_err().is_not_found());
}
