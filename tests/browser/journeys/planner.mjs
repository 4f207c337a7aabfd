// The planner: can we keep it? Promised against delivered, with what it is made of, and what is missing.
import assert from 'node:assert/strict';
import { inLanguage, person, picture, settled, visit } from '../lib/browser.mjs';
import { PAGES } from '../lib/routes.mjs';
import { LANGUAGES, text } from '../lib/texts.mjs';

export default async function planner(t, { exercise }) {
  if (!PAGES.includes('/plans')) return t.diagnostic('there is no page for planners here');
  for (const language of LANGUAGES) {
    await t.test(language, async () => {
      const one = await person({ url: exercise.url, language });
      const { page } = one;
      await visit(page, inLanguage('/plans', language));
      assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), text(language, 'title-plans'));
      await picture(page, `planner-list-${language}`);
      await page.locator('main a[href*="/plans/support"]').first().click();
      await page.waitForURL(/\/plans\/support/);
      await settled(page);
      assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), text(language, 'title-plan'));
      const answer = await page.locator('#answer').textContent();
      assert.ok(answer.includes(text(language, 'word-planned')), 'planned stands above every figure');
      const shown = await page.locator('main').textContent();
      assert.ok(shown.includes('Freedonia') && shown.includes('howitzers'), 'what was promised, and by whom');
      assert.ok(await page.getByRole('heading', { name: text(language, 's-about-plan') }).isVisible(), 'what it is made of');
      const file = page.locator('main a[href$=".csv"], main a[href*=".csv?"]').first();
      const csv = await page.request.get(await file.getAttribute('href'));
      assert.equal(csv.status(), 200);
      assert.match(await csv.text(), /planned/, 'the table can be taken away, and says planned');
      await picture(page, `planner-plan-${language}`);
      await one.leave();
    });
  }
}
