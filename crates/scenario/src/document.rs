//! The Markdown of a scenario file, line by line: which lines are clauses, records, zones and expectations, and to which
//! scenario they belong.
//!
//! It knows no agreement: rows and expectations stay text until [`run`](crate::run) has one to read them by.
//!
//! Invariants
//! - every position is a byte of the file as it was given;
//! - [`Scenario::clauses`] is as long as the file and keeps its line ends, so that a position in it is a position in the
//!   file;
//! - a fence within a longer fence is prose: a page may show a scenario without having it.
//!
//! Tests stand at the end of the file.

use crate::Failure;
use crate::words::suggest;
use std::ops::Range;

/// A scenario file, taken apart.
#[derive(Clone, Debug)]
pub struct Document {
    /// The file as it was given.
    pub text: String,
    /// Its scenarios, in order.
    pub scenarios: Vec<Scenario>,
    /// What is wrong with the file as a whole.
    pub problems: Vec<Failure>,
}

/// One scenario: a `## ` section together with what the file says before its first one.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Scenario {
    /// The heading.
    pub name: String,
    /// Line of the heading, from 1.
    pub line: u32,
    /// The agreement's file, relative to the scenario file, where one is named.
    pub agreement: Option<Line>,
    /// Clauses that stand in the file itself: the file with everything else blanked out.
    pub clauses: String,
    /// Rows of `records` fences.
    pub records: Vec<Line>,
    /// `zones` fences: name of the file that each stands for, and its content.
    pub zones: Vec<(Line, String)>,
    /// Lines of `expect` fences, fence by fence.
    pub expectations: Vec<Vec<Line>>,
}

/// A line, or a part of one, and where it stands.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Line {
    /// Number, from 1.
    pub number: u32,
    /// First byte.
    pub start: usize,
    /// What it says.
    pub text: String,
}

/// Whether a text holds an `expect` fence, and so is a scenario file.
pub fn holds_expectations(text: &str) -> bool {
    blocks(text)
        .iter()
        .any(|block| matches!(&block.kind, Kind::Fence(info, _) if first_word(info) == "expect"))
}

/// Takes a scenario file apart. Never fails: what is wrong stands in [`Document::problems`].
pub fn parse(text: &str) -> Document {
    let blocks = blocks(text);
    let mut problems = Vec::new();
    let mut sections: Vec<Section> = vec![Section::default()];
    let mut run = Vec::new();
    for block in blocks {
        match &block.kind {
            Kind::Heading(level, name) => {
                let last = sections.len() - 1;
                sections[last].close(&mut run);
                if *level == 2 {
                    sections.push(Section { name: name.clone(), line: block.number, ..Section::default() });
                }
            }
            Kind::Fence(info, content) => {
                let shared = sections.len() == 1;
                let last = sections.len() - 1;
                sections[last].fence(&block, info, content, shared, &mut problems);
            }
            Kind::Quote => {}
            Kind::Prose(line) => {
                if let Some(path) = agreement_reference(line) {
                    let section = sections.last_mut().expect("there is always one");
                    section.agreement =
                        Some(Line { number: block.number, start: block.span.start, text: path });
                }
            }
        }
        run.push(block);
    }
    let last = sections.len() - 1;
    sections[last].close(&mut run);

    let mut sections = sections.into_iter();
    let shared = sections.next().unwrap_or_default();
    let mut scenarios = Vec::new();
    for section in sections.filter(|s| s.is_scenario) {
        let kept = if shared.has_clauses { &shared.quoting } else { &shared.ruling };
        let kept: Vec<Range<usize>> = kept.iter().chain(&section.ruling).cloned().collect();
        let scenario = Scenario {
            name: section.name,
            line: section.line,
            agreement: section.agreement.or_else(|| shared.agreement.clone()),
            clauses: blank_all_but(text, &kept),
            records: shared.records.iter().chain(&section.records).cloned().collect(),
            zones: shared.zones.iter().chain(&section.zones).cloned().collect(),
            expectations: section.expectations,
        };
        if scenario.expectations.iter().all(Vec::is_empty) {
            problems.push(
                Failure::new(scenario.line, format!("the scenario `{}` expects nothing", scenario.name))
                    .help("add an `expect` fence with at least one line, or take its fences out"),
            );
        }
        scenarios.push(scenario);
    }
    if scenarios.is_empty() {
        problems.push(
            Failure::new(1, "there is no scenario in this file")
                .help("a scenario is a `## ` heading with an `expect` fence under it"),
        );
    }
    let mut names: Vec<(&str, u32)> = scenarios.iter().map(|s| (s.name.as_str(), s.line)).collect();
    names.sort_unstable();
    for pair in names.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        let message =
            format!("two scenarios are called `{}`, in lines {} and {}", pair[0].0, pair[0].1, pair[1].1);
        problems.push(Failure::new(pair[1].1, message).help("give each a name of its own"));
    }
    problems.sort_by_key(|problem| problem.line);
    Document { text: text.to_string(), scenarios, problems }
}

/// What stands under one `## ` heading, or before the first.
#[derive(Default)]
struct Section {
    name: String,
    line: u32,
    is_scenario: bool,
    has_clauses: bool,
    agreement: Option<Line>,
    /// Headings, quotes and `pact` fences.
    quoting: Vec<Range<usize>>,
    /// Those of them that stand under a heading with a `pact` fence.
    ruling: Vec<Range<usize>>,
    records: Vec<Line>,
    zones: Vec<(Line, String)>,
    expectations: Vec<Vec<Line>>,
}

impl Section {
    /// Ends a run of blocks from one heading to the next.
    fn close(&mut self, run: &mut Vec<Block>) {
        let is_pact = |b: &Block| matches!(&b.kind, Kind::Fence(info, _) if first_word(info) == "pact");
        let rules = run.iter().any(is_pact);
        self.has_clauses |= rules;
        for block in run.drain(..) {
            if matches!(block.kind, Kind::Heading(..) | Kind::Quote) || is_pact(&block) {
                if rules {
                    self.ruling.push(block.span.clone());
                }
                self.quoting.push(block.span);
            }
        }
    }

    fn fence(
        &mut self,
        block: &Block,
        info: &str,
        content: &[Line],
        shared: bool,
        problems: &mut Vec<Failure>,
    ) {
        let mut words = info.split_whitespace();
        let word = words.next().unwrap_or_default();
        match word {
            "pact" => {}
            "records" => self.records.extend(content.iter().cloned()),
            "zones" => {
                let name = words.next().unwrap_or_default();
                if name.is_empty() || words.next().is_some() {
                    let failure =
                        Failure::new(block.number, "a `zones` fence names the file that it stands for");
                    problems.push(failure.help("write ```zones line.geojson"));
                    return;
                }
                let joined = content.iter().map(|l| format!("{}\n", l.text)).collect();
                let name = Line { number: block.number, start: block.span.start, text: name.to_string() };
                self.zones.push((name, joined));
            }
            "expect" if shared => problems.push(
                Failure::new(block.number, "this `expect` fence belongs to no scenario")
                    .help("put it under a `## ` heading: the heading names the scenario"),
            ),
            "expect" => {
                let lines = content.iter().filter(|l| !is_remark(&l.text)).cloned().collect();
                self.expectations.push(lines);
            }
            _ => {
                if let Some(near) = suggest(word, ["pact", "records", "zones", "expect"]) {
                    let failure = Failure::new(block.number, format!("there is no fence `{word}`"));
                    problems.push(failure.help(format!("did you mean `{near}`?")));
                }
                return;
            }
        }
        self.is_scenario = true;
    }
}

fn is_remark(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

fn first_word(info: &str) -> &str {
    info.split_whitespace().next().unwrap_or_default()
}

/// `Agreement: [name](path)`.
fn agreement_reference(line: &str) -> Option<String> {
    let rest = line.trim().trim_start_matches(['*', '_']).strip_prefix("Agreement:")?;
    let rest = rest.trim_start_matches(['*', '_']).trim_start().strip_prefix('[')?;
    let (_, rest) = rest.split_once("](")?;
    let (path, _) = rest.split_once(')')?;
    Some(path.trim().to_string())
}

fn blank_all_but(text: &str, kept: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for range in kept {
        blank(&text[at..range.start], &mut out);
        out.push_str(&text[range.clone()]);
        at = range.end;
    }
    blank(&text[at..], &mut out);
    out
}

/// Blanks, one for each byte; line ends stay.
fn blank(text: &str, out: &mut String) {
    out.extend(text.bytes().map(|b| if b == b'\n' || b == b'\r' { b as char } else { ' ' }));
}

struct Block {
    number: u32,
    span: Range<usize>,
    kind: Kind,
}

enum Kind {
    Heading(usize, String),
    /// Info string and content.
    Fence(String, Vec<Line>),
    /// One line of a block quote.
    Quote,
    /// One line of anything else.
    Prose(String),
}

/// The file as headings, fences, lines of quotes and lines of prose.
fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Option<(char, usize, Block)> = None;
    let mut in_quote = false;
    let mut start = 0;
    for (index, whole) in text.split_inclusive('\n').enumerate() {
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        let line = whole.trim_end_matches(['\n', '\r']);
        let end = start + whole.len();
        let body = line.trim_start_matches(' ');
        let indent = line.len() - body.len();
        let fence = fence_mark(body).filter(|_| indent <= 3);
        match (&mut open, fence) {
            (Some((mark, length, block)), Some((m, n, info)))
                if m == *mark && n >= *length && info.is_empty() =>
            {
                block.span.end = end;
                blocks.extend(open.take().map(|(_, _, block)| block));
            }
            (Some((_, _, Block { span, kind: Kind::Fence(_, content), .. })), _) => {
                span.end = end;
                content.push(Line { number, start, text: line.to_string() });
            }
            (_, Some((mark, length, info))) => {
                in_quote = false;
                let kind = Kind::Fence(info.to_string(), Vec::new());
                open = Some((mark, length, Block { number, span: start..end, kind }));
            }
            _ => {
                let kind = match heading(body).filter(|_| indent <= 3) {
                    Some((level, name)) => Kind::Heading(level, name.to_string()),
                    None if body.starts_with('>') && indent <= 3 => Kind::Quote,
                    // A line that goes on with the paragraph of a quote belongs to it.
                    None if in_quote && !body.is_empty() && !body.starts_with(['-', '*', '+', '|']) => {
                        Kind::Quote
                    }
                    None => Kind::Prose(body.to_string()),
                };
                in_quote = matches!(kind, Kind::Quote) && body != ">";
                blocks.push(Block { number, span: start..end, kind });
            }
        }
        start = end;
    }
    blocks.extend(open.map(|(_, _, block)| block));
    blocks
}

/// The fence's sign, its length and what follows.
fn fence_mark(body: &str) -> Option<(char, usize, &str)> {
    let mark = body.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let rest = body.trim_start_matches(mark);
    let length = body.len() - rest.len();
    let info = rest.trim();
    (length >= 3 && !(mark == '`' && info.contains('`'))).then_some((mark, length, info))
}

fn heading(body: &str) -> Option<(usize, &str)> {
    let rest = body.trim_start_matches('#');
    let level = body.len() - rest.len();
    if !(1..=6).contains(&level) || !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
        return None;
    }
    let name = rest.trim();
    let bare = name.trim_end_matches('#');
    let name = if bare.is_empty() || bare.ends_with(' ') { bare.trim_end() } else { name };
    Some((level, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# Quiet days

Prose — with a dash.

Agreement: [the text](../minsk.pact.md)

### Article 1

> No fire.

```pact
ban fire
```

```records
2015-02-16T09:00  fire at A   # shared
```

## First

> A quote of prose.

```expect
at 2015-02-17

fire Ukraine: pending because not-watched
```

## Only prose

Nothing here.

## Second

### Article 2

> Another.

~~~pact
duty talk
~~~

```zones line.geojson
{}
```

```expect
# only a remark
term quiet never
```
";

    #[test]
    fn sections_share_what_stands_before_them() {
        let document = parse(FILE);
        assert_eq!(document.problems, []);
        let names: Vec<(&str, u32)> = document.scenarios.iter().map(|s| (s.name.as_str(), s.line)).collect();
        assert_eq!(names, [("First", 19), ("Second", 33)]);
        let [first, second] = &document.scenarios[..] else { panic!() };
        assert_eq!(first.agreement.as_ref().unwrap().text, "../minsk.pact.md");
        assert_eq!(first.records, second.records);
        assert_eq!(first.records[0].number, 16);
        assert_eq!(
            first.expectations,
            [[
                Line { number: 24, start: FILE.find("at 2015-02-17").unwrap(), text: "at 2015-02-17".into() },
                Line {
                    number: 26,
                    start: FILE.find("fire Ukraine").unwrap(),
                    text: "fire Ukraine: pending because not-watched".into()
                },
            ]]
        );
        assert_eq!(second.zones[0].0.text, "line.geojson");
        assert_eq!(second.zones[0].1, "{}\n");
        assert_eq!(second.expectations[0].len(), 1);
    }

    #[test]
    fn clauses_keep_their_positions() {
        let document = parse(FILE);
        for scenario in &document.scenarios {
            assert_eq!(scenario.clauses.len(), FILE.len());
            assert_eq!(scenario.clauses.lines().count(), FILE.lines().count());
            assert_eq!(scenario.clauses.find("ban fire"), FILE.find("ban fire"));
            assert!(!scenario.clauses.contains("dash") && !scenario.clauses.contains("shared"));
        }
        let [first, second] = &document.scenarios[..] else { panic!() };
        assert!(!first.clauses.contains("A quote of prose") && !first.clauses.contains("duty talk"));
        assert_eq!(second.clauses.find("> Another."), FILE.find("> Another."));
        assert_eq!(second.clauses.find("duty talk"), FILE.find("duty talk"));
    }

    #[test]
    fn what_expects_nothing_fails() {
        let document = parse("## A\n\n```records\n2020-01-01 fire\n```\n");
        assert!(document.problems[0].message.contains("expects nothing"), "{:?}", document.problems);
        let document = parse("## A\n\n```expect\n```\n");
        assert!(document.problems[0].message.contains("expects nothing"), "{:?}", document.problems);
        assert!(parse("# A\n\nProse.\n").problems[0].message.contains("no scenario"));
        let shared = parse("# A\n\n```expect\nterm t never\n```\n");
        assert!(shared.problems.iter().any(|p| p.line == 3 && p.message.contains("belongs to no scenario")));
    }

    #[test]
    fn misspelt_fences_and_double_names_are_said() {
        let document = parse("## A\n\n```expects\nterm t never\n```\n\n```expect\nterm t never\n```\n");
        assert_eq!(document.problems[0].help.as_deref(), Some("did you mean `expect`?"));
        let twice = "## A\n\n```expect\nterm t never\n```\n".repeat(2);
        assert!(parse(&twice).problems[0].message.contains("two scenarios"));
        assert_eq!(parse("## A\n\n```text\n```\n\n```rust\n```\n\n```expect\nx\n```\n").problems, []);
    }

    #[test]
    fn a_fence_in_a_longer_fence_is_prose() {
        let shown = "~~~~markdown\n## A\n\n```expect\nterm t never\n```\n~~~~\n";
        assert!(!holds_expectations(shown));
        assert!(holds_expectations(FILE));
        assert!(holds_expectations("````expect\nx\n````\n"));
    }

    #[test]
    fn carriage_returns_and_an_open_fence_do_no_harm() {
        let document = parse("## A\r\n\r\n```expect\r\nterm t never\r\n");
        assert_eq!(document.scenarios[0].expectations[0][0].text, "term t never");
    }
}
