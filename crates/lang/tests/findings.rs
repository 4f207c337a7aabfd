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
    assert!(found.looked.len() >= 21, "{:?}", found.looked);
    let mut seen = BTreeSet::new();
    for looked in &found.looked {
        assert!(!looked.analysis.is_empty() && seen.insert(looked.analysis), "{looked:?}");
    }
    let exceptions = of(&text("status binding", "except      by = A"));
    assert_eq!(exceptions.looked.len(), found.looked.len(), "the same analyses look at every text");
}

/// What a small truce is written on: two sides, a third party, a body, and acts.
fn on_ground(rules: &str) -> String {
    format!(
        "# Truce\n\n```pact\nagreement truce\n  in force    2026-01-01\n  time zone   UTC\n  counting    event day excluded\n  months      round down\n\nparty A\nparty \
         B\nparty C\n\nbody mission \"the mission\"\n\nbody council \"the council\"\n  members     A, B\n  decides     by all members\n\nevent ask\n  \
         says        \"{{by}} asks\"\n  carries     by: party\n\nevent draw-line\n  says        \"{{by}} draws the line\"\n  carries     by: party\n\nevent \
         withdraw\n  says        \"{{by}} withdraws\"\n  carries     by: party\n\nevent report\n  says        \"{{by}} reports\"\n  carries     by: \
         party\n\nevent vote\n  says        \"a vote is held\"\n\nmeasure strength\n  says        \"strength of {{of}}\"\n  carries     of: party\n  \
         unit        persons\n\nterm serious \"a serious case\"\n  means       count of ask in any 24 hours >= 3\n  found by    council\n```\n\n## 1\n\n> The \
         parties do what is written.\n\n```pact\n{rules}```\n"
    )
}

fn duty(name: &str, bearer: &str, rest: &str) -> String {
    let owed = if bearer == "B" { "A" } else { "B" };
    format!(
        "duty {name}\n  bearer      {bearer}\n  owed to     {owed}\n{rest}  seen by     mission\n  per         \"The parties do what is written\"\n\n"
    )
}

/// Messages of a code about a declaration.
fn said(found: &Findings, code: &str, name: &str) -> Vec<String> {
    let its = found
        .findings
        .iter()
        .filter(|f| f.diagnostic.code == code && f.about.as_ref().is_some_and(|a| *a == name));
    its.map(|f| f.diagnostic.message.clone()).collect()
}

/// Each line: what the second duty adds, and what is told; nothing where it can be kept.
#[test]
fn times_that_do_not_fit_are_told_with_the_clauses_and_the_sum() {
    let first = duty(
        "first",
        "A",
        "  when        ask by C\n  must        do draw-line by bearer\n  within      10 days\n",
    );
    let told = |first: &str, rest: &str| {
        let second = duty("second", "B", &format!("  must        do withdraw by bearer\n{rest}"));
        said(&of(&on_ground(&format!("{first}{second}"))), "A0710", "second").join(" | ")
    };
    // Both run from the same request, on whatever day that is.
    let from_request = |within: &str| {
        format!("  when        ask by C\n  needs       first fulfilled\n  within      {within}\n")
    };
    let none = told(&first, &from_request("10 days"));
    assert!(none.contains("no time is left") && none.contains("10 days after `ask`"), "{none}");
    let less = told(&first, &from_request("7 days"));
    assert!(less.contains("3 days are missing"), "{less}");
    assert_eq!(told(&first, &from_request("14 days")), "");
    // Hours and days: 240 hours end before the tenth day does, 9 days may end before 240 hours do.
    let hours = duty(
        "first",
        "A",
        "  when        ask by C\n  must        do draw-line by bearer\n  within      240 hours\n",
    );
    assert_eq!(told(&hours, &from_request("11 days")), "");
    assert!(told(&hours, &from_request("8 days")).contains("missing"));
    let open = on_ground(&format!(
        "{hours}{}",
        duty("second", "B", &format!("  must        do withdraw by bearer\n{}", from_request("10 days")))
    ));
    let undecided = of(&open).undecided();
    assert!(
        undecided
            .iter()
            .any(|u| u.contains("`second` waits for `first`, and how many hours their days have")),
        "{undecided:?}"
    );
    // From the fulfilment of the first it moves along; not before ten days after it, and due within five, nobody can keep it.
    assert_eq!(
        told(
            &first,
            "  from        10 days after first fulfilled\n  within      20 days of first fulfilled\n"
        ),
        ""
    );
    let both = told(&first, "  from        10 days after first fulfilled\n  by          2026-03-05\n");
    assert_eq!(both, "", "nobody says when it is asked: {both}");
    let dated = duty(
        "first",
        "A",
        "  from        2026-03-01\n  must        do draw-line by bearer\n  by          2026-03-20\n",
    );
    let sum = told(&dated, "  from        10 days after first fulfilled\n  by          2026-03-05\n");
    assert!(sum.contains("`second` is due on 2026-03-05") && sum.contains("10 days after `first`"), "{sum}");
    assert!(
        sum.contains("`first` does not begin before on 2026-03-01")
            || sum.contains("`first` does not begin before 2026-03-01"),
        "{sum}"
    );
    assert!(sum.contains("cannot all be kept in time"), "even if everybody hurries: {sum}");
    let hurried = told(&dated, "  from        10 days after first fulfilled\n  by          2026-03-25\n");
    assert!(
        !hurried.contains("cannot all be kept") && hurried.contains("5 days too late"),
        "only if the first is done early: {hurried}"
    );
    assert_eq!(told(&dated, "  from        10 days after first fulfilled\n  by          2026-03-31\n"), "");
}

/// Nobody writes so; nothing may break all the same.
#[test]
fn times_without_measure_are_no_trouble() {
    for long in [
        "99999999 days",
        "9000000000000 days",
        "9000000000000 hours",
        "4000000000 months",
        "9000000000 working days",
    ] {
        let first = duty(
            "first",
            "A",
            &format!("  when        ask by C\n  must        do draw-line by bearer\n  within      {long}\n"),
        );
        let second = duty(
            "second",
            "B",
            &format!(
                "  when        ask by C\n  needs       first fulfilled\n  must        do withdraw by bearer\n  no later than {long} before first fulfilled\n"
            ),
        );
        let text = on_ground(&format!("{first}{second}"));
        let checked = servanda_lang::check(&text);
        assert!(!findings(&text, &checked).looked.is_empty(), "{long}");
    }
}

/// Before the act of another: no later than so many days before.
#[test]
fn what_has_to_come_before_is_counted_backwards() {
    let act = duty(
        "act",
        "A",
        "  from        2026-03-01\n  must        do withdraw by bearer\n  by          2026-03-10\n",
    );
    let told = |within: &str| {
        let notice = format!(
            "  from        {within}\n  must        do report by bearer\n  no later than 42 days before act fulfilled\n"
        );
        of(&on_ground(&format!("{act}{}", duty("notice", "B", &notice))))
            .findings
            .iter()
            .filter(|f| f.diagnostic.code == "A0710")
            .map(|f| f.diagnostic.message.clone())
            .collect::<Vec<_>>()
            .join(" | ")
    };
    let never = told("2026-02-15");
    assert!(never.contains("42 days before `act`") && never.contains("cannot all be kept"), "{never}");
    assert_eq!(told("2026-01-02"), "");
}

#[test]
fn duties_that_wait_for_each_other_are_a_circle() {
    let text = |needs: &str| {
        on_ground(&format!(
            "{}{}",
            duty(
                "first",
                "A",
                &format!("{needs}  must        do draw-line by bearer\n  by          2026-06-30\n")
            ),
            duty(
                "second",
                "B",
                "  needs       draw-line by A\n  must        do withdraw by bearer\n  by          2026-12-31\n"
            )
        ))
    };
    let found = of(&text("  needs       withdraw by B\n"));
    let all: Vec<String> = said(&found, "A0710", "second");
    assert!(all.iter().any(|m| m.contains("wait for each other") && m.contains("`first`")), "{all:?}");
    assert!(said(&of(&text("")), "A0710", "second").is_empty());
}

/// One party leaves something undone that it owes without a date, and a duty of two others waits for ever, through a third.
#[test]
fn who_can_keep_a_duty_waiting_through_others_is_told_with_the_chain() {
    let last = duty(
        "hand-over",
        "A",
        "  needs       mark-out fulfilled\n  must        do withdraw by bearer\n  by          2026-12-31\n",
    );
    let middle = duty(
        "mark-out",
        "B",
        "  needs       report by C\n  must        do draw-line by bearer\n  by          2026-09-30\n",
    );
    let told = |time: &str, force: &str| {
        let report = duty("survey", "C", &format!("  must        do report by bearer\n{time}{force}"));
        said(&of(&on_ground(&format!("{last}{middle}{report}"))), "A0709", "hand-over").join(" | ")
    };
    let chain = told("", "");
    assert!(chain.contains("`C` can keep `hand-over` waiting for ever"), "{chain}");
    assert!(chain.contains("`hand-over` waits for `mark-out`, which waits for `report`"), "{chain}");
    assert!(chain.contains("without a deadline"), "{chain}");
    assert_eq!(told("  by          2026-06-30\n", ""), "", "it would break a duty");
    assert!(told("  by          2026-06-30\n", "  force       best efforts\n").contains("softly"));
    let found = of(&on_ground(&format!(
        "{last}{middle}{}",
        duty("survey", "C", "  must        do report by bearer\n")
    )));
    let its = found.findings.iter().find(|f| f.diagnostic.message.contains("waiting for ever")).unwrap();
    assert!(
        its.diagnostic.help.as_deref().unwrap().contains("nothing new after round"),
        "the bound is told: {its:?}"
    );
}

/// A duty that waits for a finding which one member of a body can refuse.
#[test]
fn who_can_keep_a_finding_from_being_made_is_told() {
    let rule = duty(
        "pay",
        "C",
        "  needs       serious found\n  must        do report by bearer\n  by          2026-12-31\n",
    );
    let found = of(&on_ground(&rule));
    let all = said(&found, "A0711", "pay");
    assert!(
        all.iter().any(|m| m.contains("`A`") && m.contains("`council` cannot decide without it")),
        "{all:?}"
    );
    assert!(!all.iter().any(|m| m.contains("`C` can keep")), "{all:?}");
    let majority = on_ground(&rule).replace(
        "members     A, B\n  decides     by all members",
        "members     A, B, C\n  decides     by majority of members",
    );
    assert!(said(&of(&majority), "A0711", "pay").is_empty());
}

#[test]
fn rules_that_nothing_can_bring_about_are_dead() {
    let told = |first: &str, second: &str| {
        said(&of(&on_ground(&format!("{first}{second}"))), "A0720", "second").join(" | ")
    };
    let second = |when: &str| {
        duty(
            "second",
            "B",
            &format!("  when        {when}\n  must        do withdraw by bearer\n  within      3 days\n"),
        )
    };
    let timeless = duty("first", "A", "  must        do draw-line by bearer\n");
    assert!(
        told(&timeless, &second("first breached")).contains("`first` has no deadline, and is never broken")
    );
    assert!(told(&timeless, &second("first due")).contains("has no deadline"));
    assert_eq!(told(&timeless, &second("first fulfilled")), "");
    let timely = duty("first", "A", "  must        do draw-line by bearer\n  by          2026-06-30\n");
    assert_eq!(told(&timely, &second("first breached")), "");
    let ban = |end: &str| {
        duty("first", "A", &format!("  must not    do draw-line by bearer\n{end}"))
            .replace("duty first", "ban first")
    };
    assert!(told(&ban(""), &second("first fulfilled")).contains("has no end, and is never fulfilled"));
    assert_eq!(told(&ban("  until       2026-06-30\n"), &second("first fulfilled")), "");
    let few = on_ground(&second("serious found")).replace(
        "decides     by all members",
        "decides     by any 3 of both\n\ngroup both\n  members     A, B",
    );
    assert!(said(&of(&few), "A0720", "second").join("").contains("`council` has too few members"));
}

/// A remedy by name that nobody ever owes.
#[test]
fn a_breach_that_nobody_has_to_answer_is_told() {
    let text = |remedy: &str| {
        let first = duty(
            "first",
            "A",
            "  must        do draw-line by bearer\n  by          2026-06-30\n  on breach   remedy make-good\n",
        );
        on_ground(&format!(
            "{first}remedy make-good\n  bearer      breaching party\n  owed to     B\n{remedy}  must        do report by bearer\n  within      3 days of breach\n  \
             effect      adds to the breached duty\n  seen by     mission\n  per         \"The parties do what is written\"\n"
        ))
    };
    let told = |remedy: &str| said(&of(&text(remedy)), "A0717", "first").join(" | ");
    assert_eq!(told(""), "");
    assert!(told("  force       best efforts\n").contains("`make-good` is owed softly"));
    assert!(told("  needs       ask by C\n").contains("`make-good` waits for what nobody owes"));
    assert!(
        said(&of(&text("  needs       ask by C\n")), "A0702", "first").is_empty(),
        "something follows in name"
    );
}

#[test]
fn a_ceiling_on_own_acts_is_met_by_none() {
    let level = |cond: &str| {
        let rule = duty("first", "A", &format!("  must        ensure {cond}\n  by          2026-06-30\n"));
        said(&of(&on_ground(&rule)), "A0717", "first").len()
    };
    assert_eq!(level("count of report by A <= 5"), 1);
    assert_eq!(level("count of report by A >= 5"), 0);
    assert_eq!(level("strength of A <= 5"), 0, "a level does not begin at zero");
}

/// A sentence about the agreement's own life is carried out by the agreement's own line, a definition by what it defines.
#[test]
fn sentences_that_a_declaration_without_a_quote_carries_out_are_no_holes() {
    let holes = |words: &str, field: &str| {
        let text = format!(
            "# Truce\n\n## Last\n\n> {words}\n\n```pact\nagreement truce\n{field}  time zone   UTC\n\nparty A\nparty B\n\nzone strip \"the strip\"\n  shape       within 2 km of \
             point 46 30\n```\n"
        );
        of(&text).findings.iter().filter(|f| f.diagnostic.code == "A0705").count()
    };
    assert_eq!(
        holes("This Agreement will enter into force upon signature.", "  in force    2026-01-01\n"),
        0
    );
    assert_eq!(holes("Ця угода набирає чинності з моменту підписання.", "  in force    2026-01-01\n"), 0);
    assert_eq!(holes("This Agreement will enter into force upon signature.", ""), 1, "nothing says when");
    assert_eq!(
        holes("The Parties will keep the rules that are in the annex.", "  in force    2026-01-01\n"),
        1
    );
    assert_eq!(holes("The place where the river bends is the strip.", "  in force    2026-01-01\n"), 0);
    assert_eq!(
        holes("Nobody shall enter the strip.", "  in force    2026-01-01\n"),
        1,
        "a definition obliges nobody"
    );
}

#[test]
fn figures_of_days_and_times_a_year_are_read() {
    let wrong = |words: &str, rule: &str| {
        let rules = duty("first", "A", rule);
        let text =
            on_ground(&rules).replace("The parties do what is written", words).replace("The \n", "The ");
        let found = of(&text);
        let count = |code| found.findings.iter().filter(|f| f.diagnostic.code == code).count();
        (count("A0706"), count("A0707"))
    };
    let by = "  must        do draw-line by bearer\n  by          2012-12-31\n";
    assert_eq!(wrong("A draws the line by December 31, 2012", by), (0, 0));
    assert_eq!(wrong("A draws the line by 31 December 2012", by), (0, 0));
    let twice = "  must        ensure count of report by A in each calendar year >= 2\n  every       1 year from in-force\n";
    assert_eq!(wrong("A reports at least twice a year", twice), (0, 0));
    let five = twice.replace(">= 2", ">= 5");
    assert_eq!(wrong("A reports at least twice a year", &five), (1, 1));
}

/// What each analysis could not decide is listed with its reason; left out, silence would look like an answer.
#[test]
fn what_an_analysis_could_not_decide_is_listed_with_its_reason() {
    let rules = "reading when-is-it \"what is written\"\n  option      early: ask by C\n  option      late: report by C\n\nreading how-much \"written\"\n  option      \
                 few: 100 persons\n  option      many: 200 persons\n\nopen grave \"do what is written\"\n  judged by   council\n  until then  any ask\n\nduty timed\n  \
                 bearer      A\n  owed to     B\n  when        serious begins\n  needs       any vote\n  must        do draw-line by bearer\n  by          end of day 3 \
                 after when-is-it\n  seen by     mission\n\nduty reading-level\n  bearer      A\n  owed to     B\n  must        ensure strength of A <= how-much\n  by          \
                 2026-06-30\n  seen by     mission\n\nduty level\n  bearer      A\n  owed to     B\n  must        ensure strength of A >= 50 persons\n  by          \
                 2026-06-30\n  seen by     mission\n\nduty unstated-one\n  bearer      unstated\n  owed to     B\n  needs       no ask\n  must        do report where (by = \
                 A)\n  until       serious begins\n  seen by     council\n\nduty waiting\n  bearer      B\n  owed to     A\n  needs       draw-line by A\n  must        do \
                 withdraw by bearer\n  by          2026-12-31\n  seen by     mission\n\nduty judged\n  bearer      B\n  owed to     A\n  when        grave begins\n  must        do \
                 ask by bearer\n  within      3 days\n  seen by     mission\n\nduty after-breach\n  bearer      C\n  owed to     B\n  needs       level breached\n  must        do ask \
                 by bearer\n  by          2026-12-31\n  seen by     mission\n";
    let text = on_ground(rules).replace(
        "> The parties do what is written.",
        "> The parties do what is written. The rest is silence.",
    );
    let checked = servanda_lang::check(&text);
    assert!(!checked.has_errors(), "{:?}", checked.diagnostics);
    let found = findings(&text, &checked);
    let of = |analysis: &str| -> String {
        let looked = found.looked.iter().find(|l| l.analysis == analysis);
        looked.unwrap_or_else(|| panic!("no analysis `{analysis}`")).undecided.join("\n")
    };
    for (analysis, why) in [
        ("missing elements and response gaps", "a breach of `level` hangs on a condition"),
        ("words that no rule accounts for", "for a person to judge"),
        (
            "figures in words and rules",
            "no words are quoted to be compared with the figures of `after-breach`, `judged`, `level`",
        ),
        ("rival readings", "records decide"),
        ("who can block a decision", "how `mission` decides the text does not say"),
        ("who can block a decision", "who bears `unstated-one`"),
        ("who judges itself", "who sits in `mission`"),
        ("finding time against reaction time", "how fast `council` decides"),
        ("sequence and slack", "`waiting` waits for `timed`"),
        ("conventions of the calendar", "the time of `timed` is given by a reading"),
        ("rules that never end", "a condition, and no date, ends `unstated-one`"),
        ("parties and balance", "who bears `unstated-one`"),
        ("thresholds that doing nothing reaches", "no threshold in figures in `reading-level`"),
        ("acts tied to their bearer", "who acts is said in a condition of its own in `unstated-one`"),
        ("rules against each other", "a reading gives one of their levels"),
        ("marking leaks", "`judged` hangs on what is judged of `grave`"),
        ("what can come about, and who can keep it from coming", "was taken as possible for"),
    ] {
        assert!(of(analysis).contains(why), "{analysis}: {why}\n{}", of(analysis));
    }
    let all = found.undecided();
    assert!(all.iter().all(|line| line.contains(": ") && line.ends_with('.')), "{all:?}");
    let broken = text.replace("bearer      unstated", "bearer      nobody-at-all");
    let checked = servanda_lang::check(&broken);
    let found = findings(&broken, &checked);
    let said = found.looked.iter().find(|l| l.analysis == "declarations that were understood").unwrap();
    assert!(
        said.undecided.iter().any(|u| u.contains("`unstated-one` has an error")),
        "{said:?} {:?}",
        checked.diagnostics
    );
}

/// A text on which an analysis cannot decide, for every analysis, reason by reason; and its words in the guide.
#[test]
fn no_analysis_is_silent_about_what_it_could_not_decide() {
    let act = "  must        do draw-line by bearer\n";
    let by = "  by          2026-06-30\n";
    let first = |rest: &str| duty("first", "A", rest);
    let dated = || first(&format!("{act}{by}"));
    let second = |rest: &str| duty("second", "B", rest);
    let ban = |rest: &str| duty("no-line", "A", rest).replace("duty no-line", "ban no-line");
    let withdraw =
        |head: &str, time: &str| second(&format!("{head}  must        do withdraw by bearer\n{time}"));
    let remedy = |time: &str| {
        format!(
            "{}remedy make-good\n  bearer      breaching party\n  owed to     B\n  must        do report by bearer\n{time}  effect      adds to the \
             breached duty\n  seen by     mission\n  per         \"The parties do what is written\"\n\n",
            first(&format!("{act}{by}  on breach   remedy make-good\n"))
        )
    };
    // Rules on the ground of a small truce, the analysis, and what it says that it could not decide.
    let sound: Vec<(String, &str, &str)> = vec![
        (
            remedy("  within      3 days of ask by C\n"),
            "missing elements and response gaps",
            "how fast the response must come hangs on a reading or on another event in `make-good`",
        ),
        (
            first(&format!("{act}{by}"))
                + &withdraw("  if          first breached\n", "  by          2026-12-31\n"),
            "missing elements and response gaps",
            "whether something follows a breach of `first` hangs on a condition or a power",
        ),
        (dated(), "words that no rule accounts for", "for a person to judge"),
        (dated(), "who can block a decision", "how `mission` decides the text does not say"),
        (
            dated().replace("seen by     mission", "seen by     council"),
            "who can block a decision",
            "changes with time, and all who ever do were counted",
        ),
        (
            withdraw("  needs       vote\n", "  by          2026-06-30\n"),
            "conditions that somebody may leave unfulfilled",
            "`second`: nobody is named who does `vote`",
        ),
        (
            withdraw("  needs       no ask\n", "  by          2026-06-30\n"),
            "conditions that somebody may leave unfulfilled",
            "a condition of `second` is more than an act or a count of acts",
        ),
        (dated(), "who judges itself", "who sits in `mission`, which establishes `first`"),
        (
            withdraw("  needs       serious found\n", "  by          2026-06-30\n"),
            "finding time against reaction time",
            "besides the beginning a finding is waited for by `second`",
        ),
        (
            withdraw("  when        (serious and strength of A >= 5 persons) begins\n", "  within      3 days\n"),
            "finding time against reaction time",
            "a finding is only a part of what begins `second`",
        ),
        (
            withdraw("  when        serious ends\n", "  within      3 days\n"),
            "finding time against reaction time",
            "how fast the end of what a body finds is found, which begins `second`",
        ),
        (
            withdraw("  needs       strength of A >= 5 persons\n", "  by          2026-06-30\n"),
            "sequence and slack",
            "no act and no fulfilment, and has no time, in `second`",
        ),
        (
            withdraw("  when        (strength of A >= 5 persons) begins\n", "  by          2026-06-30\n"),
            "sequence and slack",
            "comes before the fixed day decides over `second`",
        ),
        (
            ban("  must not    do draw-line by bearer\n  until       2026-03-31\n")
                + &withdraw("  needs       no-line fulfilled\n", "  by          2026-06-30\n"),
            "sequence and slack",
            "for those who wait for it was not counted in `no-line`",
        ),
        (
            dated() + &duty("too", "C", &format!("{act}{by}")) + &withdraw("", "  within      3 days of draw-line\n"),
            "sequence and slack",
            "a moment of `second` is an act to which several rules oblige",
        ),
        (
            withdraw("  when        ask by C\n", "  within      3 days\n"),
            "conventions of the calendar",
            "the day of an event decides over whether offices are closed on the last day of `second`",
        ),
        (
            dated(),
            "conventions of the calendar",
            "which days are holidays the text does not say, and one may be the last day of `first`",
        ),
        (
            withdraw("  from        3 days after ask by C\n", "  by          2026-06-30\n"),
            "rules that never have an effect",
            "the text gives no day for the beginning of `second`",
        ),
        (
            withdraw("  until       ask by C\n", "  within      3 days of vote\n"),
            "rules that never have an effect",
            "the text gives no day for the end of `second`",
        ),
        (
            withdraw("", "  within      3 days of vote\n"),
            "rules that never have an effect",
            "the text gives no day for the deadline of `second`",
        ),
        (
            withdraw("  until       ask by C\n", "  by          2026-06-30\n"),
            "rules that never end",
            "nothing in the text makes sure that what ends it ever comes about for `second`",
        ),
        (
            remedy("  within      3 days of breach\n").replace("bearer      A", "bearer      unstated"),
            "parties and balance",
            "who bears `make-good` follows from who breaks another rule",
        ),
        (
            withdraw("  when        (strength of A >= 5 persons) begins\n", "  within      3 days\n"),
            "parties and balance",
            "what no act shows decides over whether nothing has to be done by `B`",
        ),
        (
            first("  must        ensure strength of A >= 5 persons\n  by          2026-06-30\n"),
            "thresholds that doing nothing reaches",
            "records decide in `first`",
        ),
        (
            first("  must        do vote\n  by          2026-06-30\n"),
            "acts tied to their bearer",
            "`first`: nobody is named who does `vote`",
        ),
        (
            dated() + &ban("  must not    do draw-line by bearer where (by = C)\n"),
            "rules against each other",
            "the one asks for an act of which the other forbids some",
        ),
        (
            first("  must        ensure count of draw-line by A >= 2\n  by          2026-06-30\n")
                + &ban("  must not    do draw-line by bearer\n"),
            "rules against each other",
            "a count or a state of what the other forbids",
        ),
        (
            withdraw("  needs       no ask\n", "  by          2026-06-30\n"),
            "what can come about, and who can keep it from coming",
            "that something is not so was taken as possible for `second`",
        ),
        (
            withdraw("  when        serious found\n", "  within      3 days\n"),
            "what can come about, and who can keep it from coming",
            "that a body which can decide does find it was taken as possible for `second`",
        ),
        (
            // What is taken for the one is taken for whatever waits for it.
            first(&format!("  needs       no ask\n{act}{by}"))
                + &withdraw("  needs       first fulfilled\n", "  by          2026-12-31\n"),
            "what can come about, and who can keep it from coming",
            "that something is not so was taken as possible for `first` and `second`",
        ),
        (
            "reading few \"what is written\"\n  option      two: 2 persons\n  option      three: 3 persons\n\n".to_string()
                + &first("  must        ensure strength of A >= few\n  by          2026-06-30\n"),
            "rival readings",
            "how often `first` differ under `few`, records decide",
        ),
        (
            "open grave \"do what is written\"\n  judged by   council\n  until then  any ask\n\n".to_string()
                + &withdraw("  when        grave begins\n", "  within      3 days\n"),
            "marking leaks",
            "`second` hangs on what is judged of `grave`",
        ),
        (
            "zone strip \"the strip\"\n  shape       within 2 km of point 46 30\n\nevent enter\n  says        \"{by} enters {at}\"\n  carries     by: \
             party, at: place\n\n"
                .to_string()
                + &ban("  must not    do enter by bearer at strip\n")
                + &duty("look", "C", "  must        keep coverage of strip by C >= 90 percent\n"),
            "who watches",
            "whether the watching that is owed sees all of the place, and all of the time, of `no-line`",
        ),
        (
            dated().replace("per         \"The parties do what is written\"\n", ""),
            "figures in words and rules",
            "no words are quoted to be compared with the figures of `first`",
        ),
    ];
    // With an error: what is named there is neither missing nor idle.
    let wrong: Vec<(String, &str, &str)> = vec![
        (
            withdraw("  when        serious begins\n", "  within      3 unheard-of\n"),
            "terms from which nothing follows",
            "a declaration with an error names `serious`",
        ),
        (
            withdraw("  when        vote\n", "  within      3 unheard-of\n"),
            "facts that no rule speaks of",
            "`vote`",
        ),
        (
            duty("second", "C", "  must        do withdraw by nobody-known\n"),
            "parties and balance",
            "what binds `B` and `C` may stand in a declaration with an error",
        ),
        (
            dated() + &withdraw("  when        first breached\n", "  within      3 unheard-of\n"),
            "missing elements and response gaps",
            "what follows a breach of `first` may stand in a declaration with an error",
        ),
        (
            withdraw("", "  within      3 unheard-of\n"),
            "declarations that were understood",
            "`second` has an error, and was not looked at",
        ),
    ];
    let mut shown = BTreeSet::new();
    let mut all = BTreeSet::new();
    let cases = sound.into_iter().map(|c| (c, false)).chain(wrong.into_iter().map(|c| (c, true)));
    for ((rules, analysis, why), damaged) in cases {
        let mut text = on_ground(&rules);
        if why.contains("changes with time") {
            text = text.replace("members     A, B\n", "members     A, B until 2027-01-01\n");
        }
        let checked = servanda_lang::check(&text);
        assert_eq!(checked.has_errors(), damaged, "{rules}\n{:?}", checked.diagnostics);
        let found = findings(&text, &checked);
        let looked = found.looked.iter().find(|l| l.analysis == analysis).unwrap();
        assert!(looked.undecided.iter().any(|u| u.contains(why)), "{analysis}: {why}\n{looked:#?}");
        if damaged {
            let idle = ["A0704", "A0720", "A0715", "A0702"];
            let name = why.split('`').nth(1).unwrap();
            let told = found.findings.iter().filter(|f| idle.contains(&f.diagnostic.code));
            assert!(told.clone().all(|f| f.about.as_ref().is_none_or(|a| *a != name)), "{analysis}: {name}");
        }
        shown.insert(analysis);
        all.extend(found.looked.iter().map(|l| (l.analysis, l.bound)));
    }
    assert_eq!(shown, all.iter().map(|(analysis, _)| *analysis).collect(), "every analysis");
    let guide = std::fs::read_to_string(root().join("docs/guides/before-signing.md")).unwrap();
    for (analysis, bound) in all {
        assert!(
            guide.contains(&format!("| {analysis} | {bound} |\n")),
            "the guide lacks: | {analysis} | {bound} |"
        );
    }
}

/// Without an agreement, an empty text too: the same analyses, and none of them decides that all is well.
#[test]
fn the_same_analyses_look_at_a_text_with_nothing_in_it() {
    let whole = example("berlin-framework");
    let names = |f: &Findings| f.looked.iter().map(|l| l.analysis).collect::<Vec<_>>();
    for text in ["", "# Nothing\n", "# T\n\n```pact\nparty A\n```\n"] {
        let found = findings(text, &servanda_lang::check(text));
        assert_eq!(names(&found), names(&whole), "{text}");
        let undecided = found.undecided().join("\n");
        assert!(undecided.contains("no clause of the text has words"), "{undecided}");
        assert!(undecided.contains("no `agreement` says how days are counted"), "{undecided}");
    }
}

/// A ban that ends before a duty begins forbids none of it.
#[test]
fn rules_that_never_stand_on_one_day_are_no_conflict() {
    let told = |until: &str| {
        let ban =
            duty("no-line", "A", &format!("  must not    do draw-line by bearer\n  until       {until}\n"))
                .replace("duty no-line", "ban no-line");
        let first = duty(
            "first",
            "A",
            "  from        2026-03-01\n  must        do draw-line by bearer\n  by          2026-06-30\n",
        );
        said(&of(&on_ground(&format!("{ban}{first}"))), "A0716", "first").len()
    };
    assert_eq!((told("2026-02-28"), told("2026-03-31")), (0, 1));
}

/// Of a body that decides by any so many of a group, the members of the group are asked, and not its own.
#[test]
fn who_can_block_is_counted_among_those_who_decide() {
    let told = |group: &str| {
        let rule = duty("first", "A", "  must        do draw-line by bearer\n  by          2026-06-30\n");
        let text = on_ground(&rule.replace("seen by     mission", "seen by     council")).replace(
            "decides     by all members",
            &format!("decides     by any 2 of deciding\n\ngroup deciding\n  members     {group}"),
        );
        said(&of(&text), "A0711", "first").len()
    };
    assert_eq!((told("A, B"), told("B, C")), (1, 0));
}

/// Numbers in Ukrainian words are not read: that is said, where there are any. A scale behind figures is.
#[test]
fn ukrainian_figures_are_compared_or_listed_as_not_read() {
    let text = |words: &str, rule: &str| {
        let rules = duty(
            "first",
            "A",
            &format!("  must        ensure strength of A >= {rule} persons\n  by          2026-12-31\n"),
        );
        let text = on_ground(&rules).replace("The parties do what is written", words);
        let found = of(&text);
        let wrong = found.findings.iter().filter(|f| f.diagnostic.code == "A0706").count();
        let open = found.undecided().iter().any(|u| u.contains("number words in Ukrainian are not read"));
        (wrong, open)
    };
    assert_eq!(text("A тримає 800 тисяч осіб", "800,000"), (0, false));
    assert_eq!(text("A тримає 800 тисяч осіб", "80,000"), (1, false));
    assert_eq!(text("A тримає вісімсот тисяч осіб", "800,000"), (0, true));
    assert_eq!(text("A тримає п’ять осіб", "5"), (0, true));
    assert_eq!(text("A тримає столицю і стан", "5"), (0, false));
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
