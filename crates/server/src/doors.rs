//! The two other doors: by an institution, and with a passkey. Both end where the password does: somebody is signed in to an account
//! that was made here, with what that account may.
//!
//! What it deliberately does not do: believe a token ([`crate::institution`] does) or a device ([`crate::webauthn`] does), make an
//! account, change what one may.
//!
//! Invariants
//! - what comes back from an institution counts in the browser that set out, once, within ten minutes;
//! - a passkey is made by whoever just gave the password again, for the name that this page was opened by, and for no other;
//! - whatever was wrong, the person is told the same, and the log of the server says which it was.
//!
//! Where to start reading: [`set_out`], [`come_back`]; [`ask_device`], [`keep_passkey`], [`sign_in_with_passkey`].

use crate::challenges::GOOD_FOR;
use crate::forms::{
    self, Fields, begin, begun, field, form, given, has_form_token, or_problem, own_account, own_form,
    own_page, page, people, sign_in_form, tell, unable, with_form_token,
};
use crate::front::{Caller, Front, Who, cookie};
use crate::institution::Institution;
use crate::keys::Key;
use crate::metrics::Try;
use crate::notices;
use crate::sheets::Lang;
use crate::webauthn::{self, Expected};
use crate::{Problem, answers, base64url};
use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use servanda_report::document::html::escape;
use servanda_store::{Account, Passkey, Tried, Way, random_bytes};
use std::sync::Arc;

/// What the challenge of a way to the institution is for.
const WAY: &str = "institution";
/// The cookie that ties that way to a browser. It comes back with a page from elsewhere, so it is `Lax`.
const OF_WAY: &str = "-way";

fn host(headers: &HeaderMap) -> &str {
    headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default()
}

/// Scheme, name and port by which this page was opened. The name is one of ours: the gate has seen to it.
fn origin(caller: &Caller, headers: &HeaderMap) -> String {
    let scheme = if caller.is_secure { "https" } else { "http" };
    format!("{scheme}://{}", host(headers).to_ascii_lowercase())
}

/// The name for which passkeys can be made here; `None` where a browser would make none: at a number, or in clear elsewhere.
fn name_for_passkeys(caller: &Caller, headers: &HeaderMap) -> Option<String> {
    let host = host(headers).to_ascii_lowercase();
    let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
    let is_number = name.starts_with('[') || name.parse::<std::net::Ipv4Addr>().is_ok();
    let fine = !name.is_empty() && !is_number && (caller.is_secure || answers::is_this_machine(&host));
    fine.then(|| name.to_string())
}

fn institution(front: &Front) -> Result<Arc<Institution>, Problem> {
    front.0.institution.clone().ok_or_else(|| {
        Problem::missing("no-institution", "nobody signs in here by an institution; sign in at `/sign-in`")
    })
}

/// Asks the institution, few at once, so that one that does not answer holds up nobody else.
async fn asking<T: Send + 'static>(
    front: &Front,
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<Result<T, String>, Problem> {
    let busy =
        || Problem::unable("too many people sign in by the institution just now; try again in a moment");
    let _turn = front.0.asking.try_acquire().map_err(|_| busy())?;
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::bug(&e))
}

/// What went wrong, in the log of the server; what somebody else wrote is quoted.
fn note(caller: &Caller, why: &str) {
    let from = caller.address.map_or("this machine".to_string(), |address| address.to_string());
    let why: String = why.chars().take(500).collect();
    eprintln!("sign-in: by the institution, from {from}: {why:?}");
}

fn not_believed(front: &Front, caller: &Caller, why: &str) -> Response {
    note(caller, why);
    front.0.counted.tried(Try::Wrong);
    let said = caller.say(
        "The answer of the institution was not accepted. Nobody was signed in. Try again; if it stays so, tell whoever runs this server.",
        "Відповідь установи не прийнято. Ніхто не ввійшов. Спробуйте ще раз; якщо це повторюється, повідомте того, хто веде цей сервер.",
    );
    refused(front, caller, StatusCode::FORBIDDEN, said)
}

fn refused(front: &Front, caller: &Caller, status: StatusCode, said: &str) -> Response {
    let again = caller.say("Back to signing in", "Назад до входу");
    let main = format!("{}<p><a href=\"{}\">{again}</a></p>", forms::alert(said), caller.to("/sign-in"));
    let mut response = page(caller, status, caller.say("Not signed in", "Вхід не виконано"), &main);
    // Whatever it was, this way is at its end.
    if let Ok(over) = way_cookie(front, caller, "", 0) {
        response.headers_mut().append(header::SET_COOKIE, over);
    }
    response
}

fn way_cookie(front: &Front, caller: &Caller, value: &str, seconds: i64) -> Result<HeaderValue, Problem> {
    forms::cookie_of(front, caller, OF_WAY, value, "HttpOnly; SameSite=Lax", Some(seconds))
}

/// Sends a person to the institution.
pub(crate) async fn set_out(
    State(front): State<Front>,
    RawQuery(query): RawQuery,
    Who(caller): Who,
    headers: HeaderMap,
) -> Response {
    let made = async {
        let institution = institution(&front)?;
        people(&front)?;
        if !caller.is_locked || caller.signed_in.is_some() {
            return Ok(Redirect::to("/").into_response());
        }
        let query: Fields =
            form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
        let wanted = base64url::write(forms::back(given(&query, "back")).as_bytes());
        let state = front.0.challenges.make(WAY, front.now())?;
        let nonce = front.0.challenges.beside(&state, "nonce")?;
        let verifier = front.0.challenges.beside(&state, "verifier")?;
        let back = format!("{}/sign-in/institution/done", origin(&caller, &headers));
        let (given_state, now) = (state.clone(), front.now());
        let asked =
            asking(&front, move || institution.begin(&given_state, &nonce, &verifier, &back, now)).await?;
        match asked {
            Ok(to) => {
                let mut response = Redirect::to(&to).into_response();
                let way = way_cookie(&front, &caller, &format!("{state}.{wanted}"), GOOD_FOR / 1000)?;
                response.headers_mut().append(header::SET_COOKIE, way);
                Ok(response)
            }
            Err(why) => {
                note(&caller, &why);
                let said = caller.say(
                    "The institution does not answer just now. Sign in with a password or a passkey, or try again later.",
                    "Установа зараз не відповідає. Увійдіть з паролем чи ключем доступу або спробуйте пізніше.",
                );
                Ok(refused(&front, &caller, StatusCode::SERVICE_UNAVAILABLE, said))
            }
        }
    };
    or_problem(made.await)
}

/// Takes what a browser brings back from the institution.
pub(crate) async fn come_back(
    State(front): State<Front>,
    RawQuery(query): RawQuery,
    Who(caller): Who,
    headers: HeaderMap,
) -> Response {
    or_problem(try_come_back(&front, query.unwrap_or_default(), &caller, &headers).await)
}

async fn try_come_back(
    front: &Front,
    query: String,
    caller: &Caller,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let institution = institution(front)?;
    let people = people(front)?;
    let mut said = Fields::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()).into_owned() {
        // A name that stands twice could be read in two ways.
        if said.insert(name, value).is_some() {
            return Ok(not_believed(front, caller, "a name stands twice in what came back"));
        }
    }
    let kept = cookie(headers, &front.cookie(caller.is_secure, OF_WAY)).unwrap_or_default();
    let (state, wanted) = kept.split_once('.').unwrap_or_default();
    if state.is_empty() || !servanda_store::is_same(state, given(&said, "state")) {
        return Ok(not_believed(front, caller, "the state is of another browser, or of none"));
    }
    if !front.0.challenges.take(state, WAY, front.now())? {
        return Ok(not_believed(front, caller, "the state is too old, or was used"));
    }
    let nonce = front.0.challenges.beside(state, "nonce")?;
    let verifier = front.0.challenges.beside(state, "verifier")?;
    let back = format!("{}/sign-in/institution/done", origin(caller, headers));
    let (of, code) = (said.get("iss").cloned(), given(&said, "code").to_string());
    let error = said.get("error").cloned();
    let (asked, clock) = (institution.clone(), front.clone());
    let who = asking(front, move || {
        if !asked.is_of(of.as_deref(), clock.now())? {
            return Err("what came back is of another issuer".to_string());
        }
        if let Some(error) = error {
            return Err(format!("it says `{error}`"));
        }
        if code.is_empty() {
            return Err("there is no code in what came back".to_string());
        }
        asked.complete(&code, &nonce, &verifier, &back, &|| clock.now())
    });
    let subject = match who.await? {
        Ok(subject) => subject,
        Err(why) => return Ok(not_believed(front, caller, &why)),
    };
    let (store, issuer, of) = (people.store.clone(), institution.issuer.clone(), subject.clone());
    let account = tokio::task::spawn_blocking(move || store.account_of_identity(&issuer, &of)).await;
    let account = account.map_err(|e| Problem::bug(&e))?.map_err(|e| unable(&e))?;
    let Some(account) = account else {
        tell(caller, &subject, "known to the institution, and to no account");
        front.0.counted.tried(Try::Wrong);
        let said = caller.say(
            "The institution knows you, and no account here is yours yet. Give a registrar of your mission what stands below.",
            "Установа вас знає, але тут ще немає вашого облікового запису. Передайте реєстраторові місії те, що стоїть нижче.",
        );
        let rows = format!(
            "<dl>\n<dt>{}</dt><dd><code>{}</code></dd>\n<dt>{}</dt><dd><code>{}</code></dd>\n</dl>\n",
            caller.say("Institution", "Установа"),
            escape(&institution.issuer),
            caller.say("It knows you as", "Вона знає вас як"),
            escape(&subject),
        );
        let again = caller.say("Back to signing in", "Назад до входу");
        let main =
            format!("{}{rows}<p><a href=\"{}\">{again}</a></p>", forms::alert(said), caller.to("/sign-in"));
        let title = caller.say("Which account is yours?", "Який обліковий запис ваш?");
        return Ok(page(caller, StatusCode::FORBIDDEN, title, &main));
    };
    tell(caller, &account.name, "signed in by the institution");
    front.0.counted.tried(Try::Right);
    people.forget();
    let wanted = base64url::read(wanted).and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    let to = escape(forms::back(&wanted));
    // A browser that comes from elsewhere sends our cookies with the next page only, and only where that page is asked for by this one.
    let go_on = caller.say("Go on", "Далі");
    let main = format!("<p><a href=\"{to}\">{go_on}</a></p>");
    let mut response = page(caller, StatusCode::OK, caller.say("You are signed in", "Ви ввійшли"), &main);
    let refresh = HeaderValue::from_str(&format!("0; url={}", forms::back(&wanted)));
    response.headers_mut().insert(header::REFRESH, refresh.map_err(|e| Problem::bug(&e))?);
    let mut response =
        begun(front, caller, headers, &account.name, Some(Way::Institution), false, response).await?;
    response.headers_mut().append(header::SET_COOKIE, way_cookie(front, caller, "", 0)?);
    Ok(response)
}

/// The button of the institution, where there is one.
pub(crate) fn institution_button(front: &Front, caller: &Caller, wanted: &str) -> String {
    let Some(institution) = &front.0.institution else { return String::new() };
    let back: String = form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
    let lang = if caller.lang_asked { format!("&amp;lang={}", caller.lang.code()) } else { String::new() };
    format!(
        "<p><a href=\"/sign-in/institution?back={back}{lang}\">{} {}</a></p>\n",
        caller.say("Sign in by", "Увійти через"),
        escape(&institution.name),
    )
}

/// What a script needs to have a device sign, as a form that no browser without a script shows.
pub(crate) fn passkey_button(
    front: &Front,
    caller: &Caller,
    headers: &HeaderMap,
    token: &str,
    wanted: &str,
) -> Result<String, Problem> {
    let Some(name) = name_for_passkeys(caller, headers) else { return Ok(String::new()) };
    let challenge = front.0.challenges.make(&format!("passkey\0{token}"), front.now())?;
    Ok(format!(
        "<form method=\"post\" action=\"{}\" id=\"passkey\" data-way=\"get\" data-challenge=\"{challenge}\" data-host=\"{}\" hidden>\n\
         <input type=\"hidden\" name=\"token\" value=\"{}\">\n<input type=\"hidden\" name=\"back\" value=\"{}\">\n\
         <input type=\"hidden\" name=\"challenge\" value=\"{challenge}\">\n{HIDDEN}\
         <p><button>{}</button></p>\n<p class=\"problem\" role=\"alert\" hidden>{}</p>\n</form>\n\
         <script type=\"module\" src=\"/assets/passkey.js\"></script>\n",
        caller.to("/sign-in/passkey"),
        escape(&name),
        escape(token),
        escape(wanted),
        caller.say("Sign in with a passkey", "Увійти з ключем доступу"),
        caller.say(
            "The device did not answer, or has no passkey for this server.",
            "Пристрій не відповів або не має ключа доступу до цього сервера."
        ),
    ))
}

const COPIED: &str = "it counts backwards: there may be a copy of it";

const HIDDEN: &str = "<input type=\"hidden\" name=\"id\">\n<input type=\"hidden\" name=\"client\">\n\
                      <input type=\"hidden\" name=\"device\">\n<input type=\"hidden\" name=\"signature\">\n\
                      <input type=\"hidden\" name=\"handle\">\n";

/// The passkeys of an account, on its own page.
pub(crate) fn own_passkeys(
    caller: &Caller,
    headers: &HeaderMap,
    form_token: &str,
    all: &[Passkey],
) -> String {
    let title = caller.say("Passkeys", "Ключі доступу");
    let about = caller.say(
        "A passkey signs you in without a password: your device asks for your finger, face or number, and nothing that could be told \
         to a false page is typed. It works only under the name by which this page is open.",
        "Ключ доступу дає ввійти без пароля: пристрій просить палець, обличчя чи код, і нічого, що можна виказати підробленій \
         сторінці, ви не вводите. Він діє лише під тією адресою, за якою відкрито цю сторінку.",
    );
    let rows: String = all
        .iter()
        .map(|one| {
            let id = format!("<input type=\"hidden\" name=\"id\" value=\"{}\">\n", escape(&one.id));
            let revoke = caller.say("Revoke", "Відкликати");
            let button = format!("{revoke}<span class=\"unseen-text\">: {}</span>", escape(&one.name));
            let made = one.made.to_string();
            format!(
                "<li><b>{}</b> ({}, {})\n{}</li>\n",
                escape(&one.name),
                escape(&one.host),
                made.get(..10).unwrap_or(&made),
                form(&caller.to("/account/passkeys/revoke"), form_token, &id, &button)
            )
        })
        .collect();
    let list = match all.is_empty() {
        true => format!("<p>{}</p>\n", caller.say("You have none.", "У вас немає жодного.")),
        false => format!("<ul class=\"passkeys\">\n{rows}</ul>\n"),
    };
    let new = match name_for_passkeys(caller, headers) {
        None => format!(
            "<p>{}</p>\n",
            caller.say(
                "To make one, open this page by its name and with TLS (on this machine: as localhost), not by a number.",
                "Щоб створити ключ, відкрийте цю сторінку за іменем і з TLS (на цій машині: як localhost), а не за номером."
            )
        ),
        Some(_) => {
            let fields = format!(
                "{}{}",
                field(
                    caller.say("Name of the device", "Назва пристрою"),
                    "called",
                    "autocomplete=\"off\" maxlength=\"64\""
                ),
                field(
                    caller.say("Password now", "Теперішній пароль"),
                    "password",
                    "type=\"password\" autocomplete=\"current-password\" maxlength=\"1024\""
                )
            );
            form(
                &caller.to("/account/passkeys"),
                form_token,
                &fields,
                caller.say("Make a passkey", "Створити ключ доступу"),
            )
        }
    };
    format!("<h2 id=\"passkeys\">{title}</h2>\n<p class=\"about\">{about}</p>\n{list}{new}")
}

/// What the challenge of a new passkey is for.
fn purpose(account: &Account, called: &str) -> String {
    format!("new passkey\0{}\0{called}\0{}", account.name, account.credential())
}

/// Where the password was given again: a page that has the device make a passkey.
pub(crate) async fn ask_device(State(front): State<Front>, Who(caller): Who, request: Request) -> Response {
    let made = async {
        let people = people(&front)?;
        let (headers, one, fields) = own_form(&caller, request).await?;
        let account = own_account(&front, &one).await?;
        let own = forms::own_of(&front, &one).await?;
        let again =
            |status, problem: &str| Ok(own_page(&caller, &headers, status, &one, &account, &own, problem));
        let Some(name) = name_for_passkeys(&caller, &headers) else {
            return again(
                StatusCode::UNPROCESSABLE_ENTITY,
                caller.say("Not under this address.", "Не за цією адресою."),
            );
        };
        if let Some(answer) = forms::too_often(&front, &caller, &one.name, again)? {
            return Ok(answer);
        }
        front.0.tries.count(&one.name, caller.address, front.now());
        let (store, who) = (people.store.clone(), one.name.clone());
        let password = given(&fields, "password").to_string();
        match forms::comparing(&front, move || store.sign_in(&who, &password)).await? {
            Ok(_) => {}
            Err(error) if error.is_denied() => {
                notices::tried(&front, &caller, &one.name, Tried::Wrong).await;
                let said = caller.say("The password now is another one.", "Теперішній пароль інший.");
                return again(StatusCode::FORBIDDEN, said);
            }
            Err(error) => return Err(unable(&error)),
        }
        front.0.tries.forget(&one.name, caller.address);
        let called = given(&fields, "called").trim();
        if called.is_empty() || called.chars().count() > 64 || called.chars().any(char::is_control) {
            let said = caller.say(
                "A passkey needs a name of 1 to 64 characters.",
                "Ключеві доступу потрібна назва від 1 до 64 знаків.",
            );
            return again(StatusCode::UNPROCESSABLE_ENTITY, said);
        }
        let challenge = front.0.challenges.make(&purpose(&account, called), front.now())?;
        let handle = match own.passkeys.first() {
            Some(passkey) => passkey.handle.clone(),
            None => base64url::write(&random_bytes::<32>().map_err(|e| Problem::bug(&e))?),
        };
        let there: Vec<&str> =
            own.passkeys.iter().filter(|p| p.host == name).map(|p| p.id.as_str()).collect();
        let main = format!(
            "<form method=\"post\" action=\"{}\" id=\"passkey\" data-way=\"create\" data-challenge=\"{challenge}\" data-host=\"{}\" \
             data-user=\"{}\" data-handle=\"{handle}\" data-there=\"{}\" hidden>\n\
             <input type=\"hidden\" name=\"token\" value=\"{}\">\n<input type=\"hidden\" name=\"challenge\" value=\"{challenge}\">\n\
             <input type=\"hidden\" name=\"called\" value=\"{}\">\n{HIDDEN}\
             <p>{}</p>\n<p><button>{}</button></p>\n<p class=\"problem\" role=\"alert\" hidden>{}</p>\n</form>\n\
             <noscript><p class=\"problem\">{}</p></noscript>\n<p><a href=\"{}\">{}</a></p>\n\
             <script type=\"module\" src=\"/assets/passkey.js\"></script>\n",
            caller.to("/account/passkeys/made"),
            escape(&name),
            escape(&one.name),
            escape(&there.join(" ")),
            escape(&one.form_token),
            escape(called),
            caller.say(
                "Your device asks for your finger, face or number. Afterwards you are signed out in all other browsers.",
                "Пристрій попросить палець, обличчя чи код. Після цього в усіх інших браузерах буде виконано вихід."
            ),
            caller.say("Ask the device", "Запитати пристрій"),
            caller.say(
                "The device made no passkey. It may have one for this account already, or not ask who its user is.",
                "Пристрій не створив ключа доступу. Можливо, він уже має ключ до цього запису або не питає, хто ним користується."
            ),
            caller.say("A passkey needs a script of this page.", "Для ключа доступу потрібен скрипт цієї сторінки."),
            caller.to("/account"),
            caller.say("Back to your account", "Назад до облікового запису"),
        );
        Ok(page(&caller, StatusCode::OK, caller.say("A new passkey", "Новий ключ доступу"), &main))
    };
    or_problem(made.await)
}

fn part(fields: &Fields, name: &str) -> Vec<u8> {
    base64url::read(given(fields, name)).unwrap_or_default()
}

/// Keeps the passkey that a device made.
pub(crate) async fn keep_passkey(State(front): State<Front>, Who(caller): Who, request: Request) -> Response {
    let made = async {
        let people = people(&front)?;
        let (headers, one, fields) = own_form(&caller, request).await?;
        let account = own_account(&front, &one).await?;
        let own = forms::own_of(&front, &one).await?;
        let again =
            |status, problem: &str| Ok(own_page(&caller, &headers, status, &one, &account, &own, problem));
        let (challenge, called) = (given(&fields, "challenge"), given(&fields, "called"));
        let host = name_for_passkeys(&caller, &headers).unwrap_or_default();
        let handle = given(&fields, "handle");
        let origin = origin(&caller, &headers);
        let expected = Expected { challenge, origin: &origin, host: &host };
        let found = match front.0.challenges.take(challenge, &purpose(&account, called), front.now())? {
            false => Err("the question is too old, was answered, or was put to another account"),
            true if base64url::read(handle).is_none_or(|bytes| bytes.len() != 32) => {
                Err("there is no handle")
            }
            true => webauthn::made(&part(&fields, "client"), &part(&fields, "device"), &expected),
        };
        let (id, key) = match found {
            Ok(found) => found,
            Err(why) => {
                tell(&caller, &one.name, &format!("a passkey was not kept: {why}"));
                let said = caller.say(
                    "What the device said was not accepted. Begin again.",
                    "Відповідь пристрою не прийнято. Почніть спочатку.",
                );
                return again(StatusCode::UNPROCESSABLE_ENTITY, said);
            }
        };
        let passkey = Passkey {
            id,
            owner: one.name.clone(),
            name: called.to_string(),
            host,
            handle: handle.to_string(),
            key: key.text(),
            made: front.now(),
            revoked: false,
        };
        let (store, now) = (people.store.clone(), front.now());
        let added = tokio::task::spawn_blocking(move || store.add_passkey(&passkey, now)).await;
        match added.map_err(|e| Problem::bug(&e))? {
            Ok(()) => {}
            Err(error) if error.is_refused() => {
                let said = caller.say("It was not kept: ", "Його не збережено: ");
                return again(StatusCode::UNPROCESSABLE_ENTITY, &format!("{said}{error}."));
            }
            Err(error) => return Err(unable(&error)),
        }
        tell(&caller, &one.name, "made a passkey");
        // Both were shown now: the password, and a device that asked its user.
        forms::begin_anew(&front, &caller, &headers, &one.name, false).await
    };
    or_problem(made.await)
}

/// Revokes one of one's own.
pub(crate) async fn revoke_passkey(
    State(front): State<Front>,
    Who(caller): Who,
    request: Request,
) -> Response {
    let made = async {
        let people = people(&front)?;
        let (headers, one, fields) = own_form(&caller, request).await?;
        let account = own_account(&front, &one).await?;
        let (store, id, now) = (people.store.clone(), given(&fields, "id").to_string(), front.now());
        // As themselves and no more, whatever roles they have.
        let by = servanda_store::policy::Viewer::named(&one.name);
        let revoked = tokio::task::spawn_blocking(move || store.revoke_passkey(&id, now, &by)).await;
        match revoked.map_err(|e| Problem::bug(&e))? {
            Ok(()) => {}
            Err(error) if error.is_not_found() => {
                let own = forms::own_of(&front, &one).await?;
                let said = caller.say("There is no such passkey.", "Такого ключа доступу немає.");
                let status = StatusCode::NOT_FOUND;
                return Ok(own_page(&caller, &headers, status, &one, &account, &own, said));
            }
            Err(error) => return Err(unable(&error)),
        }
        tell(&caller, &one.name, "revoked a passkey");
        forms::begin_anew(&front, &caller, &headers, &one.name, one.is_narrow).await
    };
    or_problem(made.await)
}

/// Takes what a device signed.
pub(crate) async fn sign_in_with_passkey(
    State(front): State<Front>,
    Who(caller): Who,
    request: Request,
) -> Response {
    or_problem(try_passkey(&front, &caller, request).await)
}

async fn try_passkey(front: &Front, caller: &Caller, request: Request) -> Result<Response, Problem> {
    let people = people(front)?;
    let (headers, fields) = forms::fields(request).await?;
    let wanted = given(&fields, "back");
    let again = |problem: &str| {
        with_form_token(front, caller, |token| {
            sign_in_form(front, caller, &headers, StatusCode::FORBIDDEN, token, "", wanted, problem)
        })
    };
    if !caller.is_locked {
        return Ok(Redirect::to("/").into_response());
    }
    if !has_form_token(front, caller, &headers, &fields) {
        return again(forms::old_form(caller));
    }
    match check(front, caller, &headers, &fields).await? {
        Ok(name) => {
            tell(caller, &name, "signed in with a passkey");
            front.0.counted.tried(Try::Right);
            people.forget();
            begin(front, caller, &headers, &name, Way::Passkey, forms::back(wanted), false).await
        }
        Err((name, why)) => {
            tell(caller, &name, &format!("a passkey was refused: {why}"));
            front.0.counted.tried(Try::Wrong);
            let tried = if why == COPIED { Tried::CopiedPasskey } else { Tried::Wrong };
            notices::tried(front, caller, &name, tried).await;
            again(caller.say(
                "This passkey signs nobody in here. It may have been revoked, or made for another name of this server.",
                "З цим ключем доступу ввійти не можна. Можливо, його відкликано або створено для іншої адреси цього сервера.",
            ))
        }
    }
}

/// The account, or whose passkey it said to be and why it is not believed.
async fn check(
    front: &Front,
    caller: &Caller,
    headers: &HeaderMap,
    fields: &Fields,
) -> Result<Result<String, (String, String)>, Problem> {
    let nobody = |why: &str| Ok(Err((String::new(), why.to_string())));
    let challenge = given(fields, "challenge");
    let purpose = format!("passkey\0{}", given(fields, "token"));
    if !front.0.challenges.take(challenge, &purpose, front.now())? {
        return nobody("the question is too old, or was answered");
    }
    let Some(host) = name_for_passkeys(caller, headers) else { return nobody("not under this address") };
    let store = people(front)?.store.clone();
    let id = given(fields, "id").to_string();
    let origin = origin(caller, headers);
    let challenge = challenge.to_string();
    let (client, device, signature) =
        (part(fields, "client"), part(fields, "device"), part(fields, "signature"));
    let (handle, now) = (given(fields, "handle").to_string(), front.now());
    let work = move || -> Result<Result<String, (String, String)>, servanda_store::Error> {
        let Some(passkey) = store.passkeys()?.into_iter().find(|one| one.id == id && !one.revoked) else {
            return Ok(Err((String::new(), "no such passkey".to_string())));
        };
        let refused = |why: &str| Ok(Err((passkey.owner.clone(), why.to_string())));
        if store.accounts()?.get(&passkey.owner).is_none_or(|account| account.closed) {
            return refused("its account is closed");
        }
        if passkey.host != host {
            return refused("it was made for another name");
        }
        if handle != passkey.handle {
            return refused("the device names another account");
        }
        let Some(key) = Key::of_text(&passkey.key) else { return refused("its key cannot be read") };
        let expected = Expected { challenge: &challenge, origin: &origin, host: &host };
        let count = match webauthn::signed(&client, &device, &signature, &key, &expected) {
            Ok(count) => count,
            Err(why) => return refused(why),
        };
        match store.use_passkey(&passkey.id, count, now) {
            Ok(()) => Ok(Ok(passkey.owner)),
            Err(error) if error.is_denied() => refused(COPIED),
            Err(error) => Err(error),
        }
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::bug(&e))?.map_err(|e| unable(&e))
}

impl Caller {
    /// A text in the language of whoever asks.
    pub(crate) fn say<'t>(&self, english: &'t str, ukrainian: &'t str) -> &'t str {
        match self.lang {
            Lang::En => english,
            Lang::Uk => ukrainian,
        }
    }

    /// An address of this server in the same language, where one was asked for by address.
    pub(crate) fn to(&self, path: &str) -> String {
        match self.lang_asked {
            true => format!("{path}?lang={}", self.lang.code()),
            false => path.to_string(),
        }
    }
}
