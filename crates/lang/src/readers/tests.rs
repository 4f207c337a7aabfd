//! What a reader gets of an agreement whose rules hang on one another.

use super::*;
use servanda_model::record::Tlp;

const HEAD: &str = "# Truce\n\n```pact\nagreement truce\n  status binding\n  in force 2026-01-01T00:00\n  time zone UTC\n  \
    counting event day excluded\n  months round down\nbody commission\nparty North\nparty South\ngroup parties\n  members North, South\n\
    event fire\n  says \"{by} fires\"\n  carries by: party\nevent report\n  says \"{by} reports\"\n  carries by: party\n```\n\n";

const OPEN: &str = "## Fire\n\n> The Parties shall not fire. Each Party reports any fire.\n\n```pact\nban no-fire\n  bearer each of parties\n  \
    must not do fire by bearer\n  seen by commission\n  per \"shall not fire\"\n```\n\n";

fn agreement(rest: &str) -> Agreement {
    let checked = crate::check(&format!("{HEAD}{rest}"));
    let errors: Vec<_> =
        checked.diagnostics.iter().filter(|d| d.severity == crate::diagnostic::Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    checked.agreement
}

fn seen(agreement: &Agreement) -> Reader {
    for_reader(agreement, &|marking: &Marking| marking.level <= Tlp::Clear)
}

fn names(agreement: &Agreement) -> Vec<&str> {
    agreement.norms.iter().map(|n| n.name.as_str()).collect()
}

/// A reader who may not see the one sees the other, to the last byte.
fn same(with: &str, without: &str) {
    let (with, without) = (seen(&agreement(with)), seen(&agreement(without)));
    assert_eq!(with.text, without.text);
    assert_eq!(with.agreement, without.agreement);
}

#[test]
fn a_marked_rule_its_clause_words_term_and_fact_are_not_there() {
    let hidden = "## Annex\n\n> The Parties exchange lists of sites. This is secret.\n\n```pact\n\
        event list\n  says \"{by} hands over a list\"\n  carries by: party\n\
        term enough \"enough lists\"\n  means count of list in any 72 hours >= 2\n  per \"lists of sites\"\n\
        duty lists\n  bearer each of parties\n  when enough begins\n  must do list by bearer\n  within 2 days\n  \
        seen by commission\n  per \"exchange lists\"\n  mark TLP:AMBER\n```\n\n";
    let last = "## Last\n\n> Each Party reports.\n\n```pact\nduty reports\n  bearer each of parties\n  when fire by bearer\n  \
        must do report by bearer\n  within 2 days\n  seen by commission\n  per \"Each Party reports\"\n```\n";
    let with = format!("{OPEN}{hidden}{last}");
    same(&with, &format!("{OPEN}{last}"));
    let open = for_reader(&agreement(&with), &|_| true);
    assert_eq!(names(&open.agreement), ["no-fire", "lists", "reports"]);
    assert!(open.text.contains("This is secret."));
}

#[test]
fn in_a_clause_that_stays_the_sentences_of_a_hidden_rule_are_cut() {
    let duty = "```pact\nduty reports\n  bearer each of parties\n  when fire by bearer\n  must do report by bearer\n  \
        within 2 days\n  seen by commission\n  per \"reports any fire\"\n  mark TLP:AMBER\n```\n";
    let with = agreement(&format!("{OPEN}{duty}"));
    let reader = seen(&with);
    assert_eq!(reader.agreement.clauses[1].words, "The Parties shall not fire.");
    assert!(!reader.text.contains("report"), "{}", reader.text);
    assert!(!reader.agreement.facts.contains_key("report"));
    // Of a sentence that an open rule quotes too, its words are left.
    let both = agreement(&format!("{OPEN}{}", duty.replace("reports any fire", "The Parties shall not")));
    assert_eq!(seen(&both).agreement.clauses[1].words, "… shall not fire … Each Party reports any fire.");
}

/// What a hidden rule quotes is withheld with all of its sentence, whatever abbreviations and colons stand in it; a semicolon divides.
#[test]
fn a_hidden_sentence_goes_as_a_whole() {
    let left = |words: &str, quote: &str| {
        let rest = OPEN.replace("Each Party reports any fire.", words);
        let duty = format!(
            "```pact\nduty reports\n  bearer each of parties\n  when fire by bearer\n  must do report by bearer\n  within 2 days\n  \
             seen by commission\n  per \"{quote}\"\n  mark TLP:AMBER\n```\n"
        );
        seen(&agreement(&format!("{rest}{duty}"))).agreement.clauses[1].words.clone()
    };
    let open = "The Parties shall not fire.";
    assert_eq!(left("Under art. 5 para. 2 each Party reports any fire.", "reports any fire"), open);
    assert_eq!(
        left("Each Party reports: lists, e.g. of guns; and maps.", "lists, e.g."),
        format!("{open} and maps.")
    );
    assert_eq!(
        left("Each Party reports. 1990. Nobody asks.", "Party reports"),
        format!("{open} 1990. Nobody asks.")
    );
    assert_eq!(
        left("\u{201c}Each Party reports.\u{201d} Nobody asks.", "Party reports"),
        format!("{open} Nobody asks.")
    );
    assert_eq!(
        left("Each Party reports any fire. Nobody asks.", "any fire. Nobody"),
        "… shall not fire …",
        "no chance is taken"
    );
}

#[test]
fn what_hangs_on_a_hidden_rule_is_hidden_and_what_it_hangs_on_is_not() {
    let hidden = "```pact\nduty reports\n  bearer each of parties\n  when fire by bearer\n  must do report by bearer\n  within 2 days\n  \
        seen by commission\n  mark TLP:RED\n\
        duty next\n  bearer each of parties\n  when reports breached\n  must do report by bearer\n  within 2 days\n  seen by commission\n\
        duty third\n  bearer each of parties\n  when next breached\n  must do fire by bearer\n  within 2 days\n  seen by commission\n```\n";
    let reader = seen(&agreement(&format!("{OPEN}{hidden}")));
    assert_eq!(names(&reader.agreement), ["no-fire"]);
}

#[test]
fn a_hidden_remedy_leaves_the_rule_that_it_follows_and_is_not_named_in_it() {
    let with = OPEN.replace("  per \"shall", "  on breach remedy answer\n  per \"shall");
    let remedy = "```pact\nremedy answer\n  effect adds to the breached duty\n  bearer breaching party\n  must do report by bearer\n  within 2 days\n  seen by commission\n  mark TLP:RED\n```\n";
    let agreement = agreement(&format!("{with}{remedy}"));
    assert!(agreement.norm("no-fire").unwrap().readback.contains("answer"));
    let reader = seen(&agreement);
    assert_eq!(names(&reader.agreement), ["no-fire"]);
    assert!(!reader.agreement.norms[0].readback.contains("answer"), "{}", reader.agreement.norms[0].readback);
    assert!(reader.agreement.norms[0].on_breach.is_empty());
}

#[test]
fn a_rule_about_a_marked_zone_is_hidden_with_it() {
    let zones = "```pact\nzone wide\n  shape \"Lviv\"\nzone sites\n  shape \"Lviv\"\n  mark TLP:AMBER\n\
        event entry\n  says \"{by} enters {at}\"\n  carries by: party, at: place\n\
        ban stay-out\n  bearer each of parties\n  must not do entry by bearer at sites\n  seen by commission\n```\n";
    let reader = seen(&agreement(&format!("{OPEN}{zones}")));
    assert_eq!(names(&reader.agreement), ["no-fire"]);
    assert_eq!(reader.agreement.zones.keys().map(Name::as_str).collect::<Vec<_>>(), ["wide"]);
}

#[test]
fn what_is_marked_for_nobody_in_particular_changes_nothing_but_the_text() {
    let whole = agreement(OPEN);
    let mut reader = seen(&whole).agreement;
    for (clause, of) in reader.clauses.iter_mut().zip(&whole.clauses) {
        clause.line = of.line;
    }
    for (norm, of) in reader.norms.iter_mut().zip(&whole.norms) {
        norm.line = of.line;
    }
    assert_eq!(reader, whole);
}

/// Random marking of every rule of the project's samples: what is left names nothing that was hidden.
#[test]
fn whatever_is_hidden_nothing_that_is_left_names_it() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let samples = std::fs::read_dir(folder.join("tests/samples")).unwrap();
    let examples = std::fs::read_dir(folder.join("../../examples")).unwrap();
    let examples = examples.flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap());
    let paths = samples.chain(examples).map(|file| file.unwrap().path());
    let mut tried = 0;
    for path in paths.filter(|path| path.to_string_lossy().ends_with(".pact.md")) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let whole = crate::check(&text).agreement;
        for hide in 0..whole.norms.len() {
            let mut marked = whole.clone();
            marked.norms[hide].marking = Marking::of(Tlp::Red);
            let name = marked.norms[hide].name.clone();
            let reader = seen(&marked);
            tried += 1;
            let left = &reader.agreement;
            assert!(left.norm(name.as_str()).is_none(), "{} {name}", path.display());
            for norm in &left.norms {
                let uses = of_norm(left, norm);
                assert!(!uses.norms.contains(&name), "{} {} hangs on {name}", path.display(), norm.name);
                assert!(!norm.on_breach.contains(&name));
                assert!(norm.clause.is_none_or(|c| c < left.clauses.len()));
                assert!(
                    uses.terms.iter().all(|term| left.terms.contains_key(term)),
                    "{} {}",
                    path.display(),
                    norm.name
                );
                assert!(uses.readings.iter().all(|one| left.readings.contains_key(one)));
                let facts = uses.facts.iter().filter(|fact| whole.facts.contains_key(*fact));
                assert!(
                    facts.clone().all(|fact| left.facts.contains_key(fact)),
                    "{} {}",
                    path.display(),
                    norm.name
                );
            }
        }
    }
    assert!(tried > 20, "{tried}");
}

/// What somebody reads who may not see all: the file without the rest, which says the same as what they are shown.
#[test]
fn the_text_that_is_left_is_an_agreement_and_says_what_is_left() {
    let secret = "## Annex\n\n> The Parties exchange lists. # is no remark here\n\n```pact\nevent list\n  says \"{by} hands over a list\"\n  carries by: party\n\
        duty lists  # what the annex is for\n  bearer each of parties\n  when fire by bearer\n  must do list by bearer\n  within 2 days\n  \
        seen by commission\n  per \"exchange lists\"\n  mark TLP:RED\n```\n\n";
    let open = OPEN.replace(
        "  per \"shall",
        "  # not for lists\n  accepted \"A0702\" because \"lists are enough\"\n  per \"shall",
    );
    let seen_of = |rest: &str| {
        let text = format!("{HEAD}{rest}");
        with_text(&crate::check(&text).agreement, &text, &|marking: &Marking| marking.level <= Tlp::Clear)
    };
    let amber = "## Other\n\n> Each Party reports twice.\n\n```pact\nduty other\n  bearer each of parties\n  when fire by bearer\n  must do report by bearer\n  \
        within 2 days\n  seen by commission\n  per \"reports twice\"\n  mark TLP:AMBER\n```\n";
    let reader = seen_of(&format!("{open}{secret}{amber}"));
    assert!(!reader.text.contains("list"), "{}", reader.text);
    let read = crate::check(&reader.text);
    assert!(!read.has_errors(), "{:#?}\n{}", read.diagnostics, reader.text);
    assert_eq!(names(&read.agreement), names(&reader.agreement));
    assert_eq!(names(&read.agreement), ["no-fire"]);
    assert_eq!(read.agreement.norms[0].line, reader.agreement.norms[0].line);
    assert_eq!(read.agreement.norms[0].readback, reader.agreement.norms[0].readback);
    assert_eq!(reader.text, seen_of(&format!("{open}{amber}")).text, "what is hidden makes no difference");
    // What is written in Ukrainian words stays so, each fence in its own.
    let mixed = format!("{open}{amber}");
    let ukrainian = crate::translate(&format!("{HEAD}{mixed}"), Language::Ukrainian).unwrap();
    let both = ukrainian.replacen("```pact uk\n", "```pact\nparty East\n```\n\n```pact uk\n", 1);
    let reader =
        with_text(&crate::check(&both).agreement, &both, &|marking: &Marking| marking.level <= Tlp::Clear);
    let read = crate::check(&reader.text);
    assert!(
        !read.has_errors() && reader.text.contains("```pact uk\n"),
        "{:#?}\n{}",
        read.diagnostics,
        reader.text
    );
    assert_eq!(names(&read.agreement), ["no-fire"]);
    assert_eq!(read.agreement.norms[0].line, reader.agreement.norms[0].line, "{}", reader.text);
    assert_eq!(read.agreement.parties, reader.agreement.parties);
    // Where a rule names what is hidden, its sentence stands in place of what was written.
    let named = OPEN.replace("  per \"shall", "  on breach remedy answer\n  per \"shall");
    let remedy = "```pact\nremedy answer\n  effect adds to the breached duty\n  bearer breaching party\n  must do report by bearer\n  \
        within 2 days\n  seen by commission\n  mark TLP:RED\n```\n";
    let reader = seen_of(&format!("{named}{remedy}"));
    assert!(!reader.text.contains("answer") && reader.text.contains("\n- Each of"), "{}", reader.text);
}
