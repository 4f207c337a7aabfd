// The treaty officer of a party: what do we owe, to whom, by when?
import assert from 'node:assert/strict';
import { inLanguage, person, picture, settled, visit } from '../lib/browser.mjs';
import { LANGUAGES, says, text } from '../lib/texts.mjs';

export default async function treatyOfficer(t, { exercise }) {
  for (const language of LANGUAGES) {
    await t.test(language, async () => {
      const officer = await person({ url: exercise.url, language });
      const { page } = officer;
      await visit(page, inLanguage('/duties', language));
      assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), text(language, 'title-duties'));
      assert.match(await page.locator('#answer').textContent(), says(language, 'duties'));
      assert.match(await page.locator('#answer').textContent(), says(language, 'next-due'), 'who is next, with what, by when');
      const table = page.getByRole('table').first();
      for (const key of ['h-due', 'h-duty', 'h-bearer', 'h-owed-to', 'h-state']) assert.ok(await table.getByRole('columnheader', { name: text(language, key), exact: true }).count() === 1, `a column says ${text(language, key)}`);
      await picture(page, `treaty-officer-duties-${language}`);

      // What one party owes.
      const party = page.getByRole('combobox', { name: text(language, 'party'), exact: true });
      await party.selectOption('Germany');
      await page.getByRole('button', { name: text(language, 'apply') }).click();
      await page.waitForURL(/party=Germany/);
      await settled(page);
      const mine = await table.getByRole('row').count() - 1;
      assert.ok(mine > 0, 'Germany owes something');
      assert.equal(await party.inputValue(), 'Germany', 'the filter says what it holds');

      // Each line opens its card; the calendar is a file that other programs read.
      const calendar = page.getByRole('link', { name: text(language, 'calendar-file') });
      const file = await page.request.get(await calendar.getAttribute('href'));
      const events = await file.text();
      assert.match(file.headers()['content-type'], /text\/calendar/);
      assert.ok(events.startsWith('BEGIN:VCALENDAR') && events.includes('BEGIN:VALARM') && events.includes('DTSTART'), 'events with reminders');
      const first = table.getByRole('row').nth(1);
      const duty = (await first.getByRole('link').first().textContent()).trim();
      await first.getByRole('link').first().click();
      await page.waitForURL(/norm=/);
      await settled(page);
      assert.ok((await page.locator('#card').textContent()).includes(duty), 'the card is that of the duty');
      await picture(page, `treaty-officer-card-${language}`);
      await officer.leave();
    });
  }
}
