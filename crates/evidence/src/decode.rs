//! Bytes to text in a stated encoding, or the place at which they are not.
//!
//! It does not guess an encoding: only a byte order mark, which is unmistakable, goes before what the mapping says.

use crate::codes;
use crate::import::Refused;
use crate::spelling;
use encoding_rs::{DecoderResult, Encoding, UTF_8};
use std::borrow::Cow;

/// Encodings worth naming in an error.
const COMMON: &[&str] = &[
    "utf-8",
    "utf-16le",
    "utf-16be",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "iso-8859-2",
    "iso-8859-5",
    "koi8-r",
    "koi8-u",
    "ibm866",
    "gbk",
    "big5",
    "shift_jis",
    "euc-kr",
];

/// The encoding of a name.
pub fn encoding(name: &str) -> Result<&'static Encoding, String> {
    Encoding::for_label(name.as_bytes()).ok_or_else(|| {
        spelling::remedy(name, COMMON.iter().copied(), "name one such as `utf-8` or `windows-1251`")
    })
}

/// The text of a file, without a byte order mark.
pub fn text<'a>(bytes: &'a [u8], stated: &'static Encoding) -> Result<Cow<'a, str>, Refused> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Refused::of_file(
            codes::EMPTY,
            0,
            "the file is empty",
            "check that the right file was given",
        ));
    }
    let (encoding, mark) = Encoding::for_bom(bytes).unwrap_or((stated, 0));
    let body = &bytes[mark..];
    let wide = [encoding_rs::UTF_16LE, encoding_rs::UTF_16BE].contains(&encoding);
    if !wide && let Some(at) = body.iter().position(|b| *b == 0) {
        let remedy = match at % 2 {
            1 if body.len() > 3 && body[3.min(body.len() - 1)] == 0 => {
                "it looks like UTF-16: set `encoding = \"utf-16le\"` in the mapping"
            }
            _ => "it is no text file; export it as CSV, JSON Lines or GeoJSON",
        };
        return Err(Refused {
            value: format!("byte {}", mark + at),
            ..Refused::of_file(codes::BINARY, line_at(body, at), "the file holds a NUL byte", remedy)
        });
    }
    if encoding == UTF_8 {
        return match std::str::from_utf8(body) {
            Ok(text) => Ok(Cow::Borrowed(text)),
            Err(fault) => Err(wrong_byte(body, mark, fault.valid_up_to(), encoding)),
        };
    }
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let room = decoder.max_utf8_buffer_length_without_replacement(body.len());
    let mut out = String::with_capacity(room.unwrap_or(body.len()).min(body.len().saturating_mul(3) + 16));
    let mut read = 0;
    loop {
        let (result, took) = decoder.decode_to_string_without_replacement(&body[read..], &mut out, true);
        read += took;
        match result {
            DecoderResult::InputEmpty => break,
            DecoderResult::OutputFull => out.reserve(out.capacity().max(64)),
            DecoderResult::Malformed(length, after) => {
                let at = read.saturating_sub(usize::from(length) + usize::from(after));
                return Err(wrong_byte(body, mark, at, encoding));
            }
        }
    }
    match out.find('\0') {
        None => Ok(Cow::Owned(out)),
        Some(at) => Err(Refused::of_file(
            codes::BINARY,
            line_at(out.as_bytes(), at),
            "the file holds a NUL character",
            "it is no text file, or its encoding is another one than the mapping says",
        )),
    }
}

fn line_at(bytes: &[u8], at: usize) -> u64 {
    1 + bytes[..at.min(bytes.len())].iter().filter(|b| **b == b'\n').count() as u64
}

fn wrong_byte(body: &[u8], mark: usize, at: usize, encoding: &'static Encoding) -> Refused {
    let byte = body.get(at).copied().unwrap_or(0);
    let name = encoding.name().to_ascii_lowercase();
    let remedy = if encoding == UTF_8 {
        "save the file as UTF-8, or name its encoding in the mapping: `encoding = \"windows-1251\"` for most older \
         Cyrillic files, `encoding = \"windows-1252\"` for Western European ones"
    } else {
        "name the encoding that the file was saved in, for example `encoding = \"utf-8\"`"
    };
    Refused {
        value: format!("byte {} is 0x{byte:02X}", mark + at),
        ..Refused::of_file(codes::ENCODING, line_at(body, at), &format!("the file is not {name}"), remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_of_the_first_wrong_byte_is_named() {
        let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode("id,place\n1,Харків\n");
        let fault = text(&bytes, UTF_8).unwrap_err();
        assert_eq!((fault.code, fault.line, fault.value.as_str()), (codes::ENCODING, 2, "byte 11 is 0xD5"));
        assert!(fault.remedy.contains("encoding = \"windows-1251\""), "{}", fault.remedy);
        assert_eq!(text(&bytes, encoding_rs::WINDOWS_1251).unwrap(), "id,place\n1,Харків\n");
    }

    #[test]
    fn byte_order_marks_decide() {
        assert_eq!(text(b"\xEF\xBB\xBFid", encoding_rs::WINDOWS_1251).unwrap(), "id");
        assert_eq!(text(b"\xFF\xFEi\0d\0", UTF_8).unwrap(), "id");
        assert_eq!(text(b"i\0d\0,\0", UTF_8).unwrap_err().code, codes::BINARY);
        assert!(text(b"i\0d\0,\0", UTF_8).unwrap_err().remedy.contains("utf-16le"));
        assert_eq!(text(b"a\0\0\0", UTF_8).unwrap_err().value, "byte 1");
    }

    #[test]
    fn nothing_is_an_error_too() {
        for bytes in [&b""[..], b"\n\n", b"  "] {
            assert_eq!(text(bytes, UTF_8).unwrap_err().code, codes::EMPTY);
        }
        assert_eq!(
            encoding("windos-1251").unwrap_err(),
            "did you mean `windows-1251` or `windows-1250` or `windows-1252`? name one such as `utf-8` or `windows-1251`"
        );
    }
}
