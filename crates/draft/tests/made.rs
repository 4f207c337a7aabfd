//! Files made here, byte by byte: what a word processor hides, what is damaged or hostile, and that no word is lost.

use proptest::prelude::*;
use servanda_draft::outline::Kind;
use servanda_draft::survey::survey;
use servanda_draft::words::{self, Locale, Unit};
use servanda_draft::{Draft, akn, draft, modal, read, skeleton};
use std::io::Write;

const SPACES: &str = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"";

fn docx(parts: &[(&str, String)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in parts {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn body(inner: &str) -> (&'static str, String) {
    ("word/document.xml", format!("<w:document {SPACES}><w:body>{inner}</w:body></w:document>"))
}

fn p(text: &str) -> String {
    format!("<w:p><w:r><w:t xml:space=\"preserve\">{text}</w:t></w:r></w:p>")
}

fn listed(list: u32, depth: u32, text: &str) -> String {
    format!(
        "<w:p><w:pPr><w:numPr><w:ilvl w:val=\"{depth}\"/><w:numId w:val=\"{list}\"/></w:numPr></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"
    )
}

fn blocks(parts: &[(&str, String)]) -> Vec<(Option<String>, String)> {
    read(&docx(parts), None).unwrap().blocks.into_iter().map(|b| (b.label, b.text)).collect()
}

fn shown(parts: &[(&str, String)]) -> Vec<String> {
    blocks(parts)
        .into_iter()
        .map(|(label, text)| label.map_or(text.clone(), |l| format!("{l} {text}")))
        .collect()
}

fn of_text(text: &str) -> Draft {
    draft(&read(text.as_bytes(), None).unwrap(), None)
}

fn refusal(bytes: &[u8]) -> String {
    let refused = read(bytes, None).unwrap_err();
    format!("{refused}; {}", refused.remedy)
}

#[test]
fn numbers_that_word_makes_are_kept() {
    let level = |at: u32, format: &str, text: &str, more: &str| {
        format!(
            "<w:lvl w:ilvl=\"{at}\"><w:start w:val=\"1\"/><w:numFmt w:val=\"{format}\"/>{more}<w:lvlText w:val=\"{text}\"/></w:lvl>"
        )
    };
    let numbering = format!(
        "<w:numbering {SPACES}>\
         <w:abstractNum w:abstractNumId=\"1\">{}{}{}</w:abstractNum>\
         <w:abstractNum w:abstractNumId=\"2\">{}</w:abstractNum>\
         <w:abstractNum w:abstractNumId=\"3\">{}{}</w:abstractNum>\
         <w:num w:numId=\"1\"><w:abstractNumId w:val=\"1\"/></w:num>\
         <w:num w:numId=\"2\"><w:abstractNumId w:val=\"1\"/></w:num>\
         <w:num w:numId=\"3\"><w:abstractNumId w:val=\"1\"/><w:lvlOverride w:ilvl=\"0\"><w:startOverride w:val=\"7\"/></w:lvlOverride></w:num>\
         <w:num w:numId=\"4\"><w:abstractNumId w:val=\"2\"/></w:num>\
         <w:num w:numId=\"5\"><w:abstractNumId w:val=\"3\"/></w:num>\
         </w:numbering>",
        level(0, "decimal", "%1.", ""),
        level(1, "lowerLetter", "(%2)", ""),
        level(2, "lowerRoman", "%1.%3", ""),
        level(0, "upperRoman", "Article %1", ""),
        level(0, "russianLower", "%1)", ""),
        level(1, "decimal", "%2.", "<w:lvlRestart w:val=\"0\"/>"),
    );
    let text: String = [
        listed(1, 0, "a"),
        listed(1, 1, "b"),
        listed(1, 1, "c"),
        listed(1, 0, "d"),
        listed(1, 1, "e"),
        listed(1, 2, "f"),
        // Another list of the same definition goes on; one with a start of its own does not.
        listed(2, 0, "g"),
        listed(3, 0, "h"),
        listed(3, 0, "i"),
        listed(4, 0, "j"),
        listed(4, 0, "k"),
        listed(5, 0, "l"),
        listed(5, 1, "m"),
        listed(5, 0, "n"),
        listed(5, 1, "o"),
        // Numbering taken off.
        listed(0, 0, "p"),
    ]
    .concat();
    let found = shown(&[body(&text), ("word/numbering.xml", numbering)]);
    let wanted = [
        "1. a",
        "(a) b",
        "(b) c",
        "2. d",
        "(a) e",
        "2.i f",
        "3. g",
        "7. h",
        "8. i",
        "Article I j",
        "Article II k",
        "а) l",
        "1. m",
        "б) n",
        "2. o",
        "p",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn numbers_come_with_styles_too() {
    let numbering = format!(
        "<w:numbering {SPACES}><w:abstractNum w:abstractNumId=\"1\"><w:lvl w:ilvl=\"0\"><w:start w:val=\"4\"/><w:numFmt w:val=\"decimal\"/>\
         <w:lvlText w:val=\"%1.\"/></w:lvl></w:abstractNum><w:num w:numId=\"9\"><w:abstractNumId w:val=\"1\"/></w:num></w:numbering>"
    );
    let styles = format!(
        "<w:styles {SPACES}><w:style w:styleId=\"A\"><w:name w:val=\"clause\"/><w:pPr><w:numPr><w:numId w:val=\"9\"/></w:numPr></w:pPr></w:style>\
         <w:style w:styleId=\"B\"><w:name w:val=\"clause of a clause\"/><w:basedOn w:val=\"A\"/></w:style>\
         <w:style w:styleId=\"H\"><w:name w:val=\"heading 2\"/></w:style></w:styles>"
    );
    let styled = |style: &str, text: &str| {
        format!("<w:p><w:pPr><w:pStyle w:val=\"{style}\"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>")
    };
    let text = format!("{}{}{}", styled("H", "Scope"), styled("A", "one"), styled("B", "two"));
    let parts = [body(&text), ("word/numbering.xml", numbering), ("word/styles.xml", styles)];
    assert_eq!(shown(&parts), ["Scope", "4. one", "5. two"]);
    assert_eq!(read(&docx(&parts), None).unwrap().blocks[0].style, Some(2));
}

#[test]
fn tracked_changes_count_as_accepted() {
    let run = |text: &str| format!("<w:r><w:t xml:space=\"preserve\">{text}</w:t></w:r>");
    let text = format!(
        "<w:p>{}<w:ins>{}</w:ins><w:del><w:r><w:delText>twelve</w:delText></w:r></w:del>{}</w:p>\
         <w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr>{}</w:p><w:p>{}</w:p>\
         <w:moveFrom><w:p>{}</w:p></w:moveFrom>",
        run("within "),
        run("six"),
        run(" months"),
        run("This ends"),
        run("here."),
        run("moved away"),
    );
    let source = read(&docx(&[body(&text)]), None).unwrap();
    let texts: Vec<&str> = source.blocks.iter().map(|b| b.text.as_str()).collect();
    assert_eq!(texts, ["within six months", "This ends here."]);
    assert!(source.notes[0].starts_with("tracked changes are taken as accepted"), "{:?}", source.notes);
}

#[test]
fn what_cannot_be_seen_is_left_out() {
    let text = format!(
        "{}{}<w:p><w:r><w:t>seen</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r><w:r><w:softHyphen/><w:t>too</w:t></w:r>\
         <w:r><w:tab/><w:t>tab</w:t><w:br/><w:t>line</w:t></w:r></w:p>",
        p("secu\u{ad}rity \u{200f}of\u{200e} \u{202b}all\u{202c}\u{feff}"),
        p("half\u{a0}a\u{2011}line"),
    );
    let source = read(&docx(&[body(&text)]), None).unwrap();
    let texts: Vec<&str> = source.blocks.iter().map(|b| b.text.as_str()).collect();
    assert_eq!(texts, ["security of all", "half a-line", "seentoo tab line"]);
    assert_eq!(source.notes, ["1 run of hidden text left out"]);
}

#[test]
fn footnotes_stand_behind_the_paragraph_that_cites_them() {
    let notes = format!(
        "<w:footnotes {SPACES}><w:footnote w:type=\"separator\" w:id=\"0\"><w:p/></w:footnote>\
         <w:footnote w:id=\"2\"><w:p><w:r><w:footnoteRef/></w:r><w:r><w:t>As of May.</w:t></w:r></w:p></w:footnote></w:footnotes>"
    );
    let text = format!(
        "<w:p><w:r><w:t>Five ships.</w:t></w:r><w:r><w:footnoteReference w:id=\"2\"/></w:r></w:p>{}",
        p("Next.")
    );
    assert_eq!(
        shown(&[body(&text), ("word/footnotes.xml", notes)]),
        ["Five ships. [1]", "[1] As of May.", "Next."]
    );
}

#[test]
fn a_row_of_a_table_is_one_passage_and_long_cells_are_read_in_turn() {
    let cell = |inner: &str| format!("<w:tc>{inner}</w:tc>");
    let row = |cells: &[String]| format!("<w:tr>{}</w:tr>", cells.concat());
    let text = format!(
        "<w:tbl>{}{}{}</w:tbl>",
        row(&[cell(&p("Item")), cell(&p("Number"))]),
        row(&[cell(&p("Tanks")), cell("<w:p/>")]),
        row(&[cell(&format!("{}{}", p("left one"), p("left two"))), cell(&p("right"))]),
    );
    assert_eq!(shown(&[body(&text)]), ["Item | Number", "Tanks |", "left one", "left two", "right"]);
}

#[test]
fn text_boxes_are_read_once() {
    let content = format!("<w:txbxContent>{}</w:txbxContent>", p("In a box."));
    let text = format!(
        "<w:p><w:r><w:t>Before.</w:t></w:r><w:r><mc:AlternateContent xmlns:mc=\"m\"><mc:Choice>{content}</mc:Choice><mc:Fallback>{content}</mc:Fallback>\
         </mc:AlternateContent></w:r></w:p>{}",
        p("After.")
    );
    assert_eq!(shown(&[body(&text)]), ["Before.", "In a box.", "After."]);
}

#[test]
fn what_cannot_be_read_is_refused_with_place_and_remedy() {
    let good = docx(&[body(&p("Words."))]);
    let wide = |name: &str| name.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let compound =
        |name: &str| [&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1][..], &[0; 600], &wide(name)].concat();
    let cases: Vec<(Vec<u8>, &[&str])> = vec![
        (vec![], &["the file", "it is empty", "right file"]),
        (b"  \n ".to_vec(), &["it is empty"]),
        (good[..good.len() / 2].to_vec(), &["the archive", "cut off or damaged", "fetch it again"]),
        (compound("EncryptedPackage"), &["protected by a password", "take the password off"]),
        (compound("WordDocument"), &["old binary form (.doc)", "save it as .docx"]),
        (
            docx(&[("xl/workbook.xml", "<a/>".into())]),
            &["`word/document.xml`", "Save the text as .docx or .txt"],
        ),
        (
            docx(&[("word/document.xml", "<w:document".into())]),
            &["`word/document.xml`, line 1", "it is no XML"],
        ),
        (docx(&[body("<w:p/>")]), &["it has no words"]),
        (
            docx(&[("word/document.xml", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>".into())]),
            &["it is no XML"],
        ),
        (docx(&[body(&"<w:a>".repeat(100_000))]), &["nested more than 200 deep"]),
        (b"{\\rtf1 Words}".to_vec(), &["rich text", "save it as .docx"]),
        (b"<html><p>Words</p></html>".to_vec(), &["web page", "(.txt)"]),
        (b"<?xml version=\"1.0\"?><a/>".to_vec(), &["no Akoma Ntoso", "`<a>`"]),
        (b"line\n\xff\xfeno".to_vec(), &["line 2, byte 6", "utf-8", "windows-1251"]),
        (b"a\0b\0c\0d\0e\0f\0".to_vec(), &["byte 2", "utf-16le"]),
        (b"%PDF-1.4\nnothing".to_vec(), &["damaged PDF", "print it into a new PDF"]),
    ];
    for (bytes, wanted) in cases {
        let said = refusal(&bytes);
        for words in wanted {
            assert!(said.contains(words), "`{words}` is not in: {said}");
        }
    }
}

#[test]
fn a_bomb_is_refused_before_it_unpacks() {
    let said = refusal(&docx(&[body(&p(&"a ".repeat(40 << 20)))]));
    assert!(said.contains("unpacks to more than 64 MB"), "{said}");
}

#[test]
fn a_huge_file_is_refused_by_its_length() {
    let said = refusal(&vec![b'a'; 200 << 20]);
    assert!(said.contains("it has 200 MB") && said.contains("right file"), "{said}");
}

/// A PDF with one page and this content.
fn pdf(content: &str, fonts: bool) -> Vec<u8> {
    use lopdf::{Document, Object, Stream, dictionary};
    let mut document = Document::with_version("1.5");
    let pages = document.new_object_id();
    let font = document.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Courier", "Encoding" => "WinAnsiEncoding",
        "FirstChar" => 32, "Widths" => Object::Array((32..127).map(|_| Object::Integer(600)).collect()),
    });
    let resources = if fonts {
        dictionary! { "Font" => dictionary! { "F1" => font } }
    } else {
        dictionary! {}
    };
    let stream = document.add_object(Stream::new(dictionary! {}, content.as_bytes().to_vec()));
    let page = document.add_object(dictionary! {
        "Type" => "Page", "Parent" => pages, "Contents" => stream, "Resources" => resources,
        "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
    });
    document.objects.insert(
        pages,
        Object::Dictionary(dictionary! { "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1 }),
    );
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
    document.trailer.set("Root", catalog);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_scanned_pdf_is_refused() {
    let said = refusal(&pdf("q 595 0 0 842 0 0 cm Q", false));
    assert!(said.contains("1 page: the PDF holds no text, only pictures") && said.contains("OCR"), "{said}");
}

#[test]
fn lines_of_a_page_become_paragraphs() {
    let lines = [
        (760, "Article 1. Consultation"),
        (730, "1. The Parties will consult within 24 hours of a request that"),
        (716, "either of them makes, and long-"),
        (702, "term cooperation will go on as before for as long as it takes."),
        (688, "2. They may meet."),
    ];
    let content: String =
        lines.iter().map(|(y, text)| format!("BT /F1 11 Tf 72 {y} Td ({text}) Tj ET\n")).collect();
    let source = read(&pdf(&content, true), None).unwrap();
    let found: Vec<String> = source
        .blocks
        .iter()
        .map(|b| b.label.as_ref().map_or(b.text.clone(), |l| format!("{l} {}", b.text)))
        .collect();
    let wanted = [
        "Article 1. Consultation",
        "1. The Parties will consult within 24 hours of a request that either of them makes, and long-term cooperation will go on as \
         before for as long as it takes.",
        "2. They may meet.",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn a_byte_order_mark_goes_before_utf8_and_the_user_before_a_guess() {
    let text = "Стаття 1. Консультації\nСторони проведуть консультації.";
    let wide: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(read(&wide, None).unwrap().blocks, read(text.as_bytes(), None).unwrap().blocks);
    let (cyrillic, _, _) = encoding_rs::WINDOWS_1251.encode(text);
    assert!(read(&cyrillic, None).is_err());
    assert_eq!(
        read(&cyrillic, Some("windows-1251")).unwrap().blocks,
        read(text.as_bytes(), None).unwrap().blocks
    );
    assert!(refusal_of(&cyrillic, "klingon").contains("`klingon` is not known"));
}

fn refusal_of(bytes: &[u8], encoding: &str) -> String {
    read(bytes, Some(encoding)).unwrap_err().to_string()
}

const SMALL: &str = "Agreement between Freedonia and Sylvania\n\
    Freedonia and Sylvania (hereinafter “the Parties”) have agreed as follows:\n\
    PART I. SCOPE\n\
    1. Freedonia will help Sylvania, where possible, as Part II and Article 51 of the UN Charter say.\n\
    a) with boats;\n\
    b) with 74,4 million euro.\n\
    2. The Parties shall consult within 24 hours (see paragraph 1 and paragraph 9).\n\
    PART II. END\n\
    1. This Agreement may be ended on 6 months’ notice. *Not_before* [May 28, 2024] #1 <b>.\n\
    Signed in Fredonia City on 28 May 2024 in two originals.\n\
    For Freedonia: R. T. Firefly\n";

/// The words of a small text are long enough to be taken line by line.
fn small() -> Draft {
    of_text(&SMALL.replace("R. T. Firefly", &format!("R. T. Firefly {}", "x ".repeat(100))))
}

#[test]
fn clauses_of_a_small_text() {
    let draft = small();
    let clauses: Vec<(Kind, u8, &str, &str)> =
        draft.clauses.iter().map(|c| (c.kind, c.level, c.id.as_str(), c.eid.as_str())).collect();
    let wanted = [
        (Kind::Title, 1, "agreement-between-freedonia-and-sylvania", "title"),
        (Kind::Heading, 2, "part-i-scope", "sec_part-i"),
        (Kind::Paragraph, 3, "paragraph-part-i-1", "sec_part-i__para_1"),
        (Kind::Paragraph, 3, "paragraph-part-i-2", "sec_part-i__para_2"),
        (Kind::Heading, 2, "part-ii-end", "sec_part-ii"),
        (Kind::Paragraph, 3, "paragraph-part-ii-1", "sec_part-ii__para_1"),
        (Kind::Signature, 2, "signature", "signature"),
    ];
    assert_eq!(clauses, wanted);
    assert_eq!(draft.clauses[2].passages.len(), 3);
    assert_eq!(draft.signed.map(|d| d.to_string()).as_deref(), Some("2024-05-28"));
}

#[test]
fn what_stands_in_a_small_text() {
    let draft = small();
    let found = survey(&draft);
    let figures = found.figures(&draft);
    assert_eq!((figures.modals, figures.resolved, figures.elsewhere, figures.missing), (3, 2, 1, 1));
    let second = &found.clauses[3][0];
    let targets: Vec<String> =
        second.references.iter().map(|r| format!("{} {:?}", r.written, r.target)).collect();
    assert_eq!(targets, ["paragraph 1 Clause(\"paragraph-part-i-1\")", "paragraph 9 Missing"]);
    assert_eq!(found.parties.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["Freedonia", "Sylvania"]);
    assert_eq!(found.consultations[0].hours, "24");
    assert_eq!(found.clauses[2][0].modals[0].firmness, modal::Firmness::WherePossible);
}

#[test]
fn the_skeleton_checks_without_errors_and_no_word_becomes_markdown() {
    let draft = small();
    let file = skeleton::write(&draft, &survey(&draft), "small");
    agrees(&draft, &file);
    assert!(file.contains("signed      2024-05-28"), "{file}");
    assert!(file.contains("- not encoded, where possible: “Freedonia will help Sylvania"), "{file}");
}

/// The language reads out of the file what stands in the draft.
fn agrees(draft: &Draft, file: &str) {
    let checked = servanda_lang::check(file);
    let errors: Vec<_> = checked
        .diagnostics
        .iter()
        .filter(|d| d.severity == servanda_lang::diagnostic::Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:?}\n{file}");
    let read = checked.parse.document.clauses;
    let ids: Vec<String> = read.iter().map(|c| c.id.to_string()).collect();
    assert_eq!(ids, draft.clauses.iter().map(|c| c.id.clone()).collect::<Vec<_>>());
    for (theirs, ours) in read.iter().zip(&draft.clauses) {
        assert_eq!(theirs.words.trim(), ours.words(), "{}", ours.id);
    }
}

#[test]
fn akoma_ntoso_out_and_in_again() {
    let draft = small();
    let file = akn::write(&draft, "small");
    let again = servanda_draft::draft(&read(file.as_bytes(), None).unwrap(), None);
    let of =
        |d: &Draft| d.clauses.iter().map(|c| (c.heading.clone(), c.level, c.words())).collect::<Vec<_>>();
    assert_eq!(of(&draft), of(&again));
    let eids = |d: &Draft| d.clauses.iter().map(|c| c.eid.clone()).collect::<Vec<_>>();
    assert_eq!(eids(&draft), eids(&again));
}

#[test]
fn amounts_and_their_locale() {
    let one = |text: &str, around: &str| -> String {
        let locale = Locale::of([text, around]);
        let found = words::amounts(text, locale);
        let shown = found.iter().map(|a| {
            let unit = match &a.unit {
                Unit::Money(m) => m.clone(),
                Unit::Percent => "%".into(),
                Unit::Number => "-".into(),
                Unit::Time(t) => (*t).into(),
            };
            format!("{} {unit}{}", a.value, a.other.as_ref().map_or(String::new(), |o| format!(" or {o}")))
        });
        shown.collect::<Vec<_>>().join("; ")
    };
    let cases = [
        ("74,4 million euro", "", "74,400,000 EUR"),
        ("EUR 8.5 billion and EUR 565 million", "", "8,500,000,000 EUR; 565,000,000 EUR"),
        ("a total of 1.072 million euro", "", "1,072,000,000 EUR or 1,072,000"),
        ("a total of 1.072 million euro", "paid 3,5 million", "1,072,000,000 EUR or 1,072,000"),
        ("a total of 1.072 million euro", "paid 3.5 million", "1,072,000 EUR or 1,072,000,000"),
        ("250.000 EUR", "", "250,000 EUR or 250"),
        ("€380 million", "", "380,000,000 EUR"),
        ("1.7 billion€", "", "1,700,000,000 EUR"),
        ("$3.02B in aid", "", "3,020,000,000 USD"),
        ("over 12 billion US dollars", "", "12,000,000,000 USD"),
        ("1 250 000 грн", "", "1,250,000 UAH"),
        ("2,5 млрд євро", "", "2,500,000,000 EUR"),
        ("0.25 % of GDP, or 12 per cent", "", "0.25 %; 12 %"),
        ("within twenty-four (24) hours", "", "24 hours"),
        ("for ten (10) years; a five-year plan; 6 months", "", "10 years; 5 years; 6 months"),
        ("протягом 24 годин", "", "24 hours"),
        ("5.3 million people", "", "5,300,000 -"),
        ("Article 51, 4,000 soldiers, in 2024", "", ""),
    ];
    for (text, around, wanted) in cases {
        assert_eq!(one(text, around), wanted, "{text} beside {around}");
    }
}

#[test]
fn days() {
    let cases = [
        ("on 28 May 2024", "2024-05-28"),
        ("July 12, 2023, and", "2023-07-12"),
        ("this 13th day of June, 2024", "2024-06-13"),
        ("8th December 2021", "2021-12-08"),
        ("since February 2022", "2022-02"),
        ("28.05.2024", "2024-05-28"),
        ("2024-05-28", "2024-05-28"),
        ("24 лютого 2024 року", "2024-02-24"),
        ("12 липня 2023 року", "2023-07-12"),
        ("31 February 2024", ""),
        ("they may 2024", ""),
        ("a march of 2024 people", ""),
    ];
    for (text, wanted) in cases {
        let found: Vec<String> = words::days(text).iter().map(|(_, d)| d.to_string()).collect();
        assert_eq!(found.join(" "), wanted, "{text}");
    }
}

#[test]
fn modal_sentences_and_their_firmness() {
    let cases = [
        ("The Parties shall meet.", "shall"),
        ("They will seek to agree.", "endeavours"),
        ("They will seek an accord that will last, and will seek to keep it.", "will"),
        ("It will, where possible, help.", "where possible"),
        ("Poland intends to help.", "intends"),
        ("It was the will of the people.", ""),
        ("On 28 May 2024 it began.", ""),
        ("May 2024 was cold.", ""),
        ("Either may leave.", "may"),
        ("It acknowledges efforts to strive for reform.", ""),
        ("Poland commits to help.", "commits"),
        ("Сторона зобов’язується надати допомогу.", "shall"),
        ("Учасник має намір допомогти.", "intends"),
        ("Італія надаватиме підтримку.", "will"),
        ("Учасники за можливості допомагатимуть.", "where possible"),
        ("Сторони докладатимуть зусиль.", "endeavours"),
        ("Учасник повинен повідомити.", "shall"),
        ("Україна є державою.", ""),
    ];
    for (text, wanted) in cases {
        let found: Vec<&str> = modal::modals(text).iter().map(|m| m.firmness.name()).collect();
        assert_eq!(found.join(" "), wanted, "{text}");
    }
}

#[test]
fn sentences_end_where_they_end() {
    let cut =
        |text: &str| words::sentences(text).into_iter().map(|r| text[r].to_string()).collect::<Vec<_>>();
    assert_eq!(cut("See Art. 5. The U.S. agrees. Done."), ["See Art. 5.", "The U.S. agrees.", "Done."]);
    assert_eq!(cut("He said “stop.” Then 2.5 million came"), ["He said “stop.”", "Then 2.5 million came"]);
}

proptest! {
    /// Every word of the source stands in the skeleton, in order, whatever the words are.
    #[test]
    fn no_word_is_lost(paragraphs in proptest::collection::vec("[A-Za-zА-Яа-яіїє0-9.,;:()*_#<>&|\\[\\]`~'\"!?$+=-]{1,9}( [A-Za-zА-Яа-яіїє0-9.,;:()*_#<>&|\\[\\]`~'\"!?$+=-]{1,9}){0,14}", 1..14)) {
        let escape = |t: &str| t.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let text: String = paragraphs.iter().map(|t| p(&escape(t))).collect();
        let source = read(&docx(&[body(&text)]), None).unwrap();
        let draft = draft(&source, None);
        let file = skeleton::write(&draft, &survey(&draft), "x");
        let checked = servanda_lang::check(&file);
        let errors = checked.diagnostics.iter().filter(|d| d.severity == servanda_lang::diagnostic::Severity::Error).count();
        prop_assert_eq!(errors, 0, "{}", file);
        let mut found: Vec<String> = Vec::new();
        for (theirs, ours) in checked.parse.document.clauses.iter().zip(&draft.clauses) {
            if ours.own {
                found.extend(theirs.heading.split_whitespace().map(String::from));
            }
            found.extend(theirs.words.split_whitespace().map(String::from));
        }
        let wanted: Vec<String> = paragraphs.iter().flat_map(|t| t.split_whitespace()).map(String::from).collect();
        prop_assert_eq!(found, wanted, "{}", file);
    }

    /// No bytes make the reader fail in another way than by a refusal.
    #[test]
    fn damaged_files_are_refused_or_read(at in 0usize..4000, byte in any::<u8>()) {
        let mut bytes = docx(&[body(&p("Words of the text.")), ("word/numbering.xml", format!("<w:numbering {SPACES}/>"))]);
        let place = at % bytes.len();
        bytes[place] = byte;
        let _ = read(&bytes, None);
        let mut page = pdf("BT /F1 11 Tf 72 700 Td (Words) Tj ET", true);
        let place = at % page.len();
        page[place] = byte;
        let _ = read(&page, None);
    }
}
