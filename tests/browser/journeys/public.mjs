// Somebody of the public: is my place safe, is the agreement kept, and to whom do I complain?
import assert from 'node:assert/strict';
import { accessible, inLanguage, NARROW, person, picture, settled, visit } from '../lib/browser.mjs';
import { LANGUAGES, says, text } from '../lib/texts.mjs';

export default async function anybody(t, { team }) {
  for (const language of LANGUAGES) {
    await t.test(language, async () => {
      // On a telephone.
      const reader = await person({ url: team.url, language, size: NARROW });
      const { page } = reader;
      await visit(page, inLanguage('/bulletin', language));
      assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), text(language, 'title-bulletin'));
      assert.match(await page.locator('#answer').textContent(), says(language, 'public-until'), 'up to when');
      const main = page.locator('main');
      assert.match(await main.textContent(), says(language, 'public-rules'), 'delayed, coarse, and it says so');
      const watched = new RegExp(`${says(language, 'public-nobody-watches').source}|${says(language, 'zone-watched-day').source}`, 'u');
      assert.match(await main.textContent(), watched, 'counts with coverage');
      await picture(page, `public-bulletin-${language}`);

      // A complaint gets a number and the day by which it has to be answered.
      const words = language === 'uk' ? 'Уночі стріляли біля школи. Прошу поставити варту.' : 'There was fire near the school at night. I ask for a guard.';
      await page.getByRole('combobox', { name: text(language, 'complaint-to') }).selectOption('North');
      await page.getByRole('textbox', { name: text(language, 'complaint-words') }).fill(words);
      await page.getByRole('textbox', { name: text(language, 'complaint-place') }).fill(language === 'uk' ? 'біля школи' : 'near the school');
      await page.getByRole('button', { name: text(language, 'complain'), exact: true }).click();
      await settled(page);
      assert.equal(await page.locator('#answer strong').textContent(), text(language, 'complaint-thanks'));
      const number = await page.locator('.receipt code').textContent();
      assert.match(number, /^[a-z0-9]{12}$/, 'a number that nobody guesses');
      assert.match(await main.textContent(), says(language, 'answer-by'), 'and when the answer is due');
      await accessible(page, `the receipt of a complaint, ${language}`);
      await picture(page, `public-receipt-${language}`);

      // Nobody of the public reads it, nor what is marked.
      assert.ok(!(await (await page.request.get('/api/incidents')).text()).includes(team.held), 'what is marked is on no list of the public');
      assert.equal((await page.request.get(`/api/incidents/${team.held}`)).status(), 404, 'and cannot be asked for');
      for (const path of ['/cases', '/incidents', '/api/incidents', '/bulletin']) {
        assert.ok(!(await (await page.request.get(path)).text()).includes(number), `the complaint is not on ${path}`);
      }
      // What is not for the public asks for a name.
      await visit(page, inLanguage('/audit', language));
      assert.match(page.url(), /\/sign-in/, 'the log asks who is there');
      await reader.leave();
    });
  }
}
