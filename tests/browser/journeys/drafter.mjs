// The drafter: what does this wording do? A text with its findings and its sentences, a mistake while it is made, and the past replayed.
import assert from 'node:assert/strict';
import { accessible, inLanguage, person, picture, settled, visit } from '../lib/browser.mjs';
import { PAGES } from '../lib/routes.mjs';
import { LANGUAGES, says, text } from '../lib/texts.mjs';

export default async function drafter(t, { exercise }) {
  if (!PAGES.includes('/draft')) return t.diagnostic('there is no page for drafters here');
  for (const language of LANGUAGES) {
    await t.test(language, async () => {
      const one = await person({ url: exercise.url, language });
      const { page } = one;
      const counted = (name) => page.waitForFunction((what) => Number(document.body.dataset[what] ?? 0) > 0, name);
      await visit(page, inLanguage('/draft', language));
      await counted('checked');
      const heading = page.getByRole('heading', { level: 1 });
      assert.equal(await heading.textContent(), text(language, 'title-draft'));
      assert.ok((await page.locator('#answer').textContent()).includes(text(language, 'no-errors')), 'the agreement in force can be understood');
      assert.match(await page.locator('#answer').textContent(), says(language, 'draft-sentence'));
      assert.ok(await page.locator('#rules-out dt').count() > 20, 'it is read back rule by rule');
      assert.match(await page.locator('#answer').textContent(), says(language, 'n-undecided'), 'how much was not decided stands above the fold');
      await page.locator('#undecided-out summary').click();
      assert.ok(await page.locator('#undecided-out dd').first().isVisible(), 'with each reason');
      await picture(page, `drafter-text-${language}`);

      // A mistake shows while it is made, with its place and its code; taken back, it is gone.
      const editor = page.getByRole('textbox', { name: text(language, 'editor') });
      await editor.focus();
      await page.keyboard.press('Control+End');
      const checked = await page.evaluate('Number(document.body.dataset.checked)');
      await page.keyboard.insertText('\n```pact\nduty nothing\n  bearer nobody\n```\n');
      await page.waitForFunction((was) => Number(document.body.dataset.checked) > was, checked);
      assert.match(await page.locator('#answer').textContent(), says(language, 'n-errors'));
      assert.match(await page.locator('#trouble-out').textContent(), /[A-Z]\d{4}/, 'each with a code that is explained');
      await accessible(page, `a text with mistakes, ${language}`);
      await picture(page, `drafter-mistake-${language}`);
      await page.keyboard.press('Control+z');
      await page.waitForFunction((word) => document.getElementById('answer').textContent.includes(word), text(language, 'no-errors'));

      // What it changes against the agreement in force: nothing.
      await page.getByRole('button', { name: text(language, 'ask-changes') }).click();
      await page.waitForFunction((word) => document.getElementById('changes-out').textContent.includes(word), text(language, 'same-meaning'));

      // On the past: every rule with its cases, and a number turned.
      await page.getByRole('link', { name: text(language, 'to-lab') }).click();
      await page.waitForURL(/\/lab/);
      await settled(page);
      await counted('replayed');
      assert.equal(await heading.textContent(), text(language, 'title-lab'));
      assert.match(await page.locator('#answer').textContent(), says(language, 'lab-sentence'));
      assert.ok(await page.locator('#by-rule tbody tr').count() > 10, 'a row for each rule');
      for (const key of ['s-clauses', 's-known', 's-load', 's-undecided', 'limits']) assert.ok(await page.getByRole('heading', { name: text(language, key) }).first().isVisible(), `a section says ${text(language, key)}`);
      await picture(page, `drafter-lab-${language}`);
      const slider = page.locator('input[type=range]').first();
      const replayed = await page.evaluate('Number(document.body.dataset.replayed)');
      await slider.focus();
      await page.keyboard.press('ArrowRight');
      await page.waitForFunction((was) => Number(document.body.dataset.replayed) > was, replayed);
      await page.waitForURL(/set=/);
      assert.ok(await slider.evaluate((it) => it === document.activeElement), 'the focus stays on the slider');
      await one.leave();
    });
  }
}
