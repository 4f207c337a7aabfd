//! What a terminal shows, read as a whole.

mod hand_built;

use expect_test::expect;
use hand_built::hand_built;
use servanda_report::Owed;
use servanda_report::text::{self, Style};

#[test]
fn the_board() {
    expect![[r#"
        At           2026-06-01 12:00 Europe/Kyiv
        As known at  2026-06-01 12:00 Europe/Kyiv
        *** EXERCISE EXERCISE EXERCISE: none of this is real ***

        Framework on security guarantees (exercise text)
        Is it kept? No. Of 15 obligations: 5 broken, 1 missed where only an effort was owed, 1 a matter of
        reading, 1 disputed or not established, 1 not observed, 3 still open, 2 complied with, 1 not
        applicable now.

        no-fire  Ceasefire · ban · Article 1. Ceasefire
          Ukraine                            ? not observed
            Nobody watched the security belt for 8 days; 94 % were watched, 100 % are needed.
          Russia                             ✗ violated
            Fired in the security belt in 31 stretches; the last began on 2026-05-27 04:10.
          not established (Russia or Ukrai…  ✗ broken, by whom not established
            65 times somebody fired in the security belt; who it was is not established.

        consult  Consultation · duty · Article 2. Collective response
          United States                      ✗ violated                was due 2026-04-29 21:00
            No consultation was entered by 2026-04-29 21:00.
          Germany                            ✓ complied                was due 2026-04-29 21:00
            Consulted with Ukraine on 2026-04-29 12:30, 8 hours 30 minutes before the time ran out.
          France                             ≠ disputed                was due 2026-04-29 21:00
            One source says that it consulted in time, another that it did not.
          Poland                             ✗ violated, complied late  was due 2026-04-29 21:00
            Consulted with Ukraine on 2026-04-30 23:00, 26 hours late.

        weekly-report  Weekly report · duty · Article 3. Monitoring
          United States                      ✗ violated                due 2026-06-07 24:00 (in 6 days 12 hours) · 1 violated, 1 pending, 12 satisfied
            No report was entered for the week to 2026-04-05.

        watch-line  Watch on the line · duty · Article 3. Monitoring
          United States                      ○ kept so far
            Watched at 95 per cent or more so far, with allowed gaps of 9 days.

        force-level/2026-12-31  Strength at the end of 2026 · duty · Article 4. Strength and equipment
          Ukraine                            ± depends on the reading  due 2026-12-31 24:00
            With 705,000 persons the floor is kept and the cap is not.

        equipment/155-mm-howitzer  72 howitzers, 155 mm · duty · Article 4. Strength and equipment
          Germany                            ◌ waiting                 due 2026-06-14 24:00 (in 13 days 12 hours)
            Waits for the appropriation.

        open-compounds  Access for monitors · right · Article 3. Monitoring
          Russia                             − missed
            Access was denied on 2026-05-02; reasons are on record.
          Ukraine                            ✓ complied
            No denial of access is on record.

        explain  Reasons · remedy · Article 2. Collective response
          United States                      ○ not due                 due 2026-06-02 09:00 to 2026-06-02 12:00 (in 21 hours)
            The time for stating reasons runs.
          Poland                             · waived
            Waived by Ukraine on 2026-05-02.

        Terms
          Large-scale aggression: ○ not met
            last from 2026-04-28 21:00 to 2026-05-03 05:00 (probable, found 2026-04-29 09:00)
            armed attacks in 72 hours: 3 beside 100

        Acts under powers
          2026-05-02 11:00 Ukraine: waive-reasons: effective from 2026-05-02 11:00: Ukraine is owed the
          duty.

        Assessed by software rules; a human body finds.
    "#]].assert_eq(&text::board(&hand_built().view(), &Style::PLAIN));
}

#[test]
fn a_card_says_who_watched_and_what_is_missing() {
    let built = hand_built();
    let view = built.view();
    let verdicts = view.find("no-fire", Some("Ukraine"), None).unwrap();
    expect![[r#"
        At           2026-06-01 12:00 Europe/Kyiv
        As known at  2026-06-01 12:00 Europe/Kyiv
        *** EXERCISE EXERCISE EXERCISE: none of this is real ***

        no-fire Ceasefire · Ukraine
        ? not observed, probable

        The words
          Article 1. Ceasefire
            “an immediate and complete cessation of fire”

        The rule
          Neither side fires in the security belt, from 1 March 2026 on.
          binds              legally binding
          standard of proof  probable
          owed to            the guarantors
          reading            none is in question
          stands             active

        Because
          1. Nobody watched the security belt for 8 days; 94 % were watched, 100 % are needed. [not-watched]

        What is missing
          - reports on the security belt from 2026-04-08 to 2026-04-12

        Who was watching
          Security belt: 94.2 % of 2026-03-01 02:00 to 2026-06-01 12:00 watched, not enough to rule anything
          out, 2 gaps
            not watched 2026-04-08 03:00 to 2026-04-12 03:00
            not watched 2026-05-06 03:00 to 2026-05-10 03:00

        Assessed by software rules; a human body finds.
    "#]]
    .assert_eq(&text::card(&view, verdicts[0], &Style::PLAIN, true));
}

#[test]
fn a_card_of_a_late_act_and_of_a_reading() {
    let built = hand_built();
    let view = built.view();
    let late = view.find("consult", Some("Poland"), None).unwrap();
    expect![[r#"

        consult Consultation · Poland
        ✗ violated, complied late, probable

        The words
          Article 2. Collective response
            “each guarantor consults with Ukraine within 24 hours”

        The rule
          Each guarantor consults with Ukraine within 24 hours of the beginning of large-scale aggression.
          binds              legally binding
          standard of proof  probable
          owed to            Ukraine
          reading            none is in question
          stands             active
          triggered          2026-04-28 21:00 Europe/Kyiv
          due                2026-04-29 21:00 Europe/Kyiv (32 days 15 hours ago)
          broken from        2026-04-29 21:00 Europe/Kyiv
          done late          2026-04-30 23:00 Europe/Kyiv
          instance           f44

        Because
          1. Large-scale aggression began on 2026-04-28 21:00. [triggered]
          2. Consulted with Ukraine on 2026-04-30 23:00, 26 hours late. [done-late]

        Decided by (1)
          2026-04-30 23:00 · EXERCISE Poland consults with Ukraine
            confirmed · Commission register · observed · k2

        Terms that it rests on
          Large-scale aggression: ○ not met
            last from 2026-04-28 21:00 to 2026-05-03 05:00 (probable, found 2026-04-29 09:00)
            armed attacks in 72 hours: 3 beside 100

        Assessed by software rules; a human body finds.
    "#]]
    .assert_eq(&text::card(&view, late[0], &Style::PLAIN, false));
    let reading = view.find("force-level/2026-12-31", None, None).unwrap();
    expect![[r#"

        force-level/2026-12-31 Strength at the end of 2026 · Ukraine
        ± depends on the reading, probable

        The words
          Article 4. Strength and equipment
            “with yearly milestones”

        The rule
          Ukraine ensures a strength of 700,000 persons on 2026-12-31, as the reading `level` says.
          binds              legally binding
          standard of proof  probable
          owed to            the guarantors
          reading            nobody has chosen; each is tried below
          stands             active
          due                2026-12-31 24:00 Europe/Kyiv (in 213 days)

        Because
          1. With 705,000 persons the floor is kept and the cap is not. [depends-on-reading]
          Left to judgement: level

        Under other readings
          level = floor: ✓ complied (probable), due 2026-12-31 24:00
          level = cap: ✗ violated (probable), due 2026-12-31 24:00
          level = band: ✓ complied (probable), due 2026-12-31 24:00

        Assessed by software rules; a human body finds.
    "#]]
    .assert_eq(&text::card(&view, reading[0], &Style::PLAIN, false));
}

#[test]
fn the_ledger() {
    let built = hand_built();
    let view = built.view();
    expect![[r#"
        At           2026-06-01 12:00 Europe/Kyiv
        As known at  2026-06-01 12:00 Europe/Kyiv
        *** EXERCISE EXERCISE EXERCISE: none of this is real ***

        ✗ violated United States owes Weekly report to Ukraine
          clause    Article 3. Monitoring
          due       2026-04-05 24:00 Europe/Kyiv = 2026-04-05T20:59:59Z (56 days 12 hours ago)
          evidence  Report: a report of standard `probable`
          evidence  established by Joint Security Commission
          No report was entered for the week to 2026-04-05.

        ≠ disputed France owes Consultation to Ukraine
          clause     Article 2. Collective response
          triggered  2026-04-28 21:00 Europe/Kyiv
          due        2026-04-29 21:00 Europe/Kyiv = 2026-04-29T18:00:00Z (32 days 15 hours ago)
          evidence   Consultation: a report of standard `probable`
          evidence   established by Joint Security Commission
          One source says that it consulted in time, another that it did not.

        ✗ violated United States owes Consultation to Ukraine
          clause     Article 2. Collective response
          triggered  2026-04-28 21:00 Europe/Kyiv
          due        2026-04-29 21:00 Europe/Kyiv = 2026-04-29T18:00:00Z (32 days 15 hours ago)
          evidence   Consultation: a report of standard `probable`
          evidence   established by Joint Security Commission
          No consultation was entered by 2026-04-29 21:00.

        ○ not due United States owes Reasons to Ukraine
          clause     Article 2. Collective response
          triggered  2026-04-29 21:00 Europe/Kyiv
          due        2026-06-02 09:00 to 2026-06-02 12:00 Europe/Kyiv = 2026-06-02T06:00:00Z to
                     2026-06-02T09:00:00Z (in 21 hours)
          evidence   Reasons stated: a report of standard `probable`
          evidence   established by Joint Security Commission
          The time for stating reasons runs.

        ○ not due United States owes Weekly report to Ukraine
          clause    Article 3. Monitoring
          due       2026-06-07 24:00 Europe/Kyiv = 2026-06-07T20:59:59Z (in 6 days 12 hours)
          evidence  Report: a report of standard `probable`
          evidence  established by Joint Security Commission
          The week is not over.

        ◌ waiting Germany owes 72 howitzers, 155 mm to Ukraine
          clause     Article 4. Strength and equipment
          due        2026-06-14 24:00 Europe/Kyiv = 2026-06-14T20:59:59Z (in 13 days 12 hours)
          waits for  appropriation by Germany
          evidence   Delivery: a report of standard `probable`
          evidence   established by Joint Security Commission
          marking    TLP:AMBER, only to Germany and Ukraine
          Waits for the appropriation.

        ± depends on the reading Ukraine owes Strength at the end of 2026 to the guarantors
          clause    Article 4. Strength and equipment
          due       2026-12-31 24:00 Europe/Kyiv = 2026-12-31T21:59:59Z (in 213 days)
          evidence  Strength: a report of standard `probable`
          evidence  established by Joint Security Commission
          With 705,000 persons the floor is kept and the cap is not.

        ○ kept so far United States owes Watch on the line to Ukraine
          clause    Article 3. Monitoring
          due       no day is set
          evidence  Report: a report of standard `probable`
          evidence  established by Joint Security Commission
          Watched at 95 per cent or more so far, with allowed gaps of 9 days.

        Assessed by software rules; a human body finds.
    "#]]
    .assert_eq(&text::duties(&view, &view.duties(&Owed::default()), &Style::PLAIN));
}
