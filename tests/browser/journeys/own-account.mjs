// Somebody who gets an account: is it mine alone, and was that me? An invitation by its address, a password of one's own, tries of somebody else, a
// notice on every page until it is put away.
import assert from 'node:assert/strict';
import { accessible, inLanguage, person, picture, visit } from '../lib/browser.mjs';
import { LANGUAGES, says } from '../lib/texts.mjs';
import { servanda } from '../lib/world.mjs';

const CHOSEN = 'four grey horses, no rider';

async function tried(team, language, name, password) {
  const one = await person({ url: team.url, language });
  await visit(one.page, inLanguage('/sign-in', language));
  await one.page.locator('input[name=name]').fill(name);
  await one.page.locator('input[name=password]').fill(password);
  await Promise.all([one.page.waitForResponse((response) => response.request().method() === 'POST'), one.page.locator('input[name=password]').press('Enter')]);
  return one;
}

export default async function ownAccount(t, { team }) {
  for (const language of LANGUAGES) {
    await t.test(language, async () => {
      const name = `olena-${language}`;
      const told = await servanda(['account', 'set', name, '--role', 'reader', '--clearance', 'TLP:AMBER', '--invite', '--workspace', 'team']);
      const address = told.match(/^address +(\S+)/m)[1];
      const mine = await person({ url: team.url, language });
      const { page } = mine;
      const sent = [];
      page.on('request', (request) => sent.push(request.url()));
      await visit(page, address.replace('#', `?lang=${language}#`));
      assert.equal(await page.locator('#name').inputValue(), name, 'the name stands there');
      assert.equal((await page.locator('#code').inputValue()).length, 64, 'and the code');
      assert.ok(!page.url().includes('#') && sent.every((url) => !url.includes(address.split(':')[1])), 'the code is in no address');
      await accessible(page, `/invitation ${language}`);
      await picture(page, `invitation-${language}`);
      await page.locator('#password').fill(CHOSEN);
      await Promise.all([page.waitForURL((url) => url.pathname === '/'), page.locator('#password').press('Enter')]);
      assert.equal((await (await page.request.get('/api/me')).json()).name, name);

      // Somebody else tries. Each page says that something waits, in the browser that is open.
      for (let n = 0; n < 3; n += 1) await (await tried(team, language, name, `a wrong password ${n}`)).leave(/403/);
      const there = page.locator('.notices-there');
      for (const path of ['/duties', '/incidents', '/']) {
        await visit(page, inLanguage(path, language));
        await there.waitFor();
        assert.match(await there.textContent(), says(language, 'notices-there'), path);
      }
      await there.click();
      await page.waitForURL((url) => url.pathname === '/account');
      await visit(page, inLanguage('/account', language));
      await accessible(page, `/account ${language} with notices`);
      await picture(page, `account-${language}`);
      assert.match(await page.locator('#notices li').first().textContent(), /3/, 'how many');
      await page.locator('#notices button').click();
      await page.waitForURL((url) => url.pathname === '/account');
      assert.equal(await page.locator('#notices').count(), 0, 'put away');
      await mine.leave();
    });
  }
}
