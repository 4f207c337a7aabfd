use super::*;
use crate::parser::vocabulary;

/// Every word of the language has its Ukrainian one.
#[test]
fn the_table_is_complete() {
    for keyword in Keyword::ALL {
        assert!(
            ukrainian::DECLARATIONS.iter().any(|row| row.english == keyword.word()),
            "{}",
            keyword.word()
        );
    }
    for field in ALL_FIELD_WORDS {
        assert!(ukrainian::FIELDS.iter().any(|row| row.english == field), "{field}");
    }
    assert_eq!(ukrainian::DECLARATIONS.len(), Keyword::ALL.len());
    assert_eq!(ukrainian::FIELDS.len(), ALL_FIELD_WORDS.len());
}

#[test]
fn one_word_means_one_thing_in_one_place() {
    for table in [ukrainian::DECLARATIONS, ukrainian::HEAD, ukrainian::FIELDS, ukrainian::VALUES] {
        for (n, row) in table.iter().enumerate() {
            for form in row.forms {
                assert_eq!(normal(form), *form, "the table is written as words are compared");
                assert_eq!(mixed(form), None, "{form}");
                for other in &table[n + 1..] {
                    let apart = |a: &[&str], b: &[&str]| {
                        !a.is_empty() && !b.is_empty() && a.iter().all(|one| !b.contains(one))
                    };
                    let own =
                        |row: &Word| row.of.iter().any(|field| ukrainian::OWN_WORDS_ONLY.contains(field));
                    let apart = apart(row.of, other.of)
                        || apart(row.after, other.after)
                        || row.before != other.before
                        || own(row) && other.of.is_empty()
                        || own(other) && row.of.is_empty();
                    assert!(
                        row.english == other.english || apart || !other.forms.contains(form),
                        "`{form}` is `{}` and `{}`",
                        row.english,
                        other.english
                    );
                }
            }
        }
    }
}

#[test]
fn the_fields_that_rows_name_are_fields() {
    for row in ukrainian::VALUES {
        for field in row.of {
            assert!(ALL_FIELD_WORDS.contains(field), "{field}");
        }
    }
    assert!(ukrainian::OWN_WORDS_ONLY.iter().all(|field| ALL_FIELD_WORDS.contains(field)));
    assert_eq!(vocabulary::field_word("must", Some("do")), Some("must"));
}

#[test]
fn phrases_of_messages_are_said_in_ukrainian() {
    for (english, ukrainian) in [
        ("seen by", "встановлює"),
        ("must do ACT", "повинен вчинити ACT"),
        ("no later than 42 days before", "не пізніше ніж за 42 дні до"),
        ("effect adds to the breached duty", "дія поряд із порушеним зобов’язанням"),
        ("within 24 hours of breach", "протягом 24 годин від порушення"),
        ("decides by two thirds of members", "ухвалює голосами двох третин членів"),
        ("duty", "зобов’язання"),
        ("\n  seen by     BODY", "\n  встановлює     BODY"),
        ("count of ", "кількість "),
        ("Ukraine", "Ukraine"),
    ] {
        assert_eq!(phrase(Language::Ukrainian, english), ukrainian, "{english}");
    }
}
