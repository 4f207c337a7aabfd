// The auditor: how can anybody check that nothing was changed? Checkpoint and proof are taken away and checked without the server.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { inLanguage, picture, visit } from '../lib/browser.mjs';
import { signedIn } from '../lib/signing.mjs';
import { LANGUAGES, says, text } from '../lib/texts.mjs';
import { place, servanda } from '../lib/world.mjs';

export default async function auditor(t, { team }) {
  for (const language of LANGUAGES) {
    await t.test(language, async () => {
      const anna = await signedIn(team, 'anna', { language, to: '/audit' });
      const { page } = anna;
      assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), text(language, 'title-audit'));
      assert.match(await page.locator('#answer').textContent(), says(language, 'log-entries'));
      for (const key of ['s-checkpoint', 's-witnesses', 's-proof', 's-check']) assert.ok(await page.getByRole('heading', { name: text(language, key), exact: true }).isVisible(), `a section says ${text(language, key)}`);
      const key = (await page.locator('dd code.hash').textContent()).trim();
      await picture(page, `auditor-${language}`);

      const saved = async (press) => {
        const [file] = await Promise.all([page.waitForEvent('download'), press()]);
        const to = place(`auditor-${language}-${file.suggestedFilename()}`);
        await file.saveAs(to);
        return to;
      };
      const checkpoint = await saved(() => page.getByRole('link', { name: text(language, 'save-checkpoint') }).click());
      const entry = page.getByRole('spinbutton', { name: text(language, 'entry-number') });
      await entry.fill('3');
      const proof = await saved(() => page.getByRole('button', { name: text(language, 'save-proof') }).click());

      // A policy of the auditor's own that trusts the log's key: the proof holds. With another key it does not.
      const check = async (vkey) => {
        const policy = place(`policy-${language}`);
        writeFileSync(policy, `log ${vkey}\nquorum none\n`);
        return servanda(['log', 'check', proof, '--policy', policy]);
      };
      const printed = await check(key);
      assert.match(printed, /3/, printed);
      const other = (await servanda(['log', 'key', key.split('+')[0], '--out', place(`other-${language}.key`)])).trim();
      await assert.rejects(check(other), 'under another key the proof does not hold');
      assert.ok(checkpoint.endsWith('checkpoint'));

      // Whoever takes a file away is on record before it is given.
      await visit(page, inLanguage('/incidents', language));
      const file = await page.request.get(await page.getByRole('link', { name: 'CSV', exact: true }).getAttribute('href'));
      assert.ok((await file.text()).includes(team.held), 'what is marked is in it');
      const views = await servanda(['log', 'access', '--who', 'anna', '--workspace', 'team', '--format', 'json']);
      assert.ok(views.includes('anna'), 'the view is in the access log');
      await anna.leave();
    });
  }
}
