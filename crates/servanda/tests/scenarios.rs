//! Every scenario of `tests` and `examples` is run, one test a folder. A folder that exists holds at least one.

#[path = "../../scenario/tests/folder/mod.rs"]
mod folder;

use folder::{Beside, root, scenario_files, shown};
use servanda_scenario::{parse, run, show};

/// Runs all of a folder; gives how many scenarios there were. A folder that is not there has none, unless it must be.
fn run_folder(name: &str, needed: bool) -> usize {
    let root = root();
    let folder = root.join(name);
    if !folder.is_dir() {
        assert!(!needed, "the folder `{name}` is missing");
        println!("{name}: there is no such folder yet");
        return 0;
    }
    let files = scenario_files(&folder);
    let (mut scenarios, mut compared, mut failed, mut told) = (0, 0, 0, String::new());
    for (path, text) in &files {
        let shown = shown(path);
        let beside = Beside { folder: path.parent().unwrap_or(&root), judge: servanda_engine::evaluate };
        for outcome in run(&parse(text), &shown, &beside) {
            scenarios += usize::from(!outcome.scenario.is_empty());
            compared += outcome.compared;
            if !outcome.passed() {
                failed += 1;
                told.push_str(&show(&shown, &outcome));
            }
        }
    }
    println!("{name}: {} files, {scenarios} scenarios, {compared} expectations", files.len());
    assert!(scenarios > 0, "the folder `{name}` holds no scenario");
    assert!(failed == 0, "{failed} of {scenarios} scenarios in `{name}` failed:\n\n{told}");
    scenarios
}

#[test]
fn agreed() {
    run_folder("tests/agreed", true);
}

#[test]
fn scenarios() {
    run_folder("tests/scenarios", true);
}

#[test]
fn regressions() {
    run_folder("tests/regressions", false);
}

#[test]
fn examples() {
    run_folder("examples", true);
}

/// The patterns are copied by drafters: each comes with a story that holds.
#[test]
fn the_drafting_patterns() {
    let path = root().join("docs/guides/drafting-patterns.md");
    let page = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let outcomes = run(
        &parse(&page),
        "docs/guides/drafting-patterns.md",
        &Beside { folder: &root(), judge: servanda_engine::evaluate },
    );
    assert!(outcomes.len() >= 7, "threshold, notice, rotation, milestone, silence, ladder, matching duties");
    let failed: Vec<String> = outcomes.iter().filter(|o| !o.passed()).map(|o| show("patterns", o)).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// The example of the guide is what a newcomer copies first.
#[test]
fn the_guide_shows_a_scenario_that_passes() {
    let path = root().join("docs/guides/scenarios.md");
    let guide = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let shown = guide.split("~~~~markdown\n").nth(1).and_then(|rest| rest.split("~~~~").next());
    let document = parse(shown.expect("the guide shows a file between `~~~~`"));
    let outcomes = run(
        &document,
        "docs/guides/scenarios.md",
        &Beside { folder: &root(), judge: servanda_engine::evaluate },
    );
    assert_eq!(outcomes.len(), 1);
    assert!(outcomes[0].passed(), "{}", show("the guide's example", &outcomes[0]));
}
