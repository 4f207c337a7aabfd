//! Each diagnostic once or more: what is written, which code it gives, and which text is underlined.
//!
//! A row is a code, the underlined text, a part of its message or help, and the declarations. They stand under a clause
//! with the words `all fire ceases within 14 days of signature`, after an agreement without fault. A row gives exactly
//! the codes that it names: no mistake has a second diagnostic in its wake.

use servanda_lang::check;
use std::collections::BTreeSet;

const HEAD: &str = "# Pact\n\n```pact\nagreement pact\n  status      political\n  in force    2026-01-01\n  time zone   Europe/Kyiv\n  counting    event day excluded\n  months      round down\n```\n\n## Clause\n\n> all fire ceases within\n> 14 days of signature\n\n```pact\nparty A\nparty B\nparty C\ngroup both\n  members     A, B\nbody panel\n  members     both\n";

/// Facts that most rows use.
const FACTS: &str = "zone land\n  shape       \"Lviv\"\nclass kind-of\n  value       gun \"guns\", reach 20 km\n  value       tank \"tanks\", reach 2 km\nevent fire\n  carries     by: party, at: place, kind: kind-of, shots: number shots, note: text\nevent report\n  carries     by: party, to: body\nstate truce\n  begins      2026-02-01T00:00\nmeasure troops\n  carries     of: party, at: place\n  unit        persons\nterm war\n  means       count of fire in any 3 days >= 10\n  per         \"all fire\"\n";

/// A duty whose fields are the given ones, besides bearer and quote.
fn duty(fields: &str) -> String {
    format!("duty d\n  bearer      each of both\n  per         \"fire ceases\"\n{fields}")
}

fn text(declarations: &str) -> String {
    format!("{HEAD}{FACTS}{declarations}\n```\n")
}

#[derive(Debug)]
struct Row {
    codes: Vec<&'static str>,
    underlined: &'static str,
    says: &'static str,
    declarations: String,
}

fn row(
    codes: &'static str,
    underlined: &'static str,
    says: &'static str,
    declarations: impl Into<String>,
) -> Row {
    Row { codes: codes.split(' ').collect(), underlined, says, declarations: declarations.into() }
}

fn rows() -> Vec<Row> {
    vec![
        // Structure of the text.
        row(
            "P0103",
            "\"all fire",
            "does not end",
            "duty d\n  bearer each of both\n  must do fire by bearer\n  per \"all fire",
        ),
        row("P0104", "“", "straight quotation", "party D “dee"),
        row("P0105", "bearer", "indented", "party D\nbearer A"),
        row("P0106", "dtuy", "did you mean `duty`", "dtuy d\n  bearer each of both"),
        row("P0107", "no declaration", "belongs to no declaration", "party D\n\n   no declaration"),
        row(
            "P0108",
            "baerer",
            "did you mean `bearer`",
            "duty d\n  baerer  each of both\n  must    do fire by bearer",
        ),
        row("P0109", "duty", "has no name", "duty\n  bearer each of both"),
        row("P0110", "D", "no place after the name", "party C2 D"),
        row("P0111", "must", "has no field `must`", "event e\n  must do x"),
        row("P0111", "unit", "only a measure", "event e\n  unit persons"),
        row(
            "P0112",
            "means",
            "stands twice",
            "term t\n  means truce holds\n  means truce holds\n  per \"all fire\"",
        ),
        row("P0113", "shouts", "cannot stand here", duty("  must do fire by bearer shouts")),
        row("P0114", "when", "nothing stands after", duty("  when\n  must do fire by bearer")),
        row("P0115", "and", "missing after this", duty("  must do fire by bearer\n  if truce holds and")),
        row("P0116", "74,4", "write 74.4", duty("  must ensure troops of A >= 74,4")),
        row(
            "P0118",
            "or",
            "brackets",
            duty("  must do fire by bearer\n  if truce holds and war holds or war found"),
        ),
        row(
            "P0119",
            "3 days consecutive with no fire",
            "how far",
            duty("  must do report by bearer\n  if 3 days consecutive with no fire and truce holds"),
        ),
        row(
            "P0120",
            "stopp",
            "no power can",
            "power p\n  bearer A\n  can stopp d\n  by act report\n  per \"all fire\"",
        ),
        // Names.
        row("N0201", "Uk", "is not known", "group g\n  members A, Uk"),
        row(
            "N0201",
            "bothh",
            "did you mean `both`",
            "duty d\n  bearer each of bothh\n  must do fire by bearer\n  per \"fire ceases\"",
        ),
        row("N0202", "lnad", "did you mean `land`", duty("  must do fire by bearer at lnad")),
        row("N0202", "\"Lviv\"", "declare it", duty("  must do fire by bearer at \"Lviv\"")),
        row("N0203", "partie", "did you mean `party`", "event e\n  carries by: partie"),
        row("N0204", "gnu", "did you mean `gun`", duty("  must do fire by bearer kind gnu")),
        row("N0204", "strike", "its values are `gun`, `tank`", duty("  must do fire where (kind = strike)")),
        row("N0205", "frie", "did you mean `fire`", duty("  must do frie by bearer")),
        row("N0206", "bye", "`by`", duty("  must do fire bye A")),
        row("N0206", "place", "is not known", "event e\n  says \"{by} at {place}\"\n  carries by: party"),
        row("N0206", "kindly", "no such role", duty("  must ensure distinct kindly of fire >= 2")),
        row(
            "N0207",
            "dd",
            "did you mean `d`",
            format!(
                "{}\nduty e\n  bearer A\n  when dd fulfilled\n  must do fire by bearer\n  per \"all fire\"",
                duty("  must do fire by bearer")
            ),
        ),
        row(
            "N0208",
            "levle",
            "is not known",
            "milestone m\n  bearer A\n  measure troops of A\n  target 2026-12-31 5\n  compare levle\n  per \"all fire\"",
        ),
        row("N0209", "A", "declared twice", "party A"),
        row("N0209", "gun", "declared twice", "class k\n  value gun\n  value gun"),
        row(
            "N0210",
            "truce",
            "an event is needed",
            "power p\n  bearer A\n  can end every norm\n  by act truce\n  per \"all fire\"",
        ),
        row(
            "N0210",
            "d",
            "a duty",
            format!(
                "{}\nduty e\n  bearer A\n  if d\n  must do fire by bearer\n  per \"all fire\"",
                duty("  must do fire by bearer")
            ),
        ),
        row("N0211", "trigger", "word of the language", "event trigger"),
        row(
            "N0212",
            "bearer",
            "means nothing here",
            "term t\n  means any fire by bearer\n  per \"all fire\"",
        ),
        row("N0212", "trigger", "no trigger", duty("  must ensure count of fire since trigger >= 2")),
        row(
            "N0214",
            "raech of gun",
            "did you mean `reach`",
            "zone z\n  shape strip along land, raech of gun",
        )
        .underlining("raech"),
        row(
            "N0215",
            "probabel",
            "did you mean `probable`",
            duty("  must do fire by bearer\n  standard probabel"),
        ),
        row("N0215", "Z", "A (completely reliable)", "event e\n  evidence 1 source of grade Z"),
        row("N0216", "Вravo", "looks like `Bravo`", "party Bravo\nparty Вravo"),
        row("N0217", "Дoнбас", "write `Донбас` in one alphabet", "party Дoнбас"),
        // Types, units and time.
        row("T0301", "2026-02-30", "does not exist", duty("  must do fire by bearer\n  by 2026-02-30")),
        row("T0301", "2027-03-28T03:30", "2027-03-28T04:30", "state s\n  begins 2027-03-28T03:30"),
        row(
            "T0301",
            "2027-10-31T03:30",
            "2027-10-31T03:30+03:00 for the first time",
            "state s\n  begins 2027-10-31T03:30",
        ),
        row(
            "T0302",
            "24 houres",
            "did you mean `hours`",
            duty("  when fire\n  must do report by bearer\n  within 24 houres"),
        ),
        row("T0302", "2.5 weeks", "whole", "state s\n  good for 2.5 weeks"),
        row("T0303", "troops of A >= 5 km", "do not compare", duty("  must ensure troops of A >= 5 km")),
        row("T0303", "5 persons", "a length is needed", "zone z\n  shape strip along land, within 5 persons"),
        row("T0303", "3 days", "no quantity", duty("  must ensure troops of A >= 3 days")),
        row(
            "T0303",
            "troops of A * troops of B",
            "cannot be compared",
            duty("  must ensure troops of A * troops of B > 1"),
        )
        .says("give no quantity"),
        row(
            "T0307",
            "truce holds",
            "starts at a moment",
            duty("  when truce holds\n  must do fire by bearer"),
        ),
        row(
            "T0307",
            "troops of A > 5",
            "in brackets",
            duty("  when troops of A > 5\n  must do fire by bearer"),
        ),
        row("T0307", "truce begins", "write `holds`", duty("  if truce begins\n  must do fire by bearer")),
        row("T0307", "fire by A", "count it", duty("  must ensure fire by A >= 3")),
        row(
            "T0308",
            "b",
            "different kinds",
            "reading r \"14 days\"\n  option a: 14 days\n  option b: truce begins",
        ),
        row(
            "T0308",
            "r",
            "a condition is needed",
            format!(
                "reading r \"14 days\"\n  option a: 14 days\n{}",
                duty("  if r\n  must do fire by bearer")
            ),
        ),
        row(
            "T0309",
            "land(A)",
            "nothing in brackets",
            duty("  must ensure coverage of land(A) by panel >= 90 percent"),
        )
        .says("leave the brackets out"),
        row("T0310", "90", "percent", duty("  must ensure coverage of land by panel >= 90")),
        row("T0311", "by", "a number is needed", duty("  must ensure sum by of fire >= 3")),
        row("T0312", "A", "is needed here", duty("  must do fire by bearer where (kind = A)"))
            .codes("N0204")
            .says("no value `A`"),
        row("T0312", "\"A\"", "a party, group or body is needed", duty("  must do fire by \"A\"")),
        row("T0312", "hello", "quotation marks", duty("  must do fire by bearer note hello")),
        row("T0313", "truce", "lasts", duty("  when truce\n  must do fire by bearer")),
        row("T0313", "5 persons", "is no moment", duty("  must do fire by bearer\n  by 5 persons")),
        // Quotes.
        row(
            "Q0401",
            "\"fire stops within 14 days\"",
            "not in the clause",
            duty("  must do fire by bearer\n  per \"fire stops within 14 days\""),
        ),
        row("Q0401", "\"other\"", "not in the clause", "reading r \"other\"\n  option a: 14 days"),
        row("Q0402", "d", "which words", "duty d\n  bearer A\n  must do fire by bearer"),
        // Structure of norms.
        row("S0501", "d", "has no `bearer`", "duty d\n  must do fire by A\n  per \"all fire\""),
        row("S0501", "d", "has no `must`", "duty d\n  bearer A\n  per \"all fire\""),
        row("S0501", "g", "no members", "group g"),
        row("S0501", "z", "no shape", "zone z"),
        row("S0501 S0506", "r", "has no `effect`", "remedy r\n  must do fire by bearer\n  per \"all fire\""),
        row(
            "S0502",
            "both",
            "each of",
            "duty d\n  bearer both\n  must do fire by bearer\n  per \"all fire\"",
        ),
        row(
            "S0502",
            "A, B",
            "each of",
            "duty d\n  bearer A, B\n  must do fire by bearer\n  per \"all fire\"",
        ),
        row(
            "S0503",
            "A jointly",
            "alone",
            "duty d\n  bearer A jointly\n  must do fire by bearer\n  per \"all fire\"",
        ),
        row(
            "S0504",
            "must",
            "says `must not`",
            "ban d\n  bearer A\n  must do fire by bearer\n  per \"all fire\"",
        ),
        row("S0504", "truce", "lasts", duty("  must do truce")),
        row("S0504", "gap", "kept", duty("  must do fire by bearer\n  gap up to 2 days in any 30 days")),
        row(
            "S0505",
            "within",
            "second deadline",
            duty("  when fire\n  must do report by bearer\n  by 2026-12-31\n  within 5 days"),
        ),
        row("S0505", "must", "one `must`", duty("  must do fire by bearer\n  must do report by bearer")),
        row(
            "S0506",
            "r",
            "never starts",
            "remedy r\n  must do fire by bearer\n  effect adds to the breached duty\n  per \"all fire\"",
        ),
        row(
            "S0509",
            "must not do fire",
            "every bearer",
            "ban d\n  bearer each of both\n  must not do fire\n  per \"all fire\"",
        ),
        row(
            "S0510",
            "target",
            "a floor, a ceiling",
            "milestone m\n  bearer A\n  measure troops of A\n  target 2026-12-31 5\n  per \"all fire\"",
        ),
        row(
            "S0511",
            "p",
            "clock",
            "duty d\n  bearer A\n  must do fire by bearer\n  per \"all fire\"\npower p\n  bearer A\n  can suspend d\n  by act report\n  per \"all fire\"",
        ),
        // Circles.
        row(
            "C0601",
            "x",
            "x → y → x",
            "term x\n  means y holds\n  per \"all fire\"\nterm y\n  means not x holds\n  per \"all fire\"",
        ),
        row("C0602", "v", "v → w → v", "zone v\n  shape w\nzone w\n  shape union of \"Lviv\", v"),
        row("C0603", "g", "g → h → g", "group g\n  members h, A\ngroup h\n  members g"),
        row(
            "C0604",
            "d",
            "d → e → d",
            format!(
                "{}\nduty e\n  bearer A\n  when d breached\n  must do fire by bearer\n  per \"all fire\"",
                duty("  when e fulfilled\n  must do fire by bearer")
            ),
        ),
        row(
            "C0604",
            "d",
            "d → e → d",
            format!(
                "{}\nremedy e\n  bearer breaching party\n  must do fire by bearer\n  within 1 day of breach\n  \
                 effect adds to the breached duty\n  per \"all fire\"\npriority p\n  rule e over d",
                duty("  must do fire by bearer\n  on breach remedy e")
            ),
        ),
    ]
}

impl Row {
    fn underlining(mut self, underlined: &'static str) -> Row {
        self.underlined = underlined;
        self
    }

    fn says(mut self, says: &'static str) -> Row {
        self.says = says;
        self
    }

    fn codes(mut self, codes: &'static str) -> Row {
        self.codes = codes.split(' ').collect();
        self
    }
}

/// Texts that are wrong as a whole, with the code that they give.
const WHOLE: &[(&str, &str)] = &[
    ("P0101", "# T\n\n```pact\nagreement t\n  in force 2026-01-01T00:00Z\n"),
    ("P0121", "```pact de\nagreement t\n  in force 2026-01-01T00:00Z\n```\n"),
    ("P0102", "# T\n\n> ```pact\n> party A\n> ```\n"),
    ("N0213", "```pact\nagreement t\n  time zone Europe/Kjiv\n  in force 2026-01-01\n```\n"),
    (
        "T0304",
        "```pact\nagreement t\n  time zone UTC\n  counting event day excluded\n  in force 1 month after signed\n```\n",
    ),
    ("T0305", "```pact\nagreement t\n  time zone UTC\n  in force 3 days after signed\n```\n"),
    ("T0306", "```pact\nagreement t\n  in force 2026-01-01\n```\n"),
    ("S0507", "```pact\nagreement t\n```\n"),
    (
        "S0512",
        "# T\n\n> words\n\n```pact\nagreement t\nparty A\nevent e\n  carries by: party\nduty d\n  bearer A\n  must do e by bearer\n  every 24 hours\n  per \"words\"\n```\n",
    ),
    (
        "S0513",
        "# T\n\n> words\n\n```pact\nagreement t\n  in force 2026-01-01T00:00Z\nparty A\nevent e\n  carries by: party\nduty d\n  bearer A\n  must do e by bearer\n  per \"words\"\n```\n",
    ),
    ("S0508", "```pact\nparty A\n```\n"),
    ("Q0403", "```pact\nagreement t\n  in force 2026-01-01T00:00Z\n  per \"words\"\n```\n"),
];

#[test]
fn every_row_gives_its_codes_and_nothing_else() {
    assert_eq!(check(&text("")).diagnostics, [], "the rows stand on ground without fault");
    let mut failed = Vec::new();
    for row in rows() {
        let text = text(&row.declarations);
        let found = check(&text).diagnostics;
        let codes: Vec<&str> = found.iter().map(|d| d.code).collect();
        let expected: BTreeSet<&str> = row.codes.iter().copied().collect();
        let first = found.iter().find(|d| d.code == row.codes[0]);
        let underlined = first.map_or("", |d| &text[d.span.clone()]);
        let said =
            first.map_or(String::new(), |d| format!("{}; {}", d.message, d.help.clone().unwrap_or_default()));
        let same =
            codes.iter().copied().collect::<BTreeSet<_>>() == expected && codes.len() == row.codes.len();
        if !same || underlined != row.underlined || !said.contains(row.says) {
            failed.push(format!("{:?}\n  gives {codes:?}, underlines `{underlined}`, says: {said}", row));
        }
    }
    assert!(failed.is_empty(), "{} rows:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn texts_that_are_wrong_as_a_whole() {
    for (code, text) in WHOLE {
        let codes: Vec<&str> = check(text).diagnostics.iter().map(|d| d.code).collect();
        assert_eq!(codes, [*code], "{text}");
    }
}

#[test]
fn every_code_has_a_row() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut codes = BTreeSet::new();
    let mut open = vec![source];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for piece in text.split('"').skip(1) {
            let code = piece.len() == 5
                && "PNTQSC".contains(&piece[..1])
                && piece[1..].bytes().all(|b| b.is_ascii_digit());
            if code {
                codes.insert(piece.to_string());
            }
        }
    }
    let shown: BTreeSet<&str> =
        rows().iter().flat_map(|r| r.codes.clone()).chain(WHOLE.iter().map(|(code, _)| *code)).collect();
    // Nesting is tested where expressions are read.
    let without: Vec<&String> =
        codes.iter().filter(|c| !shown.contains(c.as_str()) && *c != "P0117").collect();
    assert!(codes.len() > 50, "{codes:?}");
    assert!(without.is_empty(), "no row shows {without:?}");
}

#[test]
fn repairs_repair() {
    let mut repaired = 0;
    for row in rows() {
        let text = text(&row.declarations);
        for diagnostic in check(&text).diagnostics {
            let Some(fix) = diagnostic.fix else { continue };
            let mut after = text.clone();
            after.replace_range(fix.span, &fix.replacement);
            let left = check(&after).diagnostics;
            let same =
                left.iter().filter(|d| d.code == diagnostic.code && d.message == diagnostic.message).count();
            assert_eq!(
                same, 0,
                "{} is still there after its repair:\n{}\n{left:#?}",
                diagnostic.code, row.declarations
            );
            repaired += 1;
        }
    }
    assert!(repaired >= 20, "{repaired}");
}
