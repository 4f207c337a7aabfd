//! Activities written by hand after the rules of the standard: every transaction once, in its currency, or refused with its place.

use super::*;
use crate::support::Ledger;

/// A transaction: type, day, amount, what stands in it beside.
fn flow(code: &str, day: &str, amount: &str, more: &str) -> String {
    format!(
        "  <transaction>\n    <transaction-type code=\"{code}\"/>\n    <transaction-date iso-date=\"{day}\"/>\n    \
         <value currency=\"EUR\" value-date=\"{day}\">{amount}</value>{more}\n  </transaction>\n"
    )
}

fn activity(id: &str, about: &str, flows: &str) -> String {
    format!(
        "<iati-activity default-currency=\"EUR\">\n  <iati-identifier>{id}</iati-identifier>\n  \
         <reporting-org ref=\"XX-1\" type=\"10\"><narrative>Ministry of Freedonia</narrative></reporting-org>\n  \
         <title><narrative>Works of {id}</narrative></title>\n{about}{flows}</iati-activity>\n"
    )
}

fn file(activities: &[String]) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<iati-activities version=\"2.03\">\n{}</iati-activities>\n",
        activities.concat()
    )
}

fn read(activities: &[String]) -> Result<Iati, Refusal> {
    Iati::read(&[("a.xml".into(), file(activities))], &Wanted::default(), Grade::Possible)
}

fn sums(iati: &Iati) -> BTreeMap<(Stage, String), String> {
    let ledger = Ledger::of(iati.entries.clone()).unwrap();
    let mut sums: BTreeMap<(Stage, String), Number> = BTreeMap::new();
    for entry in ledger.added() {
        let sum = sums.entry((entry.stage, entry.unit.clone())).or_default();
        *sum = sum.clone() + entry.quantity.clone();
    }
    sums.into_iter().map(|(key, n)| (key, n.to_string())).collect()
}

fn sum(iati: &Iati, stage: Stage) -> String {
    sums(iati).get(&(stage, "EUR".into())).cloned().unwrap_or_default()
}

#[test]
fn each_kind_of_transaction_is_its_stage_and_incoming_ones_are_none() {
    let flows = [
        flow("12", "2026-01-10", "1000", ""),
        flow("2", "2026-02-10", "800.50", ""),
        flow("3", "2026-03-10", "300", ""),
        flow("4", "2026-04-10", "50", ""),
        flow("1", "2026-01-11", "9999", ""),
        flow("11", "2026-01-12", "9999", ""),
        flow("6", "2026-05-10", "7", ""),
    ];
    let iati = read(&[activity("XX-1-A", "", &flows.concat())]).unwrap();
    let sums: Vec<String> =
        [Stage::Pledged, Stage::Allocated, Stage::Received].map(|stage| sum(&iati, stage)).into();
    assert_eq!(sums, ["1000", "800.5", "350"]);
    let first = &iati.entries[0];
    assert_eq!(
        (first.partner.as_str(), first.item.as_str(), first.unit.as_str(), first.id.as_str()),
        ("Ministry of Freedonia", "Works of XX-1-A", "EUR", "iati:XX-1-A/1")
    );
    let value = first.value.as_ref().unwrap();
    assert_eq!((value.currency.as_str(), value.priced.as_str()), ("EUR", "2026-01-10"));
    assert_eq!(first.source, "a.xml, line 7");
    let gaps = iati.gaps.join("\n");
    assert!(
        gaps.contains("2 incoming transactions") && gaps.contains("1 transactions are interest"),
        "{gaps}"
    );
}

#[test]
fn who_gives_is_the_provider_else_the_one_funder_else_who_reports() {
    let funder = "<participating-org role=\"1\" type=\"10\"><narrative>Treasury of Sylvania</narrative></participating-org>\n";
    let other = "<participating-org role=\"1\" type=\"10\" ref=\"YY-2\"/>\n<participating-org role=\"4\" type=\"22\" ref=\"ZZ-9\"/>\n";
    let provider = "<provider-org ref=\"QQ-3\"/>";
    let partner = |about: &str, more: &str| {
        read(&[activity("XX-1-A", about, &flow("3", "2026-03-10", "1", more))]).unwrap().entries[0]
            .partner
            .clone()
    };
    assert_eq!(partner("", ""), "Ministry of Freedonia");
    assert_eq!(partner(funder, ""), "Treasury of Sylvania");
    assert_eq!(partner(other, ""), "YY-2");
    assert_eq!(partner(&format!("{funder}{other}"), ""), "Ministry of Freedonia");
    assert_eq!(partner(funder, provider), "QQ-3");
}

#[test]
fn money_that_is_passed_on_is_counted_once() {
    // The ministry gives 100 to an agency, which spends 70 of it and 20 of its own: 120 in all, and not 190 or 220.
    let to = |id: &str| format!("<receiver-org receiver-activity-id=\"{id}\"/>");
    let gives = activity("XX-1-A", "", &flow("3", "2026-03-01", "100", &to("YY-2-B")));
    let spends = activity(
        "YY-2-B",
        "",
        &[
            flow("1", "2026-03-01", "100", ""),
            flow("4", "2026-04-01", "70", ""),
            flow("4", "2026-05-01", "50", ""),
        ]
        .concat(),
    );
    let iati = read(&[gives.clone(), spends.clone()]).unwrap();
    assert_eq!(sum(&iati, Stage::Received), "120", "{:?}", iati.entries);
    // The order of the activities, and in which file they stand, change nothing.
    let files =
        [("b.xml".to_string(), file(&[spends])), ("a.xml".to_string(), file(std::slice::from_ref(&gives)))];
    let apart = Iati::read(&files, &Wanted::default(), Grade::Possible).unwrap();
    assert_eq!(sum(&apart, Stage::Received), "120");
    // Through two hands: the last hand's are counted in the first gift.
    let hands = activity("YY-2-B", "", &flow("3", "2026-04-01", "60", &to("ZZ-3-C")));
    let last = activity("ZZ-3-C", "", &flow("4", "2026-05-01", "55", ""));
    let iati = read(&[gives.clone(), hands, last]).unwrap();
    assert_eq!(sum(&iati, Stage::Received), "100");
    let of = iati.entries.iter().find(|entry| entry.id.starts_with("iati:ZZ-3-C/1")).unwrap();
    assert_eq!(of.counted_in.as_deref(), Some("iati:XX-1-A/1"));
    // An activity that is named and not there takes nothing away.
    assert_eq!(sum(&read(&[gives]).unwrap(), Stage::Received), "100");
}

#[test]
fn what_is_given_in_another_currency_is_not_counted_twice_and_is_named() {
    let gives = activity(
        "XX-1-A",
        "",
        &flow("3", "2026-03-01", "100", "<receiver-org receiver-activity-id=\"YY-2-B\"/>"),
    );
    let spends = activity("YY-2-B", "", &flow("4", "2026-04-01", "70", "").replace("\"EUR\"", "\"USD\""));
    let iati = read(&[gives, spends]).unwrap();
    assert_eq!(sums(&iati), [((Stage::Received, "EUR".to_string()), "100".to_string())].into());
    assert!(iati.gaps.join("\n").contains("given in another currency"), "{:?}", iati.gaps);
}

#[test]
fn money_in_a_circle_is_counted_once() {
    let to = |id: &str| format!("<receiver-org receiver-activity-id=\"{id}\"/>");
    let a = activity("A", "", &flow("3", "2026-03-01", "10", &to("B")));
    let b = activity("B", "", &flow("3", "2026-03-02", "10", &to("A")));
    let iati = read(&[a, b]).unwrap();
    assert_eq!(sum(&iati, Stage::Received), "10");
    assert!(iati.gaps.join("\n").contains("circle"), "{:?}", iati.gaps);
}

#[test]
fn what_is_taken_back_lowers_what_came_before_and_nothing_is_lost() {
    let flows = [
        flow("2", "2026-01-01", "100", ""),
        flow("2", "2026-02-01", "50", ""),
        flow("2", "2026-03-01", "-70", ""),
        flow("2", "2026-04-01", "20", ""),
        flow("3", "2026-04-01", "10", ""),
    ];
    let iati = read(&[activity("A", "", &flows.concat())]).unwrap();
    assert_eq!((sum(&iati, Stage::Allocated), sum(&iati, Stage::Received)), ("100".into(), "10".into()));
    let amounts: Vec<String> = iati.entries.iter().map(|entry| entry.quantity.to_string()).collect();
    assert_eq!(amounts, ["80", "20", "10"], "the fifty are gone, and twenty of the hundred");
    let more = read(&[activity("A", "", &flow("2", "2026-03-01", "-70", ""))]).unwrap_err();
    assert!(more.message.contains("activity `A`: 70 EUR more was taken back than was allocated"), "{more:?}");
}

#[test]
fn the_share_of_a_country_is_exact_and_none_is_guessed() {
    let wanted = Wanted { recipient: Some("UA".into()), hierarchy: None };
    let of = |about: &str, more: &str| {
        let text = file(&[activity("A", about, &flow("3", "2026-03-10", "300", more))]);
        Iati::read(&[("a.xml".into(), text)], &wanted, Grade::Possible)
    };
    let country = |code: &str, percent: &str| format!("<recipient-country code=\"{code}\"{percent}/>\n");
    let both = country("UA", " percentage=\"40\"") + &country("MD", " percentage=\"60\"");
    let (ua, md) = (country("UA", ""), country("MD", ""));
    assert_eq!(sum(&of(&both, "").unwrap(), Stage::Received), "120");
    assert_eq!(sum(&of(&ua, "").unwrap(), Stage::Received), "300");
    assert_eq!(sum(&of(&md, &ua).unwrap(), Stage::Received), "300", "a transaction's own goes first");
    assert_eq!(sum(&of(&ua, &md).unwrap(), Stage::Received), "");
    let nobody = of("", "").unwrap();
    assert!(
        nobody.entries.is_empty() && nobody.gaps.join("").contains("1 transactions go to other countries"),
        "{nobody:?}"
    );
    let untold = of(&(ua.clone() + &md), "").unwrap_err();
    assert!(
        untold.message.contains("activity `A`: it has several recipients")
            && untold.help.contains("percentages"),
        "{untold:?}"
    );
    let much = of(&(both.clone() + &country("PL", " percentage=\"10\"")), "").unwrap_err();
    assert!(much.message.contains("add up to 110"), "{much:?}");
}

#[test]
fn an_activity_stands_once_and_on_one_level() {
    let flows = flow("3", "2026-03-10", "300", "");
    let one = activity("A", "", &flows);
    let twice = read(&[one.clone(), one.clone()]).unwrap_err();
    assert!(twice.message.contains("activity `A`: it stands twice, first in `a.xml`"), "{twice:?}");
    let second = one.replace("type=\"10\">", "type=\"10\" secondary-reporter=\"1\">").replace("300", "290");
    for order in [[one.clone(), second.clone()], [second, one.clone()]] {
        let iati = read(&order).unwrap();
        assert_eq!(sum(&iati, Stage::Received), "300", "who is first-hand");
        assert!(iati.gaps.join("").contains("second reporter"));
    }
    let part = activity("B", "<related-activity ref=\"A\" type=\"1\"/>\n", &flows).replacen(
        "<iati-activity ",
        "<iati-activity hierarchy=\"2\" ",
        1,
    );
    let both = read(&[one.clone(), part.clone()]).unwrap_err();
    assert!(
        both.message.contains("activity `B`: it is part of `A`") && both.help.contains("--hierarchy"),
        "{both:?}"
    );
    let wanted = Wanted { recipient: None, hierarchy: Some(2) };
    let lower = Iati::read(&[("a.xml".into(), file(&[one, part]))], &wanted, Grade::Possible).unwrap();
    assert_eq!((lower.activities, sum(&lower, Stage::Received).as_str()), (1, "300"));
}

#[test]
fn broken_files_are_refused_with_file_activity_and_remedy() {
    let good = file(&[activity("A", "", &flow("3", "2026-03-10", "300", ""))]);
    for (from, to, words, help) in [
        ("version=\"2.03\"", "version=\"1.05\"", "`a.xml` is of version `1.05`", "2.01 to 2.03"),
        ("iati-activities", "iati-organisations", "begins with `iati-organisations`", "file of activities"),
        (
            "<iati-identifier>A</iati-identifier>",
            "",
            "line 3: an activity has no `iati-identifier`",
            "ask the publisher",
        ),
        (
            "<transaction-type code=\"3\"/>",
            "",
            "activity `A`, transaction 1: it has no type",
            "transaction-type",
        ),
        ("code=\"3\"", "code=\"C\"", "the type `C` is not known", "1 to 13"),
        ("iso-date=\"2026-03-10\"", "iso-date=\"10.3.2026\"", "the date `10.3.2026` is none", "iso-date"),
        (">300<", ">1,000<", "the value `1,000` is no number", "separator of thousands"),
        (" value-date=\"2026-03-10\"", "", "the date of its value `` is none", "value-date"),
        (
            "currency=\"EUR\" value",
            "currency=\"Euro\" value",
            "the currency `Euro` is none",
            "default-currency",
        ),
        ("</transaction>", "", "`a.xml` is not XML", "whole"),
        (
            "<iati-activities",
            "<!DOCTYPE x [<!ENTITY e \"ha\">]><iati-activities",
            "has a document type",
            "take",
        ),
        (
            "<iati-activity ",
            "<iati-activity hierarchy=\"top\" ",
            "the hierarchy `top` is no number",
            "whole number",
        ),
    ] {
        assert!(good.contains(from), "{from}");
        let text = good.replace(from, to);
        let refusal = Iati::read(&[("a.xml".into(), text)], &Wanted::default(), Grade::Possible).unwrap_err();
        assert!(refusal.message.contains(words) && refusal.help.contains(help), "{words}: {refusal:?}");
    }
    let default = good.replace(" currency=\"EUR\"", "");
    assert!(Iati::read(&[("a.xml".into(), default.clone())], &Wanted::default(), Grade::Possible).is_ok());
    let none = default.replace(" default-currency=\"EUR\"", "");
    assert!(
        Iati::read(&[("a.xml".into(), none)], &Wanted::default(), Grade::Possible)
            .unwrap_err()
            .message
            .contains("the currency `` is none")
    );
}

#[test]
fn what_is_added_is_what_was_given_and_what_was_spent_beyond_it() {
    let to = |id: &str| format!("<receiver-org receiver-activity-id=\"{id}\"/>");
    for seed in 1..60_u64 {
        let amount = |n: u64| 1 + (seed * 7919 + n * 104_729) % 97;
        let gifts: Vec<u64> = (0..seed % 4).map(amount).collect();
        let spent: Vec<u64> = (10..10 + seed % 5).map(amount).collect();
        let flows = |amounts: &[u64], more: &str| {
            amounts
                .iter()
                .enumerate()
                .map(|(n, a)| flow("3", &format!("2026-0{}-01", n + 1), &a.to_string(), more))
                .collect::<String>()
        };
        let iati =
            read(&[activity("A", "", &flows(&gifts, &to("B"))), activity("B", "", &flows(&spent, ""))])
                .unwrap();
        let (gave, used) = (gifts.iter().sum::<u64>(), spent.iter().sum::<u64>());
        let added = sum(&iati, Stage::Received);
        assert_eq!(
            added,
            match gave.max(used) {
                0 => String::new(),
                n => n.to_string(),
            },
            "seed {seed}: {gifts:?} {spent:?}"
        );
        // All that was published is listed, counted here or there.
        let listed = iati.entries.iter().fold(Number::zero(), |all, entry| all + entry.quantity.clone());
        assert_eq!(listed, Number::from((gave + used) as i64), "seed {seed}");
    }
}
