// The crisis cell: has the threshold been reached? Two officers decide, a third thing stands beside it: dissent. Nothing is started or sent.
import assert from 'node:assert/strict';
import { accessible, inLanguage, person, picture, settled, visit } from '../lib/browser.mjs';
import { signedIn } from '../lib/signing.mjs';
import { LANGUAGES, says, text } from '../lib/texts.mjs';
import { PASSWORD } from '../lib/world.mjs';

export default async function crisisCell(t, { exercise, team }) {
  for (const language of LANGUAGES) {
    await t.test(`${language}: the sheet`, async () => {
      const cell = await person({ url: exercise.url, language });
      const { page } = cell;
      await visit(page, inLanguage('/triggers', language));
      assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), text(language, 'title-triggers'));
      await picture(page, `crisis-cell-thresholds-${language}`);
      await page.locator('main a[href*="/triggers/large-scale-aggression"]').click();
      await page.waitForURL(/\/triggers\/large-scale-aggression/);
      await settled(page);
      const sheet = page.locator('main');
      for (const key of ['s-condition', 's-clocks', 's-missing', 's-facts', 's-follows', 's-decisions']) assert.ok(await sheet.getByRole('heading', { name: text(language, key) }).isVisible(), `a section says ${text(language, key)}`);
      const clocks = sheet.getByRole('table', { name: text(language, 's-clocks') });
      for (const key of ['h-occurred', 'h-detected', 'h-found']) assert.equal(await clocks.getByRole('columnheader', { name: text(language, key), exact: true }).count(), 1, `a clock says ${text(language, key)}`);
      assert.ok((await sheet.textContent()).includes(text(language, 'starts-nothing')), 'it says that nothing is started or sent');
      const words = new RegExp(['truth-true', 'truth-false', 'truth-unknown', 'truth-contested'].map((key) => text(language, key)).join('|'), 'u');
      assert.match(await clocks.textContent(), words, 'true, false, unknown or disputed, in words');
      await picture(page, `crisis-cell-sheet-${language}`);
      await cell.leave();
    });

    await t.test(`${language}: two people sign, one disagrees`, async () => {
      const words = language === 'uk' ? 'Скликати консультації до вечора' : 'Call consultations before tonight';
      const [ihor, olena] = [await signedIn(team, 'ihor', { language, to: '/triggers/heavy-fire' }), await signedIn(team, 'olena', { language, to: '/triggers/heavy-fire' })];
      const first = ihor.page;
      const proposing = first.locator('form.signing').filter({ has: first.getByRole('button', { name: text(language, 'propose'), exact: true }) });
      if (!await proposing.isVisible()) await first.getByText(text(language, 'propose-one'), { exact: true }).click();
      await proposing.getByRole('textbox', { name: text(language, 'what-is-decided') }).fill(words);
      await proposing.locator('input[type=password]').fill(PASSWORD);
      await proposing.getByRole('button').click();
      await settled(first);
      assert.ok((await first.locator('main').textContent()).includes(words), 'the proposal is on the sheet');
      assert.ok((await first.locator('main').textContent()).includes(text(language, 'waits-for-second')), 'and waits for a second person');

      // The second confirms; with a wrong password nothing is signed and nothing typed is lost.
      const second = olena.page;
      await visit(second, inLanguage('/triggers/heavy-fire', language));
      const of = second.locator('details').filter({ has: second.getByText(text(language, 'sign-this')) }).first();
      await of.locator('summary').click();
      await of.getByLabel(text(language, 'confirm-it')).check();
      await of.locator('input[type=password]').fill('another password');
      await of.getByRole('button', { name: text(language, 'sign'), exact: true }).click();
      await settled(second);
      assert.ok(await second.getByRole('alert').isVisible(), 'it says that it was not taken');
      await accessible(second, `a form that was not taken, ${language}`);
      const again = second.locator('details[open]').first();
      await again.getByLabel(text(language, 'confirm-it')).check();
      await again.locator('input[type=password]').fill(PASSWORD);
      await again.getByRole('button', { name: text(language, 'sign'), exact: true }).click();
      await settled(second);
      const decided = await second.locator('main').textContent();
      assert.ok(decided.includes(text(language, 'is-signed-by-two')) && decided.includes('ihor') && decided.includes('olena'), 'signed by two, by name');

      // Whoever disagrees puts that beside it, also afterwards.
      const dissent = language === 'uk' ? 'Бракує даних з північного берега' : 'The northern bank was not watched';
      const beside = second.locator('details').filter({ has: second.getByText(text(language, 'sign-this')) }).first();
      await beside.locator('summary').click();
      await beside.getByLabel(text(language, 'dissent-it')).check();
      await beside.getByRole('textbox', { name: text(language, 'own-words') }).fill(dissent);
      await beside.locator('input[type=password]').fill(PASSWORD);
      await beside.getByRole('button', { name: text(language, 'sign'), exact: true }).click();
      await settled(second);
      assert.ok((await second.locator('main').textContent()).includes(dissent), 'dissent stands beside it');
      await accessible(second, `a decision that two signed, ${language}`);
      await picture(second, `crisis-cell-decision-${language}`);
      assert.match(await second.locator('main').textContent(), says(language, 'decision-basis'), 'with what its signers were shown');
      await ihor.leave();
      await olena.leave(/Failed to load resource.* (403|422|401)/);
    });
  }
}
