// Who is signed in, and news: a record that comes in shows without being asked for.
import { byId, el } from './element.js';
import { t } from './language.js';

const asked = async () => (await fetch('/api/me', { headers: { 'servanda-quiet': '1' } })).json();

export async function who() {
  try {
    const me = await asked();
    const place = byId('who');
    if (me.name) {
      place.replaceChildren(...(me.roles?.includes('reporter') ? [el('a', { href: '/entry' }, t('to-entry')), ' '] : []), ...(me.notices ? [noticesThere(me.notices), ' '] : []), el('a', { href: '/account', title: t('your-account') }, me.party ? `${me.name} (${me.party})` : me.name));
      byId('whose').textContent = t('whose-account');
    } else if (me.is_public) {
      place.replaceChildren(el('a', { href: '/sign-in' }, t('sign-in')));
      byId('whose').textContent = t('whose-public');
    } else if (me.first_account) {
      byId('whose').append(' ', el('a', { href: '/first-account' }, t('have-sign-in')), '.');
    }
    return me;
  } catch {
    return {}; // the board says that the server does not answer
  }
}

export const signIn = () => location.assign(`/sign-in?back=${encodeURIComponent(location.pathname + location.search)}`);

// Pages whose head does not say who is signed in say that something waits on the account's own page.
export async function noticesInto(place) {
  try {
    const me = await asked();
    if (me.notices) place.prepend(noticesThere(me.notices));
  } catch { /* the page says itself that the server does not answer */ }
}
const noticesThere = (n) => el('a', { class: 'notices-there', href: '/account#notices' }, t('notices-there', { n }));

// Calls `again` when something came in that this reader may see; several at once are one.
export function follow(again) {
  let waiting;
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      // Nobody loses what they are typing.
      const typing = document.activeElement?.closest('#moment input');
      if (typing) typing.addEventListener('blur', soon, { once: true });
      else again();
    }, 300);
  };
  // A browser keeps few connections to one server: a page that nobody looks at lets go of its own, and catches up when it is seen again.
  let stream = null;
  const close = () => {
    stream?.close();
    stream = null;
  };
  const open = () => {
    close();
    stream = new EventSource('/events');
    stream.addEventListener('records', soon);
    stream.addEventListener('all', soon);
    stream.addEventListener('error', async () => {
      // The browser tries again by itself, but for one who is no longer signed in.
      if (stream?.readyState !== EventSource.CLOSED) return;
      const me = await who();
      if (me.asks_for_sign_in && !me.name && !me.is_public) signIn();
    });
  };
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return close();
    open();
    soon();
  });
  if (!document.hidden) open();
  addEventListener('pagehide', close);
}
