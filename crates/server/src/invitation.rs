//! The page of an invitation: whoever was given a code chooses the password of their account, so that nobody else knows it.
//!
//! What it deliberately does not do: make an invitation (that is done at the machine, `servanda account set --invite`), make an account,
//! say what was wrong with a code.
//!
//! Invariants
//! - a code stands in the body of a form or behind the `#` of an address, which no browser sends and no log keeps;
//! - it is tried as often as a password may be, and answered in the same words whatever was wrong;
//! - where it is right and the password is unfit, it stays good.
//!
//! Where to start reading: [`accept`].

use crate::Problem;
use crate::forms::{
    self, NEW_PASSWORD, alert, begin, comparing, field, fields, form, given, held_up, or_problem, page,
    people, tell, unable, with_form_token,
};
use crate::front::{Caller, Front, Who};
use crate::metrics::Try;
use crate::notices;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use servanda_report::document::html::escape;
use servanda_store::{Tried, Way};

fn invitation_form(
    caller: &Caller,
    status: StatusCode,
    token: &str,
    (name, code): (&str, &str),
    problem: &str,
) -> Result<Response, Problem> {
    let name = format!(
        "value=\"{}\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"64\"",
        escape(name)
    );
    let code = format!(
        "value=\"{}\" autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"80\"",
        escape(code)
    );
    let rows = format!(
        "{}{}{}",
        field(caller.say("Name", "Ім’я"), "name", &name),
        field(caller.say("Code of the invitation", "Код запрошення"), "code", &code),
        field(
            caller.say("Your password, at least 12 characters", "Ваш пароль, щонайменше 12 знаків"),
            "password",
            NEW_PASSWORD
        ),
    );
    let main = format!(
        "<p>{}</p>\n{}{}<p class=\"about\">{}</p>\n<script type=\"module\" src=\"/assets/invitation.js\"></script>",
        caller.say(
            "A registrar gave you a code. With it you choose the password of your account, once; nobody else knows it then.",
            "Реєстратор дав вам код. За ним ви один раз обираєте пароль свого облікового запису; після цього його не знає ніхто інший.",
        ),
        alert(problem),
        form(
            &caller.to("/invitation"),
            token,
            &rows,
            caller.say("Set the password and sign in", "Задати пароль і ввійти")
        ),
        caller.say(
            "A few words in a row, which nobody says together, are easy to keep in mind. After signing in you can make a passkey on the \
             page of your account.",
            "Кілька слів поспіль, які ніхто не каже разом, легко запам’ятати. Після входу на сторінці облікового запису можна створити \
             ключ доступу.",
        ),
    );
    Ok(page(caller, status, caller.say("Which password do you choose?", "Який пароль ви обираєте?"), &main))
}

/// The page itself. Whoever is signed in may hold the code of another account, and begins by signing out.
pub(crate) async fn invitation_page(State(front): State<Front>, Who(caller): Who) -> Response {
    if !caller.is_locked {
        return Redirect::to("/").into_response();
    }
    if caller.signed_in.is_some() {
        return Redirect::to(&caller.to("/account")).into_response();
    }
    or_problem(with_form_token(&front, &caller, |token| {
        invitation_form(&caller, StatusCode::OK, token, ("", ""), "")
    }))
}

/// Takes name, code and the password that was chosen.
pub(crate) async fn accept(State(front): State<Front>, Who(caller): Who, request: Request) -> Response {
    or_problem(try_accept(&front, &caller, request).await)
}

async fn try_accept(front: &Front, caller: &Caller, request: Request) -> Result<Response, Problem> {
    let people = people(front)?;
    let (headers, fields) = fields(request).await?;
    let name = given(&fields, "name").trim();
    let again = |status, problem: &str| {
        with_form_token(front, caller, |token| invitation_form(caller, status, token, (name, ""), problem))
    };
    if !caller.is_locked {
        return Ok(Redirect::to("/").into_response());
    }
    if let Some(answer) = held_up(front, caller, &headers, &fields, name, again)? {
        return Ok(answer);
    }
    let (store, asked, now) = (people.store.clone(), name.to_string(), front.now());
    let (code, password) =
        (given(&fields, "code").trim().to_string(), given(&fields, "password").to_string());
    match comparing(front, move || store.accept_invitation(&asked, &code, &password, now)).await? {
        Ok(_) => {}
        Err(error) if error.is_denied() => {
            tell(caller, name, "an invitation was refused");
            front.0.counted.tried(Try::Wrong);
            notices::tried(front, caller, name, Tried::Wrong).await;
            let said = caller.say(
                "This invitation does not count: the name or the code is wrong, it was used, is older than seven days, or the account is \
                 closed. A registrar can make another.",
                "Це запрошення не діє: ім’я чи код неправильні, його вже використано, йому понад сім днів або обліковий запис закрито. \
                 Реєстратор може дати інше.",
            );
            return again(StatusCode::FORBIDDEN, said);
        }
        // The code was right: only then it is said what the password lacks.
        Err(error) if error.is_refused() => {
            front.0.tries.forget(name, caller.address);
            let password = given(&fields, "password");
            let accounts = people.accounts(front.now()).await?;
            let why = accounts.get(name).and_then(|account| account.unfit(password));
            let said = why.map_or(caller.say("It was not set.", "Його не задано."), |why| {
                forms::unfit(caller, why)
            });
            // The code, which stays good, does not have to be typed again.
            let typed = (name, given(&fields, "code").trim());
            return with_form_token(front, caller, |token| {
                invitation_form(caller, StatusCode::UNPROCESSABLE_ENTITY, token, typed, said)
            });
        }
        Err(error) => return Err(unable(&error)),
    }
    front.0.tries.forget(name, caller.address);
    front.0.counted.tried(Try::Right);
    tell(caller, name, "chose a password with an invitation");
    people.forget();
    front.0.signed_in.end_all(name);
    // A password that does not do alone signs nobody in who has another way: they go on with that.
    let narrow = !front.0.standing.password_alone;
    if narrow && forms::has_other_way(front, name).await? {
        return Ok(Redirect::to(&caller.to("/sign-in")).into_response());
    }
    begin(front, caller, &headers, name, Way::Invitation, "/", narrow).await
}
