// The duty officer at six in the morning: what happened, what is new, what must I check?
import assert from 'node:assert/strict';
import { accessible, after, inLanguage, person, picture, settled, visit } from '../lib/browser.mjs';
import { LANGUAGES, says, text } from '../lib/texts.mjs';

export default async function dutyOfficer(t, { exercise }) {
  for (const language of LANGUAGES) {
    await t.test(language, async () => {
      const officer = await person({ url: exercise.url, language });
      const { page } = officer;
      await visit(page, inLanguage('/incidents', language));
      const heading = page.getByRole('heading', { level: 1 });
      assert.equal(await heading.textContent(), text(language, 'title-incidents'), 'the title is the question');
      assert.match(await page.title(), new RegExp(`^${text(language, 'exercise')} · `), 'an exercise is called one, in the title too');
      assert.ok(await page.locator('#exercise').isVisible(), 'and on the page');

      // The answer stands above the fold, with the hours that were watched beside the count.
      const answer = page.locator('#answer');
      assert.match(await answer.textContent(), says(language, 'incidents'));
      assert.match(await answer.textContent(), says(language, 'watched-of'), 'coverage stands beside the count');
      assert.ok((await answer.boundingBox()).y < page.viewportSize().height * 0.6, 'the answer is above the fold');
      assert.match(await answer.textContent(), says(language, 'looked-first'), 'it says that it will remember when it was looked at');

      // Newest first, each with a sign and a word for its status.
      const rows = page.locator('#rows tr');
      assert.ok(await rows.count() > 20, 'there are rows');
      const listed = await (await page.request.get('/api/incidents?limit=30')).json();
      const moments = listed.incidents.map((one) => one.earliest);
      assert.deepEqual(moments, [...moments].sort().reverse(), 'newest first');
      assert.equal(await rows.first().getByRole('link').first().textContent(), listed.incidents[0].title, 'the newest is the first');
      for (const badge of await rows.locator('.badge').all()) assert.ok(await badge.locator('svg').count() === 1 && (await badge.textContent()).trim(), 'a shape and a word, never colour alone');
      await picture(page, `duty-officer-list-${language}`);

      // What changed since I looked: nothing yet, and it says since when.
      await page.reload();
      await settled(page);
      assert.match(await page.locator('#answer').textContent(), says(language, 'looked-none'));

      // Narrowed by a word; the address holds it, so that a colleague sees the same.
      const [word] = listed.incidents.map((one) => one.title.match(/\p{Lu}\p{Ll}{3,}/u)).find(Boolean);
      const field = page.getByLabel(text(language, 'f-text'), { exact: true });
      await field.fill(word);
      await after(page, () => field.press('Enter'));
      await page.waitForURL((url) => url.searchParams.get('text') === word);
      await settled(page);
      const told = await page.locator('#answer').textContent();
      assert.match(told, says(language, 'of-all'), 'a narrowed list says of how many');
      for (const row of (await rows.allTextContents()).slice(0, 10)) assert.ok(row.toLowerCase().includes(word.toLowerCase()), `each row has ${word}: ${row}`);

      // The record of one: what is reported, by whom, what was recorded in which order.
      const title = await rows.first().getByRole('link').first().textContent();
      await rows.first().getByRole('link').first().click();
      await page.waitForURL(/\/incidents\/./);
      await settled(page);
      assert.equal(await heading.textContent(), text(language, 'title-incident'));
      const record = page.locator('main');
      assert.ok((await record.textContent()).includes(title), 'its title');
      for (const key of ['s-what', 's-history', 's-verdicts']) assert.ok(await page.getByRole('heading', { name: says(language, key) }).first().isVisible(), `a section says ${text(language, key)}`);
      await accessible(page, `the record of an incident, ${language}`);
      await picture(page, `duty-officer-record-${language}`);

      // Where and when: the same incidents as points, and a stretch of time taken out with the keys of the brush.
      await page.getByRole('link', { name: text(language, 'nav-map') }).click();
      await page.waitForURL(/\/map/);
      await settled(page);
      const points = Number(await page.evaluate('document.body.dataset.points'));
      assert.ok(points > 500, `points are drawn: ${points}`);
      const words = page.locator('#brush-words');
      const before = await words.textContent();
      await page.locator('#brush').focus();
      for (let i = 0; i < 3; i += 1) await page.keyboard.press('ArrowLeft');
      await page.waitForFunction((was) => document.getElementById('brush-words').textContent !== was, before);
      await page.waitForURL(/from=.*to=/);
      assert.ok(await page.locator('#brush').getAttribute('aria-label'), 'the brush says which time it holds');
      await picture(page, `duty-officer-map-${language}`);

      // What was not seen.
      await page.getByRole('link', { name: text(language, 'nav-access') }).click();
      await page.waitForURL(/\/access/);
      await settled(page);
      assert.equal(await heading.textContent(), text(language, 'title-access'));
      assert.match(await page.locator('main').textContent(), says(language, 'not-observed'), 'what was not observed has its word');
      await picture(page, `duty-officer-access-${language}`);
      await officer.leave();
    });
  }
}
