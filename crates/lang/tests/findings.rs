//! Findings about drafts that are correct: what published texts are known for, and what a drafter keeps.

use servanda_lang::diagnostic::Severity;
use servanda_lang::findings::{Findings, findings};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn of(text: &str) -> Findings {
    let checked = servanda_lang::check(text);
    assert!(!checked.has_errors(), "{:?}", checked.diagnostics);
    findings(text, &checked)
}

fn example(name: &str) -> Findings {
    of(&std::fs::read_to_string(root().join("examples").join(name).join(format!("{name}.pact.md"))).unwrap())
}

/// Codes found about a declaration.
fn about(found: &Findings, name: &str) -> Vec<&'static str> {
    let its = found.findings.iter().filter(|f| f.about.as_ref().is_some_and(|a| *a == name));
    its.map(|f| f.diagnostic.code).collect()
}

/// Minsk II, point 9: the border is given back after a settlement to which the districts must agree, and nothing obliged
/// them to. It is what the text is known for.
#[test]
fn in_a_minsk_style_text_the_districts_can_hold_up_the_border() {
    let found = example("minsk-style");
    assert!(about(&found, "restore-border").contains(&"A0709"));
    let said: Vec<&str> = found
        .findings
        .iter()
        .filter(|f| f.diagnostic.code == "A0709")
        .map(|f| f.diagnostic.message.as_str())
        .collect();
    assert!(said.iter().any(|m| m.contains("DNR")) && said.iter().any(|m| m.contains("LNR")), "{said:?}");
    assert!(about(&found, "hold-fire").contains(&"A0702"), "no consequence of a breach of the ceasefire");
}

/// The guarantors consult within 24 hours of an aggression that the Commission may take 24 hours to find.
#[test]
fn in_the_framework_the_response_is_due_before_the_finding_is() {
    let found = example("berlin-framework");
    assert!(about(&found, "consult").contains(&"A0714"));
    assert!(!about(&found, "respond").contains(&"A0714"), "72 hours are longer than 24");
    assert!(!about(&found, "respond").contains(&"A0702"), "it has a remedy");
    assert!(!about(&found, "report-response").contains(&"A0714"), "it runs from the finding");
    assert!(about(&found, "host-housing").contains(&"A0721"));
    let level = found.findings.iter().find(|f| f.diagnostic.code == "A0708").unwrap();
    assert!(level.diagnostic.message.contains("force-level"), "{}", level.diagnostic.message);
}

const TEXT: &str = "# Truce\n\n```pact\nagreement truce\n  in force    2026-01-01\n  time zone   UTC\n  STATUS\n\nparty A\nparty B\n\nevent fire\n  \
    says        \"{by} fires\"\n  carries     by: party\n```\n\n## 1\n\n> A shall not fire.\n\n```pact\nban no-fire\n  bearer      A\n  owed to     B\n  \
    must not    do fire by bearer\n  per         \"A shall not fire\"\n  ACCEPTED\n```\n";

fn text(status: &str, accepted: &str) -> String {
    TEXT.replace("STATUS", status).replace("ACCEPTED", accepted)
}

#[test]
fn what_is_a_warning_in_a_binding_text_is_information_in_a_political_one() {
    let severity = |text: &str| {
        let found = of(text);
        found.findings.iter().find(|f| f.diagnostic.code == "A0702").unwrap().diagnostic.severity
    };
    assert_eq!(severity(&text("status binding", "")), Severity::Warning);
    assert_eq!(severity(&text("status political", "")), Severity::Info);
}

#[test]
fn what_is_accepted_stays_listed_with_its_reason() {
    let found = of(&text("status binding", "accepted    \"A0702\" because \"the parties wanted none\""));
    let its = found.findings.iter().find(|f| f.diagnostic.code == "A0702").unwrap();
    assert_eq!(its.accepted.as_deref(), Some("the parties wanted none"));
    assert!(found.findings.iter().all(|f| f.diagnostic.code != "A0722"));
    assert!(found.findings.iter().any(|f| f.diagnostic.code == "A0701" && f.accepted.is_none()));
}

#[test]
fn figures_in_words_are_compared_with_figures_in_digits() {
    let strength = |words: &str, rule: &str| {
        format!(
            "# Force\n\n```pact\nagreement force\n  in force    2026-01-01\n  time zone   UTC\n\nparty A\nparty B\n\nmeasure strength\n  says        \"strength of {{of}}\"\n  \
             carries     of: party\n  unit        persons\n```\n\n## 1\n\n> A brings its forces to {words}.\n\n```pact\nduty level\n  bearer      A\n  owed to     B\n  \
             must        ensure strength of A >= {rule} persons\n  by          2029-12-31\n  seen by     B\n  per         \"A brings its forces to {words}\"\n```\n"
        )
    };
    let wrong =
        |words, rule| of(&strength(words, rule)).findings.iter().any(|f| f.diagnostic.code == "A0706");
    assert!(!wrong("eight hundred thousand", "800,000"));
    assert!(!wrong("800,000", "800,000"));
    assert!(!wrong("one hundred and twenty-five thousand", "125,000"));
    assert!(!wrong("1.072 million", "1,072,000"));
    assert!(!wrong("the level of Article 5 by 31 December", "800,000"));
    assert!(wrong("eight hundred thousand", "80,000"));
    assert!(wrong("eight hundred thousand", "900,000"));
    assert!(wrong("800,000", "80,000"));
}

#[test]
fn dates_that_leave_no_day_are_told_as_a_story() {
    let story = |first: &str, second: &str| {
        let text = format!(
            "# Border\n\n```pact\nagreement border\n  in force    2026-01-01\n  time zone   UTC\n\nparty A\nparty B\n\nevent vote\n  says        \"{{by}} votes\"\n  \
             carries     by: party\nevent reform\n  says        \"{{by}} reforms\"\n  carries     by: party\nevent hand-over\n  says        \"{{by}} hands over\"\n  \
             carries     by: party\n```\n\n## 1\n\n> A reforms, B votes, and A hands over.\n\n```pact\nduty nine\n  bearer      A\n  owed to     B\n  needs       vote by B\n  \
             must        do hand-over by bearer\n  by          {second}\n  seen by     B\n  per         \"A hands over\"\n\nduty eleven\n  bearer      B\n  owed to     A\n  \
             needs       twelve fulfilled\n  must        do vote by bearer\n  seen by     A\n  until       2027-12-31\n  per         \"B votes\"\n\nduty twelve\n  bearer      A\n  owed to     B\n  \
             must        do reform by bearer\n  by          {first}\n  seen by     B\n  per         \"A reforms\"\n```\n"
        );
        let found = of(&text);
        let of_code = found.findings.iter().find(|f| f.diagnostic.code == "A0710");
        of_code.map(|f| f.diagnostic.message.clone())
    };
    let told = story("2026-12-31", "2026-12-31").expect("no day is left, through a norm without a date");
    assert!(told.contains("on 2026-12-31 both are due") && told.contains("no day is left"), "{told}");
    let late = story("2026-12-31", "2026-11-30").expect("31 days too late");
    assert!(late.contains("31 days too late"), "{late}");
    assert_eq!(story("2026-10-31", "2026-12-31"), None);
}

/// An analysis that looks at nothing, or is silent about what it could not decide, would look like a clean text.
#[test]
fn every_analysis_says_what_it_looked_at() {
    let found = example("berlin-framework");
    assert!(found.looked.len() >= 18, "{:?}", found.looked);
    let sequence = found.looked.iter().find(|l| l.analysis == "sequence and slack").unwrap();
    assert!(sequence.undecided.iter().any(|u| u.contains("pay-review")), "{sequence:?}");
    let exceptions = of(&text("status binding", "except      by = A"));
    assert!(exceptions.looked.iter().all(|l| !l.analysis.is_empty()));
}

/// A repair is offered as a button: pressed, the finding is gone, and nothing else is wrong.
#[test]
fn a_repair_removes_its_finding() {
    let text = "# Truce\n\n```pact\nagreement truce\n  in force    2026-01-01\n  time zone   UTC\n\nparty A\nparty B\nparty C \"the third\"\n\nbody \
                council\n  members     A, B, C\n  decides     by majority of members, within 24 hours of fire\n\nevent fire\n  says        \"{by} fires\"\n  \
                carries     by: party\n\nevent fire-idle\n  says        \"{by} is idle\"\n  carries     by: party\n\nevent report\n  says        \
                \"{by} reports\"\n  carries     by: party\n\nterm war\n  means       count of fire in any 24 hours >= 3\n  found by    council\n```\n\n\
                ## 1\n\n> When war begins A and B report.\n\n```pact\nduty report-it\n  bearer      each of A, B\n  owed to     council\n  \
                when        war begins\n  must        do report\n  within      12 hours\n  seen by     council\n  accepted    \"A0713\" because \
                \"it is not there\"\n  per         \"A and B report\"\n```\n";
    let found = of(text);
    let mut repaired = BTreeSet::new();
    for finding in &found.findings {
        let Some(fix) = &finding.diagnostic.fix else { continue };
        let mut after = text.to_string();
        after.replace_range(fix.span.clone(), &fix.replacement);
        let left = of(&after);
        let same = |f: &&servanda_lang::findings::Finding| {
            f.diagnostic.code == finding.diagnostic.code && f.about == finding.about
        };
        assert!(!left.findings.iter().any(|f| same(&f)), "{}: {after}", finding.diagnostic.code);
        repaired.insert(finding.diagnostic.code);
    }
    assert_eq!(repaired, BTreeSet::from(["A0714", "A0715", "A0718", "A0720", "A0722"]));
}
