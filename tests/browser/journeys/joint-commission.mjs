// The joint commission: this allegation, what was answered, in whose words, and in time?
import assert from 'node:assert/strict';
import { accessible, inLanguage, person, picture, settled, visit } from '../lib/browser.mjs';
import { signedIn } from '../lib/signing.mjs';
import { LANGUAGES, says, text } from '../lib/texts.mjs';

export default async function jointCommission(t, { team }) {
  for (const language of LANGUAGES) {
    await t.test(language, async () => {
      const allegation = team.allegations[language];
      const anybody = await person({ url: team.url, language });
      await visit(anybody.page, inLanguage('/cases', language));
      assert.equal(await anybody.page.getByRole('heading', { level: 1 }).textContent(), text(language, 'title-cases'));
      assert.match(await anybody.page.locator('#answer').textContent(), says(language, 'open-cases'), 'what nobody answered comes first');
      const row = anybody.page.getByRole('row').filter({ hasText: allegation });
      assert.ok((await row.textContent()).includes(text(language, 'way-open')), 'it waits for a reply');
      await picture(anybody.page, `joint-commission-board-${language}`);
      await row.getByRole('link').click();
      await settled(anybody.page);
      assert.ok((await anybody.page.locator('main').textContent()).includes(text(language, 'no-reply')), 'nobody replied');
      assert.ok((await anybody.page.locator('main').textContent()).includes(text(language, 'who-replies')), 'it says who may');
      await anybody.leave();

      // North replies, in its own words; markup in them is words, too.
      const words = language === 'uk' ? 'Наші підрозділи не стріляли. <b>Це</b> був вибух міни.' : 'Our units did not fire. <b>It</b> was a mine.';
      const mira = await signedIn(team, 'mira', { language, to: `/cases/${allegation}` });
      const { page } = mira;
      await page.getByRole('textbox', { name: text(language, 'reply-words') }).fill(words);
      await page.getByRole('button', { name: text(language, 'put-on-file') }).click();
      await settled(page);
      const replies = page.locator('section').filter({ has: page.getByRole('heading', { name: text(language, 's-replies') }) });
      assert.ok((await replies.textContent()).includes(words), 'the reply stands there as it was written');
      for (const key of ['s-allegation', 's-replies', 's-dissent', 's-findings']) assert.ok(await page.getByRole('heading', { name: text(language, key) }).isVisible(), `side by side: ${text(language, key)}`);
      const [left, right] = [await page.getByRole('heading', { name: text(language, 's-allegation') }).boundingBox(), await page.getByRole('heading', { name: text(language, 's-replies') }).boundingBox()];
      assert.ok(right.x > left.x + 200, 'allegation and replies stand side by side on a wide screen');
      assert.ok((await page.locator('#answer').textContent()).includes(text(language, 'way-replied')), 'the case is answered');
      await accessible(page, `a case with a reply, ${language}`);
      await picture(page, `joint-commission-case-${language}`);
      await mira.leave();

      // Everybody reads it now, and the case file can be taken away.
      const reader = await person({ url: team.url, language });
      await visit(reader.page, inLanguage(`/cases/${allegation}`, language));
      assert.ok((await reader.page.locator('main').textContent()).includes(words), 'others read the reply');
      assert.match(await reader.page.locator('main').textContent(), says(language, 'no-time-set'), 'and whether it came in time');
      const file = await reader.page.request.get(await reader.page.getByRole('link', { name: text(language, 'case-report') }).getAttribute('href'));
      assert.equal(file.status(), 200);
      assert.ok((await file.text()).includes(allegation), 'the case file has the case');
      await reader.leave();
    });
  }
}
