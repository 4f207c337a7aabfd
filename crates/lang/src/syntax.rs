//! Kinds of tokens and nodes, and the lossless tree of one fence.
//!
//! The tree is shallow on purpose: `FENCE > DECL > HEAD | FIELD > FIELD_WORD | VALUE > tokens`. Every byte of a fence is in
//! it, comments, blank lines and broken parts included. What a value means is read from its tokens by
//! [`ast`](crate::ast).

/// Kinds of tokens, then of nodes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs, reason = "the names are their own description; what is not plain has a line")]
#[repr(u16)]
pub enum SyntaxKind {
    Whitespace,
    Newline,
    /// `#` to the end of the line.
    Comment,
    /// A name or a word of the language.
    Word,
    Number,
    /// Three groups of digits with hyphens, whether or not there is such a date.
    Date,
    Time,
    /// `"…"`, over several lines where they are indented.
    String,
    OpenParen,
    CloseParen,
    Comma,
    Colon,
    Semicolon,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Eq,
    Ne,
    Lt,
    Gt,
    Le,
    Ge,
    /// A `"` whose string does not end, to the end of the line.
    OpenString,
    /// A character that the language has no use for.
    Unknown,
    /// A fence's content.
    Fence,
    /// A declaration with its fields.
    Decl,
    /// The line that begins a declaration.
    Head,
    /// A field with its continuation lines.
    Field,
    /// One or two words that name a field.
    FieldWord,
    /// What stands after a field word.
    Value,
    /// Lines that are neither; in a fence also what looks like a declaration and begins with no known word.
    Error,
}

impl SyntaxKind {
    /// Blanks, line ends and comments.
    pub fn is_trivia(self) -> bool {
        matches!(self, SyntaxKind::Whitespace | SyntaxKind::Newline | SyntaxKind::Comment)
    }
}

/// The language as `rowan` knows it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Pact {}

const KINDS: [SyntaxKind; 33] = {
    use SyntaxKind::*;
    [
        Whitespace, Newline, Comment, Word, Number, Date, Time, String, OpenParen, CloseParen, Comma, Colon,
        Semicolon, Plus, Minus, Star, Slash, Percent, Eq, Ne, Lt, Gt, Le, Ge, OpenString, Unknown, Fence,
        Decl, Head, Field, FieldWord, Value, Error,
    ]
};

impl rowan::Language for Pact {
    type Kind = SyntaxKind;

    fn kind_from_raw(raw: rowan::SyntaxKind) -> SyntaxKind {
        KINDS.get(usize::from(raw.0)).copied().unwrap_or(SyntaxKind::Error)
    }

    fn kind_to_raw(kind: SyntaxKind) -> rowan::SyntaxKind {
        rowan::SyntaxKind(kind as u16)
    }
}

/// A node of the tree.
pub type SyntaxNode = rowan::SyntaxNode<Pact>;
/// A token of the tree.
pub type SyntaxToken = rowan::SyntaxToken<Pact>;
/// A node or a token.
pub type SyntaxElement = rowan::SyntaxElement<Pact>;
