//! Letters of two alphabets that look the same: Latin `o` and Cyrillic `о`.
//!
//! It knows Latin and Cyrillic, the two that people who write Ukrainian and English mix by mistake, and no more.
//!
//! Invariants
//! - two names with the same skeleton cannot be told apart on paper;
//! - a name that says `T-72М` has a reason to mix: only a name that mixes letters *within* a part is mixed, and only where each of its
//!   Latin letters, or each of its Cyrillic ones, has a double in the other alphabet.

/// Cyrillic letters and the Latin ones that look the same.
const DOUBLES: [(char, char); 29] = [
    ('а', 'a'),
    ('е', 'e'),
    ('і', 'i'),
    ('ї', 'ï'),
    ('о', 'o'),
    ('р', 'p'),
    ('с', 'c'),
    ('у', 'y'),
    ('х', 'x'),
    ('ѕ', 's'),
    ('ј', 'j'),
    ('А', 'A'),
    ('В', 'B'),
    ('Е', 'E'),
    ('І', 'I'),
    ('Ї', 'Ï'),
    ('К', 'K'),
    ('М', 'M'),
    ('Н', 'H'),
    ('О', 'O'),
    ('Р', 'P'),
    ('С', 'C'),
    ('Т', 'T'),
    ('У', 'Y'),
    ('Х', 'X'),
    ('Ѕ', 'S'),
    ('Ј', 'J'),
    ('ԛ', 'q'),
    ('ԝ', 'w'),
];

fn is_cyrillic(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{52f}')
}

fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, 'À'..='ɏ')
}

/// What a name looks like: every Cyrillic letter that has a Latin double replaced by it.
pub(crate) fn skeleton(name: &str) -> String {
    let latin = |c: char| DOUBLES.iter().find(|(cyrillic, _)| *cyrillic == c).map_or(c, |(_, latin)| *latin);
    name.chars().map(latin).collect()
}

/// The word as it was probably meant, where letters of both alphabets stand in one part of it and those of one alphabet all have
/// doubles in the other.
pub(crate) fn mixed(word: &str) -> Option<String> {
    let mut out = String::new();
    let mut found = false;
    for part in word.split_inclusive(['-', '_', '/']) {
        let (latin, cyrillic) = (part.chars().any(is_latin), part.chars().any(is_cyrillic));
        if !(latin && cyrillic) {
            out.push_str(part);
            continue;
        }
        let to_cyrillic =
            |c: char| DOUBLES.iter().find(|(_, latin)| *latin == c).map(|(cyrillic, _)| *cyrillic);
        let to_latin = |c: char| DOUBLES.iter().find(|(cyrillic, _)| *cyrillic == c).map(|(_, latin)| *latin);
        let all = |of: fn(char) -> bool, to: &dyn Fn(char) -> Option<char>| {
            part.chars().filter(|c| of(*c)).all(|c| to(c).is_some())
        };
        let count = |of: fn(char) -> bool| part.chars().filter(|c| of(*c)).count();
        // What there is less of is the slip.
        let cyrillic_meant = all(is_latin, &to_cyrillic) && count(is_latin) <= count(is_cyrillic);
        if cyrillic_meant {
            out.extend(part.chars().map(|c| if is_latin(c) { to_cyrillic(c).unwrap_or(c) } else { c }));
        } else if all(is_cyrillic, &to_latin) {
            out.extend(part.chars().map(|c| to_latin(c).unwrap_or(c)));
        } else {
            out.push_str(part);
            continue;
        }
        found = true;
    }
    found.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_keyboard_is_found_and_a_reason_is_not() {
        for (word, meant) in [
            ("правo", Some("право")),
            ("Ukrаine", Some("Ukraine")),
            ("Польща", None),
            ("T-72М", None),
            ("Т-64-BV", None),
            ("Росія", None),
            ("зoна-A", Some("зона-A")),
        ] {
            assert_eq!(mixed(word).as_deref(), meant, "{word}");
        }
        assert_eq!(skeleton("Ukrаine"), skeleton("Ukraine"));
        assert_ne!(skeleton("Україна"), skeleton("Ukraine"));
    }
}
