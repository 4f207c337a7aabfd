//! The 28 security agreements of 2024 and 2025, where they are: what is found in all of them, and, in five that were read by hand, how
//! much of it is right (docs/guides/from-a-text.md has the figures).

use servanda_draft::survey::{Figures, Survey, survey};
use servanda_draft::{Draft, Source, akn, draft, read, skeleton};
use std::io::Read;
use std::path::{Path, PathBuf};

fn folder() -> Option<PathBuf> {
    if std::env::var_os("SERVANDA_WITHOUT_SHARED_DATA").is_some() {
        eprintln!("left out: SERVANDA_WITHOUT_SHARED_DATA is set");
        return None;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = root.join("../shared/data/agreements/original");
    assert!(
        path.is_dir(),
        "the real agreements are missing at {}; put them there, or set SERVANDA_WITHOUT_SHARED_DATA=1 to leave the test out",
        path.display()
    );
    Some(path)
}

struct Agreement {
    name: String,
    bytes: Vec<u8>,
    source: Source,
    draft: Draft,
    survey: Survey,
}

impl Agreement {
    fn figures(&self) -> Figures {
        self.survey.figures(&self.draft)
    }
}

fn all() -> Vec<Agreement> {
    let Some(folder) = folder() else { return Vec::new() };
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).unwrap();
        let source = read(&bytes, None).unwrap();
        let draft = draft(&source, None);
        let survey = survey(&draft);
        Agreement {
            name: path.file_name().unwrap().to_string_lossy().into_owned(),
            bytes,
            source,
            draft,
            survey,
        }
    };
    let all: Vec<Agreement> = paths.into_iter().map(read).collect();
    assert_eq!(all.len(), 28);
    all
}

#[test]
fn one_text_has_no_hours_for_consultation() {
    for agreement in all() {
        let hours: Vec<&str> = agreement.survey.consultations.iter().map(|c| c.hours.as_str()).collect();
        let wanted: &[&str] = if agreement.name == "croatia.docx" { &[] } else { &["24"] };
        assert_eq!(hours, wanted, "{}", agreement.name);
    }
}

/// Clauses, modal sentences, references here and elsewhere, days, amounts, spans: as found, in the texts that were read by hand. What
/// of it is wrong or missing stands in the guide.
#[test]
fn five_texts_read_by_hand() {
    let wanted = [
        ("croatia.docx", 6, 64, (0, 1), (15, 4, 2)),
        ("denmark.docx", 85, 85, (0, 1), (2, 3, 6)),
        ("ireland.docx", 74, 66, (0, 1), (9, 5, 4)),
        ("japan.pdf", 48, 57, (2, 1), (7, 2, 3)),
        ("usa.docx", 45, 93, (6, 3), (6, 0, 5)),
    ];
    let found: Vec<_> = all()
        .iter()
        .filter_map(|agreement| {
            let f = agreement.figures();
            let name = wanted.iter().find(|w| w.0 == agreement.name)?.0;
            Some((name, f.clauses, f.modals, (f.resolved, f.elsewhere), (f.days, f.amounts, f.spans)))
        })
        .collect();
    if !found.is_empty() {
        assert_eq!(found, wanted);
    }
}

#[test]
fn every_skeleton_checks_without_errors_and_carries_the_words() {
    for agreement in all() {
        let file = skeleton::write(&agreement.draft, &agreement.survey, &agreement.name);
        let checked = servanda_lang::check(&file);
        let errors: Vec<_> = checked
            .diagnostics
            .iter()
            .filter(|d| d.severity == servanda_lang::diagnostic::Severity::Error)
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?}", agreement.name);
        let clauses = &checked.parse.document.clauses;
        assert_eq!(clauses.len(), agreement.draft.clauses.len());
        for (theirs, ours) in clauses.iter().zip(&agreement.draft.clauses) {
            assert_eq!(
                (theirs.id.as_str(), theirs.words.trim()),
                (ours.id.as_str(), ours.words().as_str()),
                "{}",
                agreement.name
            );
        }
    }
}

/// The words of a Word file, read in the plainest way, stand in the draft in order.
#[test]
fn no_word_of_a_word_file_is_lost() {
    for agreement in all().iter().filter(|a| a.name.ends_with(".docx")) {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(agreement.bytes.as_slice())).unwrap();
        let mut xml = String::new();
        archive.by_name("word/document.xml").unwrap().read_to_string(&mut xml).unwrap();
        let mut text = String::new();
        for piece in xml.split('<').skip(1) {
            let Some((tag, rest)) = piece.split_once('>') else { continue };
            match tag.split([' ', '/']).next().unwrap_or("") {
                "w:t" => text.push_str(rest),
                "w:tab" | "w:br" | "w:p" => text.push(' '),
                "" if tag == "/w:p" => text.push(' '),
                _ => {}
            }
        }
        for (code, letter) in
            [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]
        {
            text = text.replace(code, letter);
        }
        text.retain(|c| !matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{2060}'));
        let text = text.replace('\u{2011}', "-");
        let mut found = agreement.draft.clauses.iter().flat_map(|c| {
            let heading: Vec<String> =
                if c.own { c.heading.split_whitespace().map(String::from).collect() } else { Vec::new() };
            heading.into_iter().chain(c.words().split_whitespace().map(String::from).collect::<Vec<_>>())
        });
        for word in text.split_whitespace() {
            assert!(found.any(|w| w == word), "{}: `{word}` is lost, or stands elsewhere", agreement.name);
        }
    }
}

#[test]
fn akoma_ntoso_out_and_in_again() {
    for agreement in all() {
        let file = akn::write(&agreement.draft, "x");
        let again = draft(&read(file.as_bytes(), None).unwrap(), Some(agreement.draft.language));
        let of = |d: &Draft| {
            d.clauses.iter().map(|c| (c.id.clone(), c.eid.clone(), c.words())).collect::<Vec<_>>()
        };
        for (ours, theirs) in of(&agreement.draft).iter().zip(&of(&again)) {
            assert_eq!(ours, theirs, "{}", agreement.name);
        }
        assert_eq!(agreement.draft.clauses.len(), again.clauses.len(), "{}", agreement.name);
    }
}

#[test]
fn the_traps_of_the_data() {
    let all = all();
    let of = |name: &str| all.iter().find(|a| a.name.starts_with(name));
    let amounts = |a: &Agreement| -> Vec<String> {
        let found = a.survey.clauses.iter().flatten().flat_map(|f| &f.amounts);
        found.map(|x| format!("{} = {} {:?}", x.written, x.value, x.other)).collect()
    };
    let Some(belgium) = of("belgium") else { return };
    let doubtful = "1.072 million euro = 1,072,000,000 Some(\"1,072,000\")".to_string();
    assert!(amounts(belgium).contains(&doubtful), "{:?}", amounts(belgium));
    let luxembourg = of("luxembourg").unwrap();
    assert!(
        amounts(luxembourg).iter().any(|a| a.starts_with("74,4 million") && a.contains("= 74,400,000 ")),
        "{:?}",
        amounts(luxembourg)
    );
    assert_eq!(of("italy").unwrap().draft.language, servanda_draft::Language::Ukrainian);
    assert_eq!(of("usa").unwrap().draft.signed.map(|d| d.to_string()).as_deref(), Some("2024-06-13"));
    // Automatic numbers that the plain text has lost.
    let canada = of("canada").unwrap();
    assert!(
        canada
            .source
            .blocks
            .iter()
            .any(|b| b.label.as_deref() == Some("7.") && b.text.starts_with("To advance these objectives"))
    );
}
