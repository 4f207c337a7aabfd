//! Rust text taken apart just far enough for text rules: code, comments, string literals, and what is test code.
//!
//! It is a lexer, not a parser. It knows nested comments, raw strings, and a character from a lifetime; it knows
//! nothing of names, macros or types. A rule that needs more belongs to clippy.
//!
//! Invariants:
//! - One [`Line`] per line of the text, in order; line numbers in answers start at 1.
//! - Neither comments nor the insides of literals ever show up in [`Line::code`].

/// One line, taken apart.
#[derive(Default, Clone)]
pub struct Line {
    /// The line without comments; literals keep their quotes and lose their insides.
    pub code: String,
    /// The `//` comment on this line, with its slashes.
    pub comment: Option<String>,
    /// Inside an item that is only compiled for tests.
    pub is_test: bool,
}

pub struct RustSource {
    pub lines: Vec<Line>,
    /// Line number and inside of every string literal; escapes are left as they stand.
    pub literals: Vec<(usize, String)>,
}

impl RustSource {
    pub fn new(text: &str) -> RustSource {
        let mut source = lex(text);
        mark_tests(&mut source.lines);
        source
    }

    /// Line number and code of the lines that are not test code.
    pub fn shipped(&self) -> impl Iterator<Item = (usize, &str)> {
        let numbered = self.lines.iter().enumerate();
        numbered.filter(|(_, line)| !line.is_test).map(|(index, line)| (index + 1, line.code.as_str()))
    }

    pub fn is_test_line(&self, number: usize) -> bool {
        self.lines.get(number - 1).is_some_and(|line| line.is_test)
    }
}

/// Whether a whole file is test code, by its place: `tests.rs`, `*_tests.rs`, or anything under `tests/`, `benches/`.
pub fn is_test_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name == "tests.rs"
        || name.ends_with("_tests.rs")
        || path.split('/').any(|part| matches!(part, "tests" | "benches" | "fuzz"))
}

/// Where `needle` stands in `code` as whole words: `std::fs` is not found in `mystd::fs` nor in `std::fsync`.
pub fn has_words(code: &str, needle: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(needle).any(|(start, _)| {
        let before = code[..start].chars().next_back();
        let after = code[start + needle.len()..].chars().next();
        let opens = !needle.starts_with(is_word) || !before.is_some_and(is_word);
        let closes = !needle.ends_with(is_word) || !after.is_some_and(is_word);
        opens && closes
    })
}

fn lex(text: &str) -> RustSource {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let mut lines = vec![Line::default()];
    let mut literals = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let c = chars[i];
        let previous = if i == 0 { '\0' } else { chars[i - 1] };
        let starts_word = !(previous.is_alphanumeric() || previous == '_');
        if c == '/' && at(i + 1) == '/' {
            let end = (i..chars.len()).find(|&j| chars[j] == '\n').unwrap_or(chars.len());
            current(&mut lines).comment = Some(chars[i..end].iter().collect());
            i = end;
        } else if c == '/' && at(i + 1) == '*' {
            i = skip_block_comment(&chars, i, &mut lines);
        } else if let Some(hashes) = raw_string_at(&chars, i).filter(|_| starts_word) {
            let open = i + (i..).take_while(|&j| at(j) != '"').count() + 1;
            let closing: String = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
            let mut end = open;
            while end < chars.len() && !starts_with(&chars[end..], &closing) {
                end += 1;
            }
            i = literal(&chars, open, end, closing.len(), &mut lines, &mut literals);
        } else if c == '"' {
            let open = i + 1;
            let mut end = open;
            while end < chars.len() && chars[end] != '"' {
                end += if chars[end] == '\\' { 2 } else { 1 };
            }
            i = literal(&chars, open, end.min(chars.len()), 1, &mut lines, &mut literals);
        } else if c == '\'' && (at(i + 1) == '\\' || (at(i + 2) == '\'' && at(i + 1) != '\'')) {
            let mut end = i + 1;
            while end < chars.len() && chars[end] != '\'' && chars[end] != '\n' {
                end += if chars[end] == '\\' { 2 } else { 1 };
            }
            current(&mut lines).code.push_str("' '");
            i = end + 1;
        } else if c == '\n' {
            lines.push(Line::default());
            i += 1;
        } else {
            current(&mut lines).code.push(c);
            i += 1;
        }
    }
    // A final newline ends the last line, it does not begin another.
    if text.ends_with('\n') {
        lines.pop();
    }
    RustSource { lines, literals }
}

fn current(lines: &mut [Line]) -> &mut Line {
    lines.last_mut().expect("there is always a line")
}

fn starts_with(chars: &[char], text: &str) -> bool {
    text.chars().enumerate().all(|(index, c)| chars.get(index) == Some(&c))
}

/// The number of hashes when a raw string (`r"`, `r#"`, `br"`, `cr"` …) starts at `i`.
fn raw_string_at(chars: &[char], i: usize) -> Option<usize> {
    let r = if matches!(chars.get(i), Some('b' | 'c')) { i + 1 } else { i };
    if chars.get(r) != Some(&'r') {
        return None;
    }
    let hashes = chars[r + 1..].iter().take_while(|&&c| c == '#').count();
    (chars.get(r + 1 + hashes) == Some(&'"')).then_some(hashes)
}

fn skip_block_comment(chars: &[char], start: usize, lines: &mut Vec<Line>) -> usize {
    let mut depth = 0;
    let mut i = start;
    while i < chars.len() {
        if starts_with(&chars[i..], "/*") {
            depth += 1;
            i += 2;
        } else if starts_with(&chars[i..], "*/") {
            depth -= 1;
            i += 2;
            if depth == 0 {
                break;
            }
        } else {
            if chars[i] == '\n' {
                lines.push(Line::default());
            }
            i += 1;
        }
    }
    i
}

/// Notes the literal `chars[open..end]`, keeps line count, and answers where code goes on.
fn literal(
    chars: &[char],
    open: usize,
    end: usize,
    closing: usize,
    lines: &mut Vec<Line>,
    literals: &mut Vec<(usize, String)>,
) -> usize {
    let inside: String = chars[open.min(chars.len())..end].iter().collect();
    literals.push((lines.len(), inside.clone()));
    current(lines).code.push('"');
    for _ in inside.matches('\n') {
        lines.push(Line::default());
    }
    current(lines).code.push('"');
    end + closing
}

/// Marks every item under `#[cfg(test)]`, `#[cfg(all(test, …))]` or `#[test]`, to its closing brace or semicolon.
fn mark_tests(lines: &mut [Line]) {
    let code: Vec<(usize, char)> = lines
        .iter()
        .enumerate()
        .flat_map(|(index, line)| line.code.chars().chain(['\n']).map(move |c| (index, c)))
        .collect();
    let text: String = code.iter().map(|&(_, c)| c).collect();
    for opening in ["#[cfg(test)]", "#[cfg(all(test", "#[cfg(any(test", "#[test]"] {
        for (byte, _) in text.match_indices(opening) {
            let start = text[..byte].chars().count();
            let end = item_end(&code, start);
            let last = code.get(end).or(code.last()).map_or(0, |&(line, _)| line);
            for line in &mut lines[code[start].0..=last] {
                line.is_test = true;
            }
        }
    }
}

/// The position of the `}` or `;` that ends the item whose first attribute starts at `start`.
fn item_end(code: &[(usize, char)], start: usize) -> usize {
    let (mut round_and_square, mut braces) = (0i32, 0i32);
    for (position, &(_, c)) in code.iter().enumerate().skip(start) {
        match c {
            '(' | '[' => round_and_square += 1,
            ')' | ']' => round_and_square -= 1,
            '{' => braces += 1,
            '}' => {
                braces -= 1;
                if braces == 0 && round_and_square == 0 {
                    return position;
                }
            }
            ';' if braces == 0 && round_and_square == 0 => return position,
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Vec<String> {
        RustSource::new(text).lines.into_iter().map(|line| line.code).collect()
    }

    #[test]
    fn comments_and_the_insides_of_literals_are_no_code() {
        let text = "let a = \"dbg!(1) // x\"; // todo!()\n/* todo!()\n/* nested */ still */ let b = r#\"std::fs \"quoted\" \"#;\nlet c = '\"'; let d: &'static str = \"\\\"todo!\";\n";
        assert_eq!(
            code(text),
            ["let a = \"\"; ", "", " let b = \"\";", "let c = ' '; let d: &'static str = \"\";"]
        );
    }

    #[test]
    fn literals_are_found_with_their_line() {
        let source = RustSource::new("a(\"P0001\");\nb(\"two\nlines\");\nc(r\"P0002\");\n");
        let expected =
            vec![(1, "P0001".to_string()), (2, "two\nlines".to_string()), (4, "P0002".to_string())];
        assert_eq!(source.literals, expected);
        assert_eq!(source.lines.len(), 4);
    }

    #[test]
    fn test_items_are_marked_to_their_end() {
        let source = RustSource::new(
            "fn a() {}\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n    fn b() { let x = [1; 2]; }\n}\nfn c() {}\n\
             #[cfg(test)]\nmod more;\nfn d() {}\n",
        );
        let shipped: Vec<&str> = source.shipped().map(|(_, code)| code).collect();
        assert_eq!(shipped, ["fn a() {}", "fn c() {}", "fn d() {}"]);
    }

    #[test]
    fn words_are_whole() {
        assert!(has_words("use std::fs;", "std::fs") && has_words("(std::fs::read)", "std::fs"));
        assert!(!has_words("mystd::fs", "std::fs") && !has_words("std::fsync", "std::fs"));
        assert!(!has_words("FxHashMap", "HashMap") && has_words("#[ignore]", "#[ignore"));
    }

    #[test]
    fn test_files_are_known_by_their_place() {
        assert!(
            is_test_file("crates/lang/tests/grammar.rs") && is_test_file("crates/lang/src/parser/tests.rs")
        );
        assert!(
            is_test_file("crates/lang/src/lower_tests.rs") && !is_test_file("crates/lang/src/latests.rs")
        );
    }
}
