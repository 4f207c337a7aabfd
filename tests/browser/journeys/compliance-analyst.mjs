// The compliance analyst: is clause X kept, and why? From the board to the card, its records, and the proof that they stand in the log.
import assert from 'node:assert/strict';
import { accessible, after, inLanguage, person, picture, settled, visit } from '../lib/browser.mjs';
import { LANGUAGES, says, text } from '../lib/texts.mjs';

export default async function complianceAnalyst(t, { exercise }) {
  for (const language of LANGUAGES) {
    await t.test(language, async () => {
      const analyst = await person({ url: exercise.url, language });
      const { page } = analyst;
      await visit(page, inLanguage('/', language));
      const board = await (await page.request.get('/api/board')).json();

      // The answer first, both moments, every row with a sign and a word.
      assert.match(await page.getByRole('heading', { level: 1 }).textContent(), /\?$/, 'the title is a question');
      assert.ok((await page.locator('#answer').boundingBox()).y + 20 < page.viewportSize().height, 'the answer is above the fold');
      assert.ok(await page.locator('#exercise').isVisible(), 'an exercise is called one');
      for (const id of ['at', 'known']) assert.match(await page.locator(`#${id}`).inputValue(), /^\d{4}-\d\d-\d\d \d\d:\d\d$/, `the moment \`${id}\` is on screen`);
      const rows = page.locator('#rows tr.row');
      assert.equal(await rows.count(), board.rows.length, 'a row for each norm and bearer');
      for (const badge of await rows.locator('.badge').all()) assert.ok(await badge.locator('svg').count() === 1 && (await badge.textContent()).trim(), 'a shape and a word');
      await picture(page, `compliance-analyst-board-${language}`);

      // A broken norm that rests on a record which has a place: its card, down to what decided it.
      const listed = new Set((await (await page.request.get('/api/map')).json()).features.map((feature) => feature.id));
      let [broken, data, which] = [null, null, -1];
      for (const one of board.rows.filter((it) => it.state.tone === 'broken')) {
        data = await (await page.request.get(`/api/card?norm=${one.norm}&bearer=${encodeURIComponent(one.bearer.name)}`)).json();
        // Eight are shown at once.
        which = (data.cards[0].explanation?.rests_on ?? []).slice(0, 8).findIndex((it) => listed.has(it.record.id));
        if (which >= 0) { broken = one; break; }
      }
      assert.ok(broken, 'the exercise has a broken norm that rests on an incident');
      const row = rows.filter({ has: page.locator(`[data-key="${broken.norm}|${broken.bearer.name}"]`) });
      await after(page, () => row.getByRole('link').click());
      const card = page.locator('#card');
      assert.match(page.url(), new RegExp(`norm=${broken.norm}`), 'the address holds the card');
      const shown = (await card.textContent()).replace(/\s+/g, ' ');
      for (const words of data.cards[0].words) assert.ok(shown.includes(words.replace(/\s+/g, ' ')), 'the words of the clause');
      for (const because of data.cards[0].because) assert.ok(shown.includes(because.code), `why: ${because.code}`);
      assert.ok(await card.locator('ol.because li').count() === data.cards[0].because.length, 'every step of the reason');
      const { rests_on: rests } = data.cards[0].explanation;
      assert.ok(shown.includes(rests[which].record.title), 'the records that it rests on');
      if (language === 'en') assert.ok(shown.includes(rests[which].grade), 'each record with its grade');
      for (const leads of await card.locator('.change .leads').all()) assert.ok(await leads.locator('.badge svg').count() === 1, 'what would change it, and to what');
      await accessible(page, `a verdict card, ${language}`);
      await picture(page, `compliance-analyst-card-${language}`);

      // A record of the card opens among what was reported, and the card stays.
      await after(page, () => card.locator('ul.records').first().locator('li').nth(which).locator('button.record').click());
      const incident = new URL(page.url()).searchParams.get('incident');
      assert.ok(await page.locator('#incidents [aria-pressed="true"]').count() === 1, 'the record is marked in the list');
      assert.ok(await card.isVisible(), 'the card stays open');

      // Another moment: the board speaks of then, and says so.
      const before = await page.locator('#at').inputValue();
      await after(page, () => page.locator('#back').click());
      assert.match(page.url(), /at=/, 'the address holds the moment');
      assert.ok(await page.locator('#at').inputValue() < before, 'a day earlier');

      // The whole record, and how anybody can check that it stands in the log.
      await visit(page, inLanguage(`/incidents/${encodeURIComponent(incident)}`, language));
      assert.ok((await page.locator('main').textContent()).includes(incident), 'the record by its name');
      await page.getByRole('link', { name: text(language, 'nav-audit') }).click();
      await page.waitForURL(/\/audit/);
      await settled(page);
      assert.match(await page.locator('#answer').textContent(), says(language, 'log-entries'));
      const [proof] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: text(language, 'save-proof') }).click()]);
      assert.match(proof.suggestedFilename(), /^entry-\d+\.proof$/);
      await analyst.leave();
    });
  }
}
