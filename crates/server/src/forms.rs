//! Signing in and out, the page of one's own account, and the form that makes the first account: plain pages that work without
//! scripts.
//!
//! Invariants
//! - a form is taken only with the token that was given out with it, from a page of this server;
//! - whatever was wrong with a name or a password, the answer is the same, and so is the time that it takes;
//! - what somebody typed comes back only as text, never as markup; a password never comes back at all;
//! - after signing in there is a new token, and whatever this browser had before is worth nothing.
//!
//! Where to start reading: [`sign_in`].

use crate::Problem;
use crate::doors;
use crate::front::{Caller, Front, People, Who, cookie, first_account};
use crate::metrics::Try;
use crate::notices;
use crate::sheets::Lang;
use crate::signed_in::{SignedIn, random_text};
use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;
use servanda_report::document::html::escape;
use servanda_store::policy::Role;
use servanda_store::{Account, Error, Passkey, Signings, Tried, Unfit, Way, is_same};
use std::collections::BTreeMap;

/// Longest body of a form, in bytes.
const LONGEST: usize = 8 * 1024;

/// A page with one question, in the language of whoever asks.
pub(crate) fn page(caller: &Caller, status: StatusCode, title: &str, main: &str) -> Response {
    let lang = caller.lang;
    let text = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
         <link rel=\"icon\" href=\"/assets/icon.svg\" type=\"image/svg+xml\">\n\
         <link rel=\"stylesheet\" href=\"/assets/page.css\">\n</head>\n<body class=\"form-page\">\n\
         <main>\n<h1>{title}</h1>\n{main}\n</main>\n</body>\n</html>\n",
        lang.code()
    );
    // With `no-referrer` a browser would name no origin where it sends a form, and the form would be refused.
    let head = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::VARY, "accept-language, cookie"),
    ];
    (status, head, text).into_response()
}

pub(crate) fn alert(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("<p class=\"problem\" role=\"alert\">{}</p>\n", escape(text))
    }
}

pub(crate) fn field(label: &str, name: &str, rest: &str) -> String {
    format!(
        "<p><label for=\"{name}\">{label}</label> <input id=\"{name}\" name=\"{name}\" {rest} required></p>\n"
    )
}

pub(crate) const NEW_PASSWORD: &str =
    "type=\"password\" autocomplete=\"new-password\" minlength=\"12\" maxlength=\"1024\"";

pub(crate) fn form(to: &str, token: &str, fields: &str, button: &str) -> String {
    format!(
        "<form method=\"post\" action=\"{to}\">\n<input type=\"hidden\" name=\"token\" value=\"{}\">\n{fields}\
         <p><button>{button}</button></p>\n</form>\n",
        escape(token)
    )
}

pub(crate) type Fields = BTreeMap<String, String>;

/// What a body is said to be.
pub(crate) fn kind_of(headers: &HeaderMap) -> &str {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    kind.split(';').next().unwrap_or("").trim()
}

/// A browser lets no page from elsewhere send JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> Result<(), Problem> {
    if kind_of(headers) == "application/json" {
        return Ok(());
    }
    let message = "send it as `application/json`";
    Err(Problem::with(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unknown-type", message))
}

/// A body within its bound, as long as it keeps coming. Where it says itself that it is longer, it is not waited for.
pub(crate) async fn body(
    headers: &HeaderMap,
    body: Body,
    longest: usize,
    too_long: impl Fn() -> Problem,
) -> Result<Bytes, Problem> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok());
    if length.is_some_and(|length| !length.parse::<usize>().is_ok_and(|length| length <= longest)) {
        return Err(too_long());
    }
    let read = tokio::time::timeout(crate::intake::PATIENCE, axum::body::to_bytes(body, longest)).await;
    let slow = || Problem::with(StatusCode::REQUEST_TIMEOUT, "too-slow", "nothing came for half a minute");
    read.map_err(|_| slow())?.map_err(|_| too_long())
}

/// The fields of a form, within bounds.
pub(crate) async fn fields(request: Request) -> Result<(HeaderMap, Fields), Problem> {
    let (parts, body) = request.into_parts();
    if kind_of(&parts.headers) != "application/x-www-form-urlencoded" {
        return Err(Problem::with(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unknown-type",
            "send it as a form does",
        ));
    }
    let bytes = self::body(&parts.headers, body, LONGEST, || {
        Problem::with(StatusCode::PAYLOAD_TOO_LARGE, "too-long", "the form is too long, or broke off")
    });
    let bytes = bytes.await?;
    Ok((parts.headers, form_urlencoded::parse(&bytes).into_owned().collect()))
}

pub(crate) fn given<'f>(fields: &'f Fields, name: &str) -> &'f str {
    fields.get(name).map_or("", String::as_str)
}

/// The pages that a person may have wanted.
const PAGES: [&str; 16] = [
    "/",
    "/account",
    "/incidents",
    "/map",
    "/access",
    "/inspections",
    "/duties",
    "/triggers",
    "/cases",
    "/plans",
    "/entry",
    "/draft",
    "/lab",
    "/bulletin",
    "/reports",
    "/audit",
];

/// Where to go after signing in: a view of the page, and nowhere else.
pub(crate) fn back(wanted: &str) -> &str {
    let path = wanted.split('?').next().unwrap_or_default();
    let page = PAGES.iter().any(|page| {
        path == *page || path.strip_prefix(page).is_some_and(|rest| page.len() > 1 && rest.starts_with('/'))
    });
    let fine = page && wanted.len() < 2_000 && !path.contains("//");
    if fine && wanted.bytes().all(|b| (0x21..0x7f).contains(&b)) { wanted } else { "/" }
}

/// A cookie that is sent to this server only, and that no script reads.
pub(crate) fn set_cookie(
    front: &Front,
    caller: &Caller,
    of: &str,
    value: &str,
    ends: bool,
) -> Result<HeaderValue, Problem> {
    cookie_of(front, caller, of, value, "HttpOnly; SameSite=Strict", ends.then_some(0))
}

/// A cookie of ours: who may read and send it, and for how many seconds it stands; none: as long as the browser is open.
pub(crate) fn cookie_of(
    front: &Front,
    caller: &Caller,
    of: &str,
    value: &str,
    kind: &str,
    seconds: Option<i64>,
) -> Result<HeaderValue, Problem> {
    let name = front.cookie(caller.is_secure, of);
    let secure = if caller.is_secure { "; Secure" } else { "" };
    let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    HeaderValue::from_str(&format!("{name}={value}; Path=/; {kind}{secure}{age}"))
        .map_err(|e| Problem::bug(&e))
}

/// The token of forms for whoever is not signed in: it stands in a cookie and in the form, and both have to be the same.
pub(crate) const OF_FORM: &str = "-form";

/// Makes an answer with a new token of forms, and has the browser keep that.
pub(crate) fn with_form_token(
    front: &Front,
    caller: &Caller,
    make: impl FnOnce(&str) -> Result<Response, Problem>,
) -> Result<Response, Problem> {
    let token = random_text()?;
    let mut response = make(&token)?;
    response.headers_mut().append(header::SET_COOKIE, set_cookie(front, caller, OF_FORM, &token, false)?);
    Ok(response)
}

pub(crate) fn has_form_token(front: &Front, caller: &Caller, headers: &HeaderMap, fields: &Fields) -> bool {
    let kept = cookie(headers, &front.cookie(caller.is_secure, OF_FORM)).unwrap_or("");
    kept.len() == 64 && is_same(kept, given(fields, "token"))
}

pub(crate) fn people(front: &Front) -> Result<&People, Problem> {
    front
        .0
        .people
        .as_ref()
        .ok_or_else(|| Problem::missing("no-accounts", "there are no accounts here: serve a workspace"))
}

pub(crate) fn or_problem(answer: Result<Response, Problem>) -> Response {
    answer.unwrap_or_else(IntoResponse::into_response)
}

/// What is said of a form that does not count.
pub(crate) fn old_form(caller: &Caller) -> &'static str {
    caller.say(
        "This form was open for too long, or this browser keeps no cookies. Please try again.",
        "Цю форму відкрито надто давно, або браузер не зберігає файлів cookie. Спробуйте ще раз.",
    )
}

#[allow(clippy::too_many_arguments, reason = "two doors show it again, each with what was filled in")]
pub(crate) fn sign_in_form(
    front: &Front,
    caller: &Caller,
    headers: &HeaderMap,
    status: StatusCode,
    token: &str,
    name: &str,
    wanted: &str,
    problem: &str,
) -> Result<Response, Problem> {
    let wanted = back(wanted);
    let name = format!(
        "value=\"{}\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"64\"",
        escape(name)
    );
    let fields = format!(
        "<input type=\"hidden\" name=\"back\" value=\"{}\">\n{}{}",
        escape(wanted),
        field(caller.say("Name", "Ім’я"), "name", &name),
        field(
            caller.say("Password", "Пароль"),
            "password",
            "type=\"password\" autocomplete=\"current-password\" maxlength=\"1024\""
        ),
    );
    let narrow = caller.say(
        "A password alone does not do here: it takes a passkey or your institution. With the password an account that has neither makes a passkey.",
        "Самого пароля тут не досить: потрібен ключ доступу або ваша установа. За паролем обліковий запис без них створює ключ доступу.",
    );
    let narrow = match front.0.standing.password_alone {
        true => String::new(),
        false => format!("<p>{narrow}</p>\n"),
    };
    let title = caller.say("Sign in", "Вхід");
    let main = format!(
        "{}{narrow}{}{}{}<p class=\"about\">{}</p>",
        alert(problem),
        form(&caller.to("/sign-in"), token, &fields, caller.say("Sign in", "Увійти")),
        doors::passkey_button(front, caller, headers, token, wanted)?,
        doors::institution_button(front, caller, wanted),
        caller.say(
            "What you see after signing in is what your party and your clearance open. Each view is written \
             down. If you have no account, or forgot your password, ask a registrar of your mission.",
            "Після входу ви бачите те, що відкривають ваша сторона й ваш допуск. Кожен перегляд записується. \
             Якщо у вас немає облікового запису або ви забули пароль, зверніться до реєстратора місії."
        ),
    );
    Ok(page(caller, status, title, &main))
}

pub(crate) async fn sign_in_page(
    State(front): State<Front>,
    RawQuery(query): RawQuery,
    Who(caller): Who,
    headers: HeaderMap,
) -> Response {
    if !caller.is_locked || caller.signed_in.is_some() {
        return Redirect::to("/").into_response();
    }
    let query: Fields = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
    let wanted = given(&query, "back").to_string();
    or_problem(with_form_token(&front, &caller, |token| {
        sign_in_form(&front, &caller, &headers, StatusCode::OK, token, "", &wanted, "")
    }))
}

/// Takes name and password.
pub(crate) async fn sign_in(State(front): State<Front>, Who(caller): Who, request: Request) -> Response {
    or_problem(try_sign_in(&front, &caller, request).await)
}

async fn try_sign_in(front: &Front, caller: &Caller, request: Request) -> Result<Response, Problem> {
    let people = people(front)?;
    let (headers, fields) = fields(request).await?;
    let (name, wanted) = (given(&fields, "name").trim(), given(&fields, "back"));
    let again = |status, problem: &str| {
        with_form_token(front, caller, |token| {
            sign_in_form(front, caller, &headers, status, token, name, wanted, problem)
        })
    };
    if !caller.is_locked {
        return Ok(Redirect::to("/").into_response());
    }
    if let Some(answer) = held_up(front, caller, &headers, &fields, name, again)? {
        return Ok(answer);
    }
    // The same words, whatever was wrong: also where the password was right and does not do.
    let wrong = match front.0.standing.password_alone {
        true => caller.say(
            "Name or password is wrong, or the account is closed.",
            "Ім’я чи пароль неправильні, або обліковий запис закрито.",
        ),
        false => caller.say(
            "Name or password is wrong, the account is closed, or it signs in with its passkey or through its institution only.",
            "Ім’я чи пароль неправильні, обліковий запис закрито, або входити ним можна лише з ключем доступу чи через установу.",
        ),
    };
    let store = people.store.clone();
    let (asked, password) = (name.to_string(), given(&fields, "password").to_string());
    let signed = comparing(front, move || store.sign_in(&asked, &password)).await?;
    match signed {
        Ok(_) => {}
        Err(error) if error.is_denied() => {
            tell(caller, name, "refused");
            front.0.counted.tried(Try::Wrong);
            notices::tried(front, caller, name, Tried::Wrong).await;
            return again(StatusCode::FORBIDDEN, wrong);
        }
        Err(error) => return Err(unable(&error)),
    }
    let narrow = !front.0.standing.password_alone;
    if narrow && has_other_way(front, name).await? {
        tell(caller, name, "refused: a password alone does not do");
        front.0.counted.tried(Try::Wrong);
        notices::tried(front, caller, name, Tried::KnownPassword).await;
        return again(StatusCode::FORBIDDEN, wrong);
    }
    front.0.tries.forget(name, caller.address);
    tell(caller, name, if narrow { "signed in to make a passkey" } else { "signed in" });
    front.0.counted.tried(Try::Right);
    people.forget();
    begin(front, caller, &headers, name, Way::Password, back(wanted), narrow).await
}

/// Whether an account signs in with a passkey or by an institution.
pub(crate) async fn has_other_way(front: &Front, name: &str) -> Result<bool, Problem> {
    let (store, name) = (people(front)?.store.clone(), name.to_string());
    let found = tokio::task::spawn_blocking(move || -> Result<bool, Error> {
        let passkey = store.passkeys()?.iter().any(|one| one.owner == name && !one.revoked);
        Ok(passkey || store.identities()?.iter().any(|one| one.account == name))
    });
    found.await.map_err(|e| Problem::bug(&e))?.map_err(|e| unable(&e))
}

/// A line for the log of the server. What somebody typed is quoted, so that it makes no line of its own.
pub(crate) fn tell(caller: &Caller, name: &str, came_to: &str) {
    let from = caller.address.map_or("this machine".to_string(), |address| address.to_string());
    let name: String = name.chars().take(64).collect();
    eprintln!("sign-in: {name:?} from {from}: {came_to}");
}

/// The answer where it was tried too often.
pub(crate) fn too_often(
    front: &Front,
    caller: &Caller,
    name: &str,
    again: impl Fn(StatusCode, &str) -> Result<Response, Problem>,
) -> Result<Option<Response>, Problem> {
    let Some(seconds) = front.0.tries.wait(name, caller.address, front.now()) else { return Ok(None) };
    tell(caller, name, "tried too often");
    front.0.counted.tried(Try::TooOften);
    let minutes = (seconds + 59) / 60;
    let mut answer = again(
        StatusCode::TOO_MANY_REQUESTS,
        &match caller.lang {
            Lang::En => {
                format!("This was tried too often. Try again in {minutes} minutes, or ask a registrar.")
            }
            Lang::Uk => {
                format!("Забагато спроб. Спробуйте ще раз за {minutes} хв або зверніться до реєстратора.")
            }
        },
    )?;
    answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    Ok(Some(answer))
}

/// What keeps a form from being looked at: a token that is not this browser's, or too many tries. Where nothing does, this is one more try.
pub(crate) fn held_up(
    front: &Front,
    caller: &Caller,
    headers: &HeaderMap,
    fields: &Fields,
    name: &str,
    again: impl Fn(StatusCode, &str) -> Result<Response, Problem>,
) -> Result<Option<Response>, Problem> {
    if !has_form_token(front, caller, headers, fields) {
        tell(caller, name, "a form without its token");
        return again(StatusCode::FORBIDDEN, old_form(caller)).map(Some);
    }
    let answer = too_often(front, caller, name, again)?;
    if answer.is_none() {
        front.0.tries.count(name, caller.address, front.now());
    }
    Ok(answer)
}

/// Does what takes time and memory, few at once, while few wait.
pub(crate) async fn comparing<T: Send + 'static>(
    front: &Front,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<Result<T, Error>, Problem> {
    let busy = || Problem::unable("too many people sign in just now; try again in a moment");
    let _place = front.0.waiting.try_acquire().map_err(|_| busy())?;
    let _turn = front.0.comparing.acquire().await.map_err(|e| Problem::bug(&e))?;
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::bug(&e))
}

pub(crate) fn unable(error: &Error) -> Problem {
    eprintln!("error: the accounts cannot be read or written: {error}");
    Problem::unable("the accounts cannot be read just now; the log of the server says more")
}

/// Signs in whoever has shown to be that account: with a token that nobody had before.
pub(crate) async fn begin(
    front: &Front,
    caller: &Caller,
    headers: &HeaderMap,
    name: &str,
    way: Way,
    to: &str,
    narrow: bool,
) -> Result<Response, Problem> {
    let to = if narrow { caller.to("/account") } else { to.to_string() };
    begun(front, caller, headers, name, Some(way), narrow, Redirect::to(&to).into_response()).await
}

/// Signs somebody out everywhere, because how they sign in is another now, and in again here.
pub(crate) async fn begin_anew(
    front: &Front,
    caller: &Caller,
    headers: &HeaderMap,
    name: &str,
    narrow: bool,
) -> Result<Response, Problem> {
    people(front)?.forget();
    front.0.signed_in.end_all(name);
    let to = Redirect::to(&caller.to("/account")).into_response();
    begun(front, caller, headers, name, None, narrow, to).await
}

/// The same, with an answer that is made already. Without a way somebody who is signed in goes on in another sign-in.
pub(crate) async fn begun(
    front: &Front,
    caller: &Caller,
    headers: &HeaderMap,
    name: &str,
    way: Option<Way>,
    narrow: bool,
    mut response: Response,
) -> Result<Response, Problem> {
    let accounts = people(front)?.accounts(front.now()).await?;
    let account = accounts.get(name).ok_or_else(|| Problem::unable("the account went away meanwhile"))?;
    if let Some(before) = cookie(headers, &front.cookie(caller.is_secure, "")) {
        front.0.signed_in.end(before);
    }
    notices::signed_in(front, caller, account, way).await?;
    let token = front.0.signed_in.begin(name, &account.credential(), front.now())?;
    if narrow {
        front.0.signed_in.narrow(&token);
    }
    let set = response.headers_mut();
    set.append(header::SET_COOKIE, set_cookie(front, caller, "", &token, false)?);
    set.append(header::SET_COOKIE, set_cookie(front, caller, OF_FORM, "", true)?);
    // What another account left on this device stays shut.
    if cookie(headers, &front.cookie(caller.is_secure, crate::entry::DEVICE)).is_some() {
        set.append(header::SET_COOKIE, set_cookie(front, caller, crate::entry::DEVICE, "", true)?);
    }
    Ok(response)
}

/// A form of somebody who is signed in, with its token.
pub(crate) async fn own_form(
    caller: &Caller,
    request: Request,
) -> Result<(HeaderMap, SignedIn, Fields), Problem> {
    let one = caller.signed_in.clone().ok_or_else(|| Problem::bug(&"nobody is signed in"))?;
    let (headers, fields) = fields(request).await?;
    if !is_same(&one.form_token, given(&fields, "token")) {
        tell(caller, &one.name, "a form without its token");
        return Err(Problem::with(
            StatusCode::FORBIDDEN,
            "old-form",
            "this form is not of this sign-in; open `/account` and try again",
        ));
    }
    Ok((headers, one, fields))
}

pub(crate) async fn sign_out(State(front): State<Front>, Who(caller): Who, request: Request) -> Response {
    let made = async {
        let (_, one, fields) = own_form(&caller, request).await?;
        front.0.signed_in.end(caller.token.as_deref().unwrap_or_default());
        if given(&fields, "everywhere") == "yes" {
            front.0.signed_in.end_all(&one.name);
        }
        let mut response = Redirect::to("/sign-in").into_response();
        let set = response.headers_mut();
        set.append(header::SET_COOKIE, set_cookie(&front, &caller, "", "", true)?);
        set.append(header::SET_COOKIE, set_cookie(&front, &caller, crate::entry::DEVICE, "", true)?);
        set.append("clear-site-data", HeaderValue::from_static("\"cache\""));
        Ok(response)
    };
    or_problem(made.await)
}

fn words<T: ToString>(all: impl IntoIterator<Item = T>, none: &str) -> String {
    let all: Vec<String> = all.into_iter().map(|one| one.to_string()).collect();
    escape(&if all.is_empty() { none.to_string() } else { all.join(", ") })
}

pub(crate) fn own_page(
    caller: &Caller,
    headers: &HeaderMap,
    status: StatusCode,
    one: &SignedIn,
    account: &Account,
    own: &Own,
    problem: &str,
) -> Response {
    let clearances = account.clearances.iter().map(|(policy, level)| match policy.as_str() {
        servanda_store::policy::TLP => level.word().to_string(),
        other => format!("{other}: {}", level.word()),
    });
    let none = caller.say("none", "немає");
    let rows = [
        (caller.say("Name", "Ім’я"), escape(&account.name)),
        (caller.say("Party", "Сторона"), words(account.party.iter(), none)),
        (caller.say("Body", "Орган"), words(account.body.iter(), none)),
        (
            caller.say("May", "Може"),
            words(account.roles.iter().map(|role| role.word()), caller.say("nothing", "нічого")),
        ),
        (caller.say("Cleared up to", "Допуск до"), words(clearances, caller.say("nothing", "нічого"))),
        (caller.say("Caveats", "Застереження"), words(account.caveats.iter(), none)),
    ];
    let rows: String = rows.iter().map(|(k, v)| format!("<dt>{k}</dt><dd>{v}</dd>\n")).collect();
    let password = format!(
        "{}{}",
        field(
            caller.say("Password now", "Теперішній пароль"),
            "old",
            "type=\"password\" autocomplete=\"current-password\" maxlength=\"1024\""
        ),
        field(
            caller.say("New password, at least 12 characters", "Новий пароль, щонайменше 12 знаків"),
            "new",
            NEW_PASSWORD
        ),
    );
    let missing = one.is_narrow.then(|| {
        caller.say(
            "A password alone opens nothing on this server. Make a passkey below: then you see what your account opens. Where no passkey can be \
             made, ask a registrar to bind your account to your institution.",
            "Самого пароля на цьому сервері не досить. Створіть нижче ключ доступу: тоді ви побачите те, що відкриває ваш обліковий запис. \
             Якщо створити ключ неможливо, попросіть реєстратора прив’язати обліковий запис до вашої установи.",
        )
    });
    let missing = missing.map(|text| format!("<p class=\"problem\">{text}</p>\n")).unwrap_or_default();
    let main = format!(
        "<p><a href=\"/\">{}</a></p>\n{missing}{}{}<dl>\n{rows}</dl>\n{}\
         <h2>{}</h2>\n<p><a href=\"{}\">{}</a></p>\n\
         <h2>{}</h2>\n{}{}{}<h2>{}</h2>\n{}<p class=\"about\">{}</p>",
        caller.say("Back to the board", "Назад до таблиці"),
        alert(problem),
        notices::block(caller, one, &own.signings),
        notices::history(caller, &own.signings),
        caller.say("Feeds", "Стрічки"),
        caller.to("/account/feeds"),
        caller.say("Addresses for a calendar and a feed reader", "Адреси для календаря та читача стрічок"),
        caller.say("Sign out", "Вихід"),
        form("/sign-out", &one.form_token, "", caller.say("Sign out", "Вийти")),
        form(
            "/sign-out",
            &one.form_token,
            "<input type=\"hidden\" name=\"everywhere\" value=\"yes\">\n",
            caller.say("Sign out in all browsers", "Вийти в усіх браузерах")
        ),
        doors::own_passkeys(caller, headers, &one.form_token, &own.passkeys),
        caller.say("Another password", "Інший пароль"),
        form(
            &caller.to("/account/password"),
            &one.form_token,
            &password,
            caller.say("Change the password", "Змінити пароль")
        ),
        caller.say(
            "A new password signs you out in all other browsers. A few words in a row are easy to keep in mind.",
            "З новим паролем в усіх інших браузерах буде виконано вихід. Кілька слів поспіль легко запам’ятати."
        ),
    );
    page(caller, status, caller.say("Your account", "Ваш обліковий запис"), &main)
}

pub(crate) async fn own_account(front: &Front, one: &SignedIn) -> Result<Account, Problem> {
    let accounts = people(front)?.accounts(front.now()).await?;
    accounts.get(&one.name).cloned().ok_or_else(|| Problem::unable("the account went away meanwhile"))
}

/// What the page of an account shows besides the account.
pub(crate) struct Own {
    /// The passkeys that sign it in.
    pub passkeys: Vec<Passkey>,
    /// What it is told of its sign-ins.
    pub signings: Signings,
}

/// The same of whoever is signed in.
pub(crate) async fn own_of(front: &Front, one: &SignedIn) -> Result<Own, Problem> {
    let (store, name, now) = (people(front)?.store.clone(), one.name.clone(), front.now());
    let read = tokio::task::spawn_blocking(move || -> Result<Own, Error> {
        let mut passkeys = store.passkeys()?;
        passkeys.retain(|passkey| passkey.owner == name && !passkey.revoked);
        Ok(Own { passkeys, signings: store.signings(&name, now)? })
    });
    read.await.map_err(|e| Problem::bug(&e))?.map_err(|e| unable(&e))
}

pub(crate) async fn account_page(
    State(front): State<Front>,
    Who(caller): Who,
    headers: HeaderMap,
) -> Response {
    let made = async {
        let one = caller.signed_in.clone().ok_or_else(|| Problem::bug(&"nobody is signed in"))?;
        let account = own_account(&front, &one).await?;
        let own = own_of(&front, &one).await?;
        Ok(own_page(&caller, &headers, StatusCode::OK, &one, &account, &own, ""))
    };
    or_problem(made.await)
}

pub(crate) async fn change_password(
    State(front): State<Front>,
    Who(caller): Who,
    request: Request,
) -> Response {
    let made = async {
        let people = people(&front)?;
        let (headers, one, fields) = own_form(&caller, request).await?;
        let account = own_account(&front, &one).await?;
        let own = own_of(&front, &one).await?;
        let again =
            |status, problem: &str| Ok(own_page(&caller, &headers, status, &one, &account, &own, problem));
        if let Some(answer) = too_often(&front, &caller, &one.name, again)? {
            return Ok(answer);
        }
        front.0.tries.count(&one.name, caller.address, front.now());
        let (store, name, now) = (people.store.clone(), one.name.clone(), front.now());
        let (old, new) = (given(&fields, "old").to_string(), given(&fields, "new").to_string());
        let unfit = account.unfit(&new).map(|why| unfit(&caller, why));
        let is_same = old == new;
        match comparing(&front, move || store.change_password(&name, &old, &new, now)).await? {
            Ok(_) => {}
            Err(error) if error.is_denied() => {
                notices::tried(&front, &caller, &one.name, Tried::Wrong).await;
                let said = caller.say("The password now is another one.", "Теперішній пароль інший.");
                return again(StatusCode::FORBIDDEN, said);
            }
            Err(error) if error.is_refused() => {
                front.0.tries.forget(&one.name, caller.address);
                let same = caller
                    .say("The new password is the old one.", "Новий пароль такий самий, як теперішній.");
                let said = unfit.unwrap_or(if is_same {
                    same
                } else {
                    caller.say("It was not changed.", "Його не змінено.")
                });
                tell(&caller, &one.name, &format!("password not changed: {error}"));
                return again(StatusCode::UNPROCESSABLE_ENTITY, said);
            }
            Err(error) => return Err(unable(&error)),
        }
        front.0.tries.forget(&one.name, caller.address);
        begin_anew(&front, &caller, &headers, &one.name, one.is_narrow).await
    };
    or_problem(made.await)
}

/// Why a password is not taken, for whoever chose it.
pub(crate) fn unfit(caller: &Caller, why: Unfit) -> &'static str {
    match why {
        Unfit::Short => caller.say(
            "A password has at least 12 characters. A few words in a row are easy to keep in mind.",
            "Пароль має щонайменше 12 знаків. Кілька слів поспіль легко запам’ятати.",
        ),
        Unfit::Long => caller.say("This password is too long.", "Цей пароль задовгий."),
        Unfit::Guessed => caller.say(
            "This password is guessed soon: it is a common or leaked one, a name, a date, a row of keys, or one of these with \
             a number behind it. Take a few words in a row that nobody says together.",
            "Такий пароль швидко вгадають: він поширений чи витік раніше, це ім’я, дата, ряд клавіш або щось таке з числом \
             наприкінці. Візьміть кілька слів поспіль, які ніхто не каже разом.",
        ),
    }
}

fn first_form(caller: &Caller, status: StatusCode, token: &str, name: &str, problem: &str) -> Response {
    let name = format!(
        "value=\"{}\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"64\"",
        escape(name)
    );
    let fields = format!(
        "{}{}{}",
        field(
            caller.say("Code that stands in the terminal", "Код, що стоїть у терміналі"),
            "code",
            "autocomplete=\"off\" spellcheck=\"false\" maxlength=\"64\""
        ),
        field(caller.say("Name", "Ім’я"), "name", &name),
        field(
            caller.say("Password, at least 12 characters", "Пароль, щонайменше 12 знаків"),
            "password",
            NEW_PASSWORD
        ),
    );
    let main = format!(
        "<p>{}</p>\n{}{}<p class=\"about\">{} <code>servanda account set</code>.</p>\n<p><a href=\"/\">{}</a></p>",
        caller.say(
            "Until now whoever sits at this machine sees all. With the first account everybody has to sign in, and sees what \
             their party and their clearance open.",
            "Досі той, хто сидить за цією машиною, бачить усе. З першим обліковим записом кожен мусить увійти й бачить те, що \
             відкривають його сторона й допуск."
        ),
        alert(problem),
        form(
            &caller.to("/first-account"),
            token,
            &fields,
            caller.say("Make the first account", "Створити перший обліковий запис")
        ),
        caller.say(
            "The first account is a reader, a registrar and an auditor, cleared up to TLP:RED of no party. It is not shown what is \
             released to parties only. Make the others with",
            "Перший обліковий запис — читач, реєстратор і аудитор із допуском до TLP:RED, не належить жодній стороні. Того, що \
             відкрито лише сторонам, він не бачить. Інші створює команда"
        ),
        caller.say("Back, without an account", "Назад, без облікового запису"),
    );
    page(caller, status, caller.say("The first account", "Перший обліковий запис"), &main)
}

pub(crate) async fn first_page(State(front): State<Front>, Who(caller): Who) -> Response {
    or_problem(people(&front).and_then(|_| {
        with_form_token(&front, &caller, |token| Ok(first_form(&caller, StatusCode::OK, token, "", "")))
    }))
}

/// The name under which tries of the code are counted; no account can have it.
const FIRST: &str = "the first account";

pub(crate) async fn first(State(front): State<Front>, Who(caller): Who, request: Request) -> Response {
    let made = async {
        let people = people(&front)?;
        let (headers, fields) = fields(request).await?;
        let name = given(&fields, "name").trim();
        let again = |status, problem: &str| {
            with_form_token(&front, &caller, |token| Ok(first_form(&caller, status, token, name, problem)))
        };
        if !has_form_token(&front, &caller, &headers, &fields) {
            return again(StatusCode::FORBIDDEN, old_form(&caller));
        }
        if let Some(answer) = too_often(&front, &caller, FIRST, again)? {
            return Ok(answer);
        }
        front.0.tries.count(FIRST, caller.address, front.now());
        let code = people.first_code.as_deref().unwrap_or_default();
        if code.is_empty() || !is_same(code, given(&fields, "code").trim()) {
            let said = caller.say(
                "This is not the code that stands in the terminal.",
                "Це не той код, що стоїть у терміналі.",
            );
            return again(StatusCode::FORBIDDEN, said);
        }
        front.0.tries.forget(FIRST, caller.address);
        let _alone = people.making_first.lock().await;
        people.forget();
        if !people.accounts(front.now()).await?.is_empty() {
            return Ok(Redirect::to("/sign-in").into_response());
        }
        let mut account = first_account(name);
        let (store, password, now) =
            (people.store.clone(), given(&fields, "password").to_string(), front.now());
        if let Some(why) = account.unfit(&password) {
            return again(StatusCode::UNPROCESSABLE_ENTITY, unfit(&caller, why));
        }
        let made = comparing(&front, move || {
            account.choose_password(&password)?;
            store.put_account(&account, now, &servanda_store::policy::Viewer::keeper())
        });
        match made.await? {
            Ok(_) => {}
            Err(error) if error.is_refused() || error.is_denied() => {
                let said = caller.say("It was not made: ", "Його не створено: ");
                return again(StatusCode::UNPROCESSABLE_ENTITY, &format!("{said}{error}."));
            }
            Err(error) => return Err(unable(&error)),
        }
        people.forget();
        begin(&front, &caller, &headers, name, Way::Password, "/", !front.0.standing.password_alone).await
    };
    or_problem(made.await)
}

/// Who the page speaks to.
pub(crate) async fn me(State(front): State<Front>, Who(caller): Who) -> Response {
    let viewer = caller.viewer.as_ref().filter(|_| caller.signed_in.is_some());
    let notices = notices::waiting(&front, &caller).await;
    let first =
        !caller.is_locked && front.0.people.as_ref().is_some_and(|people| people.first_code.is_some());
    let document = json!({
        "servanda": "me/1",
        "asks_for_sign_in": caller.is_locked,
        "is_public": caller.is_public,
        "name": viewer.map(|viewer| &viewer.name),
        "party": viewer.and_then(|viewer| viewer.party.as_ref()),
        "roles": viewer.map(|viewer| viewer.roles.iter().map(|role: &Role| role.word()).collect::<Vec<_>>()),
        "first_account": first,
        // So many notices wait on `/account`: of the one who asks alone.
        "notices": notices,
    });
    ([(header::CONTENT_TYPE, "application/json")], document.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ASVS 5.0: 1.2.1 (output is encoded for where it stands), 3.7.2 (no redirect to elsewhere).
    #[test]
    fn v1_2_1_and_v3_7_2_text_is_text_and_back_is_here() {
        assert_eq!(escape("<a href='x' b=\"&\">"), "&lt;a href=&#39;x&#39; b=&quot;&amp;&quot;&gt;");
        for (wanted, to) in [
            ("/?at=2026-05-01T12%3A00", "/?at=2026-05-01T12%3A00"),
            ("/", "/"),
            ("/account", "/account"),
            ("/cases/c-1?lang=uk", "/cases/c-1?lang=uk"),
            ("/cases//evil.example", "/"),
            ("/casesx", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/?x\r\nset-cookie: a=b", "/"),
            ("/api/board", "/"),
            ("javascript:alert(1)", "/"),
            ("", "/"),
        ] {
            assert_eq!(back(wanted), to, "{wanted:?}");
        }
    }
}
