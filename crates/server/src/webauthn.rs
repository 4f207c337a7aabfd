//! What a device says when it makes a passkey or signs in with one, and whether it is to be believed.
//!
//! What it deliberately does not do: ask what kind of device it is (no attestation is asked for or looked at), keep anything, know
//! what a challenge is good for.
//!
//! Invariants
//! - what a device said counts for the challenge, the origin and the host that were expected, and for no others;
//! - the device has asked its user who they are (a finger, a number, a face), not only whether they are there;
//! - nothing here fails on any input but by saying so.
//!
//! # Source
//! WebAuthn Level 3, sections 6.1, 7.1 and 7.2.
//!
//! Where to start reading: [`made`], [`signed`].

use crate::base64url;
use crate::keys::{Key, cbor_map};
use ring::digest::{SHA256, digest};
use serde_json::Value;

/// What has to be in what a device says.
pub(crate) struct Expected<'e> {
    /// The text that was given out, before base64.
    pub challenge: &'e str,
    /// Scheme, host and port of the page.
    pub origin: &'e str,
    /// The host alone.
    pub host: &'e str,
}

/// Its user was there.
const PRESENT: u8 = 0x01;
/// And was asked who they are.
const VERIFIED: u8 = 0x04;
/// A new key comes with it.
const WITH_KEY: u8 = 0x40;

/// What a browser says that it asked the device.
fn client(bytes: &[u8], kind: &str, expected: &Expected<'_>) -> Result<(), &'static str> {
    let said: Value = serde_json::from_slice(bytes).map_err(|_| "what the browser says is no JSON")?;
    if said["type"] != kind {
        return Err("the browser asked the device for something else");
    }
    if said["challenge"] != base64url::write(expected.challenge.as_bytes()) {
        return Err("it is the answer to another question");
    }
    if said["origin"] != expected.origin {
        return Err("it is for another origin");
    }
    if said["crossOrigin"] == true || said.get("topOrigin").is_some() {
        return Err("it comes from a page within another page");
    }
    Ok(())
}

/// What a device says: flags, how often it was used, and the rest.
fn device<'d>(bytes: &'d [u8], expected: &Expected<'_>) -> Result<(u8, u32, &'d [u8]), &'static str> {
    let (host, rest) = bytes.split_at_checked(32).ok_or("what the device says is too short")?;
    if host != digest(&SHA256, expected.host.as_bytes()).as_ref() {
        return Err("it is for another host");
    }
    let (head, rest) = rest.split_at_checked(5).ok_or("what the device says is too short")?;
    let flags = head[0];
    if flags & PRESENT == 0 || flags & VERIFIED == 0 {
        return Err("the device did not ask who its user is");
    }
    let count = head[1..].iter().fold(0, |all, byte| (all << 8) | u32::from(*byte));
    Ok((flags, count, rest))
}

/// A passkey that a device made: its id, base64url, and its key.
///
/// # Errors
/// What is wrong with it, for the log.
pub(crate) fn made(
    client_said: &[u8],
    device_said: &[u8],
    expected: &Expected<'_>,
) -> Result<(String, Key), &'static str> {
    client(client_said, "webauthn.create", expected)?;
    let (flags, _, rest) = device(device_said, expected)?;
    if flags & WITH_KEY == 0 {
        return Err("there is no key with it");
    }
    let short = "what the device says of the key is too short";
    let (_, rest) = rest.split_at_checked(16).ok_or(short)?;
    let (length, rest) = rest.split_at_checked(2).ok_or(short)?;
    let length = usize::from(length[0]) << 8 | usize::from(length[1]);
    // WebAuthn bounds it so.
    if !(16..=1023).contains(&length) {
        return Err("its id is too short or too long");
    }
    let (id, rest) = rest.split_at_checked(length).ok_or(short)?;
    let key =
        cbor_map(rest).and_then(|map| Key::of_cose(&map)).ok_or("its key is of a kind that is not taken")?;
    Ok((base64url::write(id), key))
}

/// How often the passkey says that it was used, where its key signed this.
///
/// # Errors
/// What is wrong with it, for the log.
pub(crate) fn signed(
    client_said: &[u8],
    device_said: &[u8],
    signature: &[u8],
    key: &Key,
    expected: &Expected<'_>,
) -> Result<u32, &'static str> {
    client(client_said, "webauthn.get", expected)?;
    let (_, count, _) = device(device_said, expected)?;
    let message = [device_said, digest(&SHA256, client_said).as_ref()].concat();
    match key.signed_by_passkey(&message, signature) {
        true => Ok(count),
        false => Err("it was signed by another key"),
    }
}
