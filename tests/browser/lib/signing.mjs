// Somebody of the team, signed in as a person signs in: on the page, with name and password.
import assert from 'node:assert/strict';
import { inLanguage, person, visit } from './browser.mjs';
import { PASSWORD } from './world.mjs';

export async function signedIn(team, name, { language = 'en', to = '/account', ...more } = {}) {
  const one = await person({ url: team.url, language, ...more });
  await visit(one.page, inLanguage(`/sign-in?back=${encodeURIComponent(inLanguage(to, language))}`, language));
  await one.page.locator('input[name=name]').fill(name);
  await one.page.locator('input[name=password]').fill(PASSWORD);
  await Promise.all([one.page.waitForURL((url) => url.pathname === to.split('?')[0]), one.page.locator('input[name=password]').press('Enter')]);
  const me = await (await one.page.request.get('/api/me')).json();
  assert.equal(me.name, name, 'the server knows who is there');
  return one;
}
