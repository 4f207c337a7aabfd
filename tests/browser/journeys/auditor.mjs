// The auditor: how can anybody check that nothing was changed? Checkpoint and proof are taken away and checked without the server.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
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
      assert.match(await page.locator('#answer').textContent(), says(language, 'witnessed-by'), 'both sides have a witness');
      const witnesses = await page.getByRole('table', { name: text(language, 's-witnesses') }).textContent();
      for (const side of ['north', 'south']) assert.ok(witnesses.includes(`witness.${side}.example`), `the witness of ${side}`);
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

      // Checked with the policy of both sides, without the server: the proof holds, cosigned by each. Under the policy of another log it does not.
      const printed = await servanda(['log', 'check', proof, '--policy', team.policy]);
      assert.match(printed, /^entry 3 stands in /, printed);
      for (const side of ['north', 'south']) assert.match(printed, new RegExp(`cosigned by ${side}`), printed);
      const other = (await servanda(['log', 'key', key.split('+')[0], '--out', place(`other-${language}.key`)])).trim().split('\n').pop();
      const strange = place(`strange-${language}.policy`);
      writeFileSync(strange, readFileSync(team.policy, 'utf8').replace(key, other));
      await assert.rejects(servanda(['log', 'check', proof, '--policy', strange]), 'under another key the proof does not hold');
      assert.match(readFileSync(checkpoint, 'utf8'), new RegExp(`^${key.split('+')[0].replaceAll('/', '\\/')}\n\\d+\n`), 'the checkpoint says which log, and how many entries');

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
