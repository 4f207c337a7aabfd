//! Public keys of others, and whether a signature is theirs: of an institution's tokens and of passkeys.
//!
//! What it deliberately does not do: sign, know a secret, take a shared secret for a key (`HS256`) or no signature for one (`none`).
//!
//! Invariants
//! - the key decides which procedures fit it; the one that a token names is taken only where it is one of those;
//! - RSA keys have 2,048 to 8,192 bits.
//!
//! Where to start reading: [`Key::of_jwk`], [`Key::of_cose`].

use crate::base64url;
use ring::signature::{
    self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::Value;

/// A public key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Key {
    /// On P-256: the point, uncompressed.
    P256(Vec<u8>),
    /// On P-384.
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
    /// Modulus and exponent, big-endian.
    Rsa(Vec<u8>, Vec<u8>),
}

/// A point of 32 or 48 bytes a coordinate, uncompressed.
fn point(x: &[u8], y: &[u8], length: usize) -> Option<Vec<u8>> {
    (x.len() == length && y.len() == length).then(|| [&[4], x, y].concat())
}

fn is_of(
    algorithm: &'static dyn VerificationAlgorithm,
    key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> bool {
    UnparsedPublicKey::new(algorithm, key).verify(message, signature).is_ok()
}

impl Key {
    /// The key of a JSON Web Key; `None` where it is none that signs, or of another kind.
    ///
    /// # Source
    /// RFC 7517, RFC 7518 section 6, RFC 8037 section 2.
    pub(crate) fn of_jwk(jwk: &Value) -> Option<Key> {
        if jwk.get("use").is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let part = |name: &str| base64url::read(jwk.get(name)?.as_str()?);
        match (jwk.get("kty")?.as_str()?, jwk.get("crv").and_then(Value::as_str)) {
            ("EC", Some("P-256")) => point(&part("x")?, &part("y")?, 32).map(Key::P256),
            ("EC", Some("P-384")) => point(&part("x")?, &part("y")?, 48).map(Key::P384),
            ("OKP", Some("Ed25519")) => part("x").filter(|x| x.len() == 32).map(Key::Ed25519),
            ("RSA", _) => Some(Key::Rsa(part("n")?, part("e")?)),
            _ => None,
        }
    }

    /// Whether a token was signed by this key in the way that it names.
    ///
    /// # Source
    /// RFC 7518 section 3, RFC 8037 section 3.1.
    pub(crate) fn signed_token(&self, way: &str, message: &[u8], signature: &[u8]) -> bool {
        match (self, way) {
            (Key::P256(point), "ES256") => {
                is_of(&signature::ECDSA_P256_SHA256_FIXED, point, message, signature)
            }
            (Key::P384(point), "ES384") => {
                is_of(&signature::ECDSA_P384_SHA384_FIXED, point, message, signature)
            }
            (Key::Ed25519(key), "EdDSA" | "Ed25519") => is_of(&signature::ED25519, key, message, signature),
            (Key::Rsa(n, e), _) => {
                let way: &'static RsaParameters = match way {
                    "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
                    "RS384" => &signature::RSA_PKCS1_2048_8192_SHA384,
                    "RS512" => &signature::RSA_PKCS1_2048_8192_SHA512,
                    "PS256" => &signature::RSA_PSS_2048_8192_SHA256,
                    "PS384" => &signature::RSA_PSS_2048_8192_SHA384,
                    "PS512" => &signature::RSA_PSS_2048_8192_SHA512,
                    _ => return false,
                };
                RsaPublicKeyComponents { n, e }.verify(way, message, signature).is_ok()
            }
            _ => false,
        }
    }

    /// The key that a passkey gives: a COSE key of the kinds that we ask for (ES256, EdDSA, RS256).
    ///
    /// # Source
    /// RFC 9052 section 7, RFC 9053 section 7; WebAuthn Level 3, section 6.5.6.
    pub(crate) fn of_cose(map: &[(Cbor<'_>, Cbor<'_>)]) -> Option<Key> {
        let number = |label: i64| match map.iter().find(|(key, _)| *key == Cbor::Number(label))?.1 {
            Cbor::Number(number) => Some(number),
            Cbor::Bytes(_) => None,
        };
        let bytes = |label: i64| match map.iter().find(|(key, _)| *key == Cbor::Number(label))?.1 {
            Cbor::Bytes(bytes) => Some(bytes),
            Cbor::Number(_) => None,
        };
        match (number(1)?, number(3)?) {
            (2, -7) if number(-1) == Some(1) => point(bytes(-2)?, bytes(-3)?, 32).map(Key::P256),
            (1, -8) if number(-1) == Some(6) => {
                bytes(-2).filter(|x| x.len() == 32).map(|x| Key::Ed25519(x.to_vec()))
            }
            (3, -257) => Some(Key::Rsa(bytes(-1)?.to_vec(), bytes(-2)?.to_vec())),
            _ => None,
        }
    }

    /// Whether a device signed this with the key of a passkey.
    pub(crate) fn signed_by_passkey(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Key::P256(point) => is_of(&signature::ECDSA_P256_SHA256_ASN1, point, message, signature),
            Key::Ed25519(key) => is_of(&signature::ED25519, key, message, signature),
            Key::Rsa(n, e) => RsaPublicKeyComponents { n, e }
                .verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, signature)
                .is_ok(),
            Key::P384(_) => false,
        }
    }

    /// As text, for the store.
    pub(crate) fn text(&self) -> String {
        match self {
            Key::P256(point) => format!("p256:{}", base64url::write(point)),
            Key::P384(point) => format!("p384:{}", base64url::write(point)),
            Key::Ed25519(key) => format!("ed25519:{}", base64url::write(key)),
            Key::Rsa(n, e) => format!("rsa:{}.{}", base64url::write(n), base64url::write(e)),
        }
    }

    /// Of that text.
    pub(crate) fn of_text(text: &str) -> Option<Key> {
        let (kind, rest) = text.split_once(':')?;
        match kind {
            "p256" => base64url::read(rest).map(Key::P256),
            "p384" => base64url::read(rest).map(Key::P384),
            "ed25519" => base64url::read(rest).map(Key::Ed25519),
            "rsa" => {
                let (n, e) = rest.split_once('.')?;
                Some(Key::Rsa(base64url::read(n)?, base64url::read(e)?))
            }
            _ => None,
        }
    }
}

/// What stands in a COSE key: integers and byte strings. Anything else is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cbor<'b> {
    Number(i64),
    Bytes(&'b [u8]),
}

/// Takes the head of an item: its kind and its number.
fn head<'b>(bytes: &mut &'b [u8]) -> Option<(u8, u64)> {
    let mut take = |n: usize| -> Option<&'b [u8]> {
        let (taken, rest) = bytes.split_at_checked(n)?;
        *bytes = rest;
        Some(taken)
    };
    let first = *take(1)?.first()?;
    let number = match first & 0x1f {
        small @ 0..24 => u64::from(small),
        longer @ 24..=27 => {
            let more = take(1 << (longer - 24))?;
            more.iter().fold(0, |all, byte| (all << 8) | u64::from(*byte))
        }
        _ => return None,
    };
    Some((first >> 5, number))
}

fn item<'b>(bytes: &mut &'b [u8]) -> Option<Cbor<'b>> {
    let (kind, number) = head(bytes)?;
    match kind {
        0 => i64::try_from(number).ok().map(Cbor::Number),
        1 => i64::try_from(number).ok().map(|number| Cbor::Number(-1 - number)),
        2 => {
            let (taken, rest) = bytes.split_at_checked(usize::try_from(number).ok()?)?;
            *bytes = rest;
            Some(Cbor::Bytes(taken))
        }
        _ => None,
    }
}

/// The map that bytes begin with.
///
/// # Source
/// RFC 8949 section 3, definite lengths only, as WebAuthn asks.
pub(crate) fn cbor_map(mut bytes: &[u8]) -> Option<Vec<(Cbor<'_>, Cbor<'_>)>> {
    let (kind, count) = head(&mut bytes)?;
    if kind != 5 || count > 16 {
        return None;
    }
    (0..count).map(|_| Some((item(&mut bytes)?, item(&mut bytes)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

    #[test]
    fn a_key_is_read_and_written_and_says_what_it_signed() {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let point = pair.public_key().as_ref();
        let jwk = serde_json::json!({
            "kty": "EC", "crv": "P-256",
            "x": base64url::write(&point[1..33]), "y": base64url::write(&point[33..]),
        });
        let key = Key::of_jwk(&jwk).unwrap();
        assert_eq!(Key::of_text(&key.text()), Some(key.clone()));
        let signature = pair.sign(&random, b"words").unwrap();
        assert!(key.signed_token("ES256", b"words", signature.as_ref()));
        for way in ["none", "HS256", "RS256", "ES384", "", "es256"] {
            assert!(!key.signed_token(way, b"words", signature.as_ref()), "{way}");
            assert!(!key.signed_token(way, b"words", b""), "{way}");
        }
        assert!(!key.signed_token("ES256", b"other words", signature.as_ref()));
        let mut encrypts = jwk.clone();
        encrypts["use"] = "enc".into();
        assert_eq!(Key::of_jwk(&encrypts), None);
        let mut cose = vec![0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32];
        cose.extend(&point[1..33]);
        cose.extend([0x22, 0x58, 32]);
        cose.extend(&point[33..]);
        assert_eq!(Key::of_cose(&cbor_map(&cose).unwrap()), Some(key));
        for cut in 0..cose.len() {
            assert!(cbor_map(&cose[..cut]).is_none(), "{cut}");
        }
        for wrong in [
            &b""[..],
            &[0xbf, 0xff],
            &[0xa1, 0x61, 0x61, 1],
            &[0xbb; 9],
            &[0xa1, 1, 0x5b, 255, 255, 255, 255, 255, 255, 255, 255],
        ] {
            assert!(cbor_map(wrong).is_none_or(|map| Key::of_cose(&map).is_none()), "{wrong:?}");
        }
    }
}
