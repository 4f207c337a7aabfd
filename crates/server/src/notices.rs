//! What an account is told of itself: when and how it was signed in to, which tries failed, and that how it is signed in to was changed.
//!
//! What it deliberately does not do: decide who signs in, keep anything (the store does), tell anybody but the account, send mail.
//!
//! Invariants
//! - a try is noted after it is answered, and only where there is such an account: neither the answer nor its time tells that;
//! - of where somebody came from, a network is kept and shown, not the address;
//! - notices wait on `/account`, and every page says that they do, until the account puts them away; with a password alone, where that
//!   does not do, nobody does.
//!
//! Where to start reading: [`signed_in`], [`tried`], then [`block`].

use crate::Problem;
use crate::forms::{form, given, or_problem, own_account, own_form, own_of, own_page, people};
use crate::front::{Caller, Front, Who};
use crate::signed_in::SignedIn;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use servanda_model::Instant;
use servanda_report::document::html::escape;
use servanda_store::{Account, Notice, SignIn, Signings, Tried, Way, What};
use std::net::IpAddr;

/// The network that an address lies in, as people read it: a /24, or a /48. Empty for this machine itself.
fn network(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        None => String::new(),
        Some(address) if address.is_loopback() => String::new(),
        Some(IpAddr::V4(four)) => {
            let [a, b, c, _] = four.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        Some(IpAddr::V6(six)) => {
            let [a, b, c, ..] = six.segments();
            format!("{}/48", std::net::Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

/// Notes that somebody signed in; without a way, that a browser of this account changed how it is signed in to.
pub(crate) async fn signed_in(
    front: &Front,
    caller: &Caller,
    account: &Account,
    way: Option<Way>,
) -> Result<(), Problem> {
    let (store, account, now) = (people(front)?.store.clone(), account.clone(), front.now());
    let from = network(caller.address);
    let noted = tokio::task::spawn_blocking(move || store.signed_in(&account, way, &from, now)).await;
    if let Err(error) = noted.map_err(|e| Problem::bug(&e))? {
        // People sign in also while nothing can be entered, to see to that; what was noted waits.
        eprintln!("error: a sign-in cannot be written down yet: {error}");
    }
    Ok(())
}

/// Notes a try that signed nobody in, where there is an account by that name. Nobody waits for it.
pub(crate) async fn tried(front: &Front, caller: &Caller, name: &str, tried: Tried) {
    let Ok(people) = people(front) else { return };
    let now = front.now();
    let known = people.accounts(now).await.is_ok_and(|all| all.get(name).is_some_and(|one| !one.closed));
    if known {
        let (store, name, from) = (people.store.clone(), name.to_string(), network(caller.address));
        tokio::task::spawn_blocking(move || {
            if let Err(error) = store.tried(&name, tried, &from, now) {
                eprintln!("error: a try to sign in cannot be written down yet: {error}");
            }
        });
    }
}

/// How many notices wait for whoever asks.
pub(crate) async fn waiting(front: &Front, caller: &Caller) -> usize {
    let (Some(one), Ok(people)) = (&caller.signed_in, people(front)) else { return 0 };
    let (store, name, now) = (people.store.clone(), one.name.clone(), front.now());
    let read = tokio::task::spawn_blocking(move || store.signings(&name, now)).await;
    match read {
        Ok(Ok(signings)) => signings.notices().len(),
        // The page itself is answered or refused by what it shows.
        _ => 0,
    }
}

fn moment(at: i64) -> String {
    let text = Instant(at).to_string();
    format!("{} UTC", text.get(..16).unwrap_or(&text).replace('T', " "))
}

fn networks<'n>(caller: &Caller, from: impl IntoIterator<Item = &'n String>) -> String {
    let one = |from: &'n String| match from.is_empty() {
        true => caller.say("this machine", "ця машина").to_string(),
        false => escape(from),
    };
    let all: Vec<String> = from.into_iter().map(one).collect();
    format!("{} {}", caller.say("from", "звідки:"), all.join(", "))
}

fn times(caller: &Caller, since: i64, at: i64) -> String {
    let (since, at) = (moment(since), moment(at));
    match since == at {
        true => at,
        false => format!("{} {since} {} {at}", caller.say("between", "між"), caller.say("and", "і")),
    }
}

/// One notice, as markup.
fn sentence(caller: &Caller, notice: &Notice) -> String {
    let Notice { what, since, at, count, from } = notice;
    let said = match what {
        What::Tries => caller.say("Tries to sign in failed", "Були невдалі спроби ввійти"),
        What::KnownPassword => caller.say(
            "Somebody gave your right password, which alone does not do here. If it was not you, change the password",
            "Хтось увів ваш правильний пароль, якого самого тут не досить. Якщо це були не ви, змініть пароль",
        ),
        What::CopiedPasskey => caller.say(
            "One of your passkeys counted backwards, so there may be a copy of it. Revoke it and make another",
            "Лічильник одного з ваших ключів доступу пішов назад, тож може існувати його копія. Відкличте його і створіть інший",
        ),
        What::Password => caller.say("Your password was changed", "Ваш пароль змінено"),
        What::PasskeyMade => {
            caller.say("A passkey was made for your account", "Для вашого облікового запису створено ключ доступу")
        }
        What::PasskeyRevoked => caller.say("A passkey of yours was revoked", "Ваш ключ доступу відкликано"),
        What::IdentityBound => caller.say(
            "Your account was bound to an identity of an institution, which now signs in to it",
            "Ваш обліковий запис прив’язано до особи в установі, і вона тепер може в нього ввійти",
        ),
        What::IdentityUnbound => caller.say(
            "An identity of an institution signs in to your account no more",
            "Прив’язку вашого облікового запису до особи в установі знято",
        ),
    };
    let how_often = match (what, count) {
        (What::Tries, n) => format!(": {n}"),
        (_, 1) => String::new(),
        (_, n) => format!(" ({} {n})", caller.say("times:", "разів:")),
    };
    let by = match from.is_empty() {
        true => caller
            .say(
                "not in a browser of this account, but by a registrar",
                "не з браузера цього облікового запису, а реєстратором",
            )
            .to_string(),
        false => networks(caller, from),
    };
    format!("<li>{said}{how_often}; {}; {by}.</li>\n", times(caller, *since, *at))
}

/// The notices of an account on its own page, with the button that puts them away; nothing where there are none. Whoever gave a password
/// alone where that does not do puts nothing away.
pub(crate) fn block(caller: &Caller, one: &SignedIn, signings: &Signings) -> String {
    let all = signings.notices();
    if all.is_empty() {
        return String::new();
    }
    let mark = format!("<input type=\"hidden\" name=\"shown\" value=\"{}\">\n", signings.mark());
    let put_away = caller.say("I know of this: put it away", "Знаю про це: прибрати");
    let button = match one.is_narrow {
        true => String::new(),
        false => form(&caller.to("/account/notices"), &one.form_token, &mark, put_away),
    };
    format!(
        "<section id=\"notices\" class=\"notices\" aria-labelledby=\"notices-title\">\n<h2 id=\"notices-title\">{}</h2>\n\
         <ul>\n{}</ul>\n<p>{}</p>\n{}</section>\n",
        caller.say("Was this you?", "Це були ви?"),
        all.iter().map(|notice| sentence(caller, notice)).collect::<String>(),
        caller.say(
            "If not: change your password below, revoke the passkeys that you do not know, sign out in all browsers, and tell a registrar.",
            "Якщо ні: змініть нижче пароль, відкличте незнайомі ключі доступу, вийдіть в усіх браузерах і повідомте реєстратора.",
        ),
        button,
    )
}

fn sign_in(caller: &Caller, one: &SignIn) -> String {
    let way = match one.way {
        Way::Password => caller.say("with the password", "з паролем"),
        Way::Passkey => caller.say("with a passkey", "з ключем доступу"),
        Way::Institution => caller.say("by the institution", "через установу"),
        Way::Invitation => caller.say("with an invitation", "за запрошенням"),
    };
    let failed = match one.failed {
        0 => String::new(),
        n => format!("; {} {n}", caller.say("failed tries before it:", "невдалих спроб перед цим:")),
    };
    format!("<li>{}, {way}, {}{failed}</li>\n", moment(one.at), networks(caller, [&one.from]))
}

/// When and how an account was signed in to, the latest first, and what failed since.
pub(crate) fn history(caller: &Caller, signings: &Signings) -> String {
    let failed = &signings.failed;
    let since = match failed.count {
        0 => caller
            .say("Since the latest, no try failed.", "Після останнього входу невдалих спроб не було.")
            .to_string(),
        n => format!(
            "{} {n}; {}; {}.",
            caller.say("Failed tries since the latest:", "Невдалих спроб після останнього входу:"),
            times(caller, failed.first, failed.last),
            networks(caller, &failed.from)
        ),
    };
    let rows: String = signings.sign_ins.iter().rev().map(|one| sign_in(caller, one)).collect();
    format!(
        "<h2 id=\"sign-ins\">{}</h2>\n<ol class=\"sign-ins\">\n{rows}</ol>\n<p class=\"about\">{since} {}</p>\n",
        caller.say("The last sign-ins", "Останні входи"),
        caller.say(
            "The latest stands first. Of where from, the network is kept, not the address.",
            "Найновіший стоїть першим. З адреси зберігають лише мережу.",
        ),
    )
}

/// Puts the notices away that were shown.
pub(crate) async fn put_away(State(front): State<Front>, Who(caller): Who, request: Request) -> Response {
    let made = async {
        let people = people(&front)?;
        let (headers, one, fields) = own_form(&caller, request).await?;
        let (store, name, now) = (people.store.clone(), one.name.clone(), front.now());
        let mark = given(&fields, "shown").to_string();
        let put = tokio::task::spawn_blocking(move || store.put_away(&name, &mark, now)).await;
        if put.map_err(|e| Problem::bug(&e))?.map_err(|e| crate::forms::unable(&e))? {
            return Ok(Redirect::to(&caller.to("/account")).into_response());
        }
        let (account, own) = (own_account(&front, &one).await?, own_of(&front, &one).await?);
        let said = caller.say(
            "Something came since this page was opened. Look again.",
            "Відколи цю сторінку відкрито, з’явилося нове. Перегляньте ще раз.",
        );
        Ok(own_page(&caller, &headers, StatusCode::CONFLICT, &one, &account, &own, said))
    };
    or_problem(made.await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_a_network_is_left() {
        let of = |text: &str| network(Some(text.parse().unwrap()));
        assert_eq!(of("192.0.2.77"), "192.0.2.0/24");
        assert_eq!(of("::ffff:192.0.2.77"), "192.0.2.0/24");
        assert_eq!(of("2001:db8:7:1::5"), "2001:db8:7::/48");
        assert_eq!(of("127.0.0.1"), "");
        assert_eq!(of("::1"), "");
        assert_eq!(network(None), "");
    }
}
