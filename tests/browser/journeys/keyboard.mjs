// With the keyboard alone: from the board to the proof, and everything that is entered. The focus is never lost, always in sight and
// always marked.
import assert from 'node:assert/strict';
import { accessible, after, focused, inLanguage, person, picture, press, settled, tabTo, visit } from '../lib/browser.mjs';
import { LANGUAGES, text } from '../lib/texts.mjs';
import { PASSWORD, report } from '../lib/world.mjs';

const type = (page, words) => page.keyboard.type(words);

async function boardToProof(exercise, language) {
  const analyst = await person({ url: exercise.url, language });
  const { page } = analyst;
  await visit(page, inLanguage('/', language));
  const skip = await press(page, 'Tab');
  assert.match(skip.href, /^#/, 'first of all, a way past the head');
  await page.keyboard.press('Enter');

  // Through the rows, into a card, and back to the row.
  await press(page, 'j');
  const second = await press(page, 'ArrowDown');
  assert.match(second.href, /norm=/, 'keys move through the rows');
  await after(page, () => page.keyboard.press('Enter'));
  assert.equal((await focused(page)).id, 'card', 'the card has the focus');
  assert.ok((await focused(page)).seen, 'and is in sight');
  const close = await tabTo(page, 'the button that closes the card', (now) => now.tag === 'button' && now.inside.includes('article'));
  assert.ok(close);
  await after(page, () => page.keyboard.press('Escape'));
  assert.equal(await page.locator('#card').count(), 0);
  assert.equal((await focused(page)).href, second.href, 'Escape closes the card and gives the focus back to its row');

  // A list of the keys, and out of it.
  await page.keyboard.press('?');
  assert.ok(await page.locator('#keys').isVisible(), '? shows the keys');
  await accessible(page, `the list of keys, ${language}`);
  await picture(page, `keyboard-keys-${language}`);
  await press(page, 'Escape');
  assert.ok(await page.locator('#keys').isHidden(), 'Escape closes the list');
  assert.equal((await focused(page)).href, second.href, 'the focus is where it was');

  // A record of the card.
  await after(page, () => page.keyboard.press('Enter'));
  await tabTo(page, 'a record that the card rests on', (now) => now.kind.split(' ').includes('record') && now.inside.includes('article'));
  await after(page, () => page.keyboard.press('Enter'));
  assert.match(page.url(), /incident=/, 'Enter opens the record');

  // To the log, and its proof.
  await tabTo(page, 'the page of the log', (now) => /\/audit/.test(now.href) && now.inside.includes('nav'));
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/audit/);
  await settled(page);
  await tabTo(page, 'the number of an entry', (now) => now.field === 'entry');
  await page.keyboard.press('ArrowDown');
  const [proof] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
  assert.match(proof.suggestedFilename(), /^entry-\d+\.proof$/);
  await analyst.leave();
}

// To an address by keyboard alone: what a person types into the browser's own bar.
async function signIn(team, language, name, to) {
  const one = await person({ url: team.url, language });
  const { page } = one;
  await visit(page, inLanguage(`/sign-in?back=${encodeURIComponent(to)}`, language));
  await tabTo(page, 'the name', (now) => now.field === 'name');
  await type(page, name);
  const secret = await press(page, 'Tab');
  assert.equal(secret.field, 'password', 'the password follows the name');
  await type(page, PASSWORD);
  const button = await press(page, 'Tab');
  assert.equal(button.tag, 'button');
  await Promise.all([page.waitForURL((url) => !url.pathname.startsWith('/sign-in')), page.keyboard.press('Enter')]);
  await settled(page);
  return one;
}

async function entry(team, language) {
  // A reply.
  const fresh = (await report('team', { what: 'impact', when: 'now', where: '0.5 0.4 within 500m', means: 'told', source: 'South', by: 'North', basis: 'claimed', marking: 'CLEAR' })).match(/`([^`]+)` is on record/)[1];
  const mira = await signIn(team, language, 'mira', inLanguage('/cases', language));
  const { page } = mira;
  await page.waitForFunction((id) => document.querySelector(`a[href*="/cases/${CSS.escape(id)}"]`), fresh);
  await tabTo(page, 'the case', (now) => now.href.includes(`/cases/${fresh}`));
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(`/cases/${fresh}`));
  await settled(page);
  const skip = await press(page, 'Tab');
  assert.match(skip.href, /^#main/, 'a way past the head');
  await page.keyboard.press('Enter');
  await tabTo(page, 'the words of the reply', (now) => now.field === 'words');
  const words = language === 'uk' ? 'Ми перевіримо це сьогодні.' : 'We look into it today.';
  await type(page, words);
  await press(page, 'Tab');
  await page.keyboard.press('Enter');
  await page.waitForFunction((said) => document.querySelector('main')?.textContent.includes(said) && ![...document.querySelectorAll('textarea')].some((field) => field.value === said), words);
  await mira.leave();

  // A complaint, by somebody without a name.
  const somebody = await person({ url: team.url, language });
  await visit(somebody.page, inLanguage('/bulletin', language));
  await tabTo(somebody.page, 'against whom', (now) => now.field === 'to');
  await somebody.page.keyboard.press('ArrowDown');
  await tabTo(somebody.page, 'what happened', (now) => now.field === 'words', 2);
  await type(somebody.page, language === 'uk' ? 'Гуркіт уночі.' : 'Thunder at night.');
  await press(somebody.page, 'Tab');
  await press(somebody.page, 'Tab');
  await somebody.page.keyboard.press('Enter');
  await somebody.page.locator('.receipt').waitFor();
  await somebody.leave();

  // A decision: proposed by one, confirmed by another.
  const proposed = language === 'uk' ? 'Просити Місію про другий патруль' : 'Ask the Mission for a second patrol';
  const to = inLanguage('/triggers/heavy-fire', language);
  const ihor = await signIn(team, language, 'ihor', to);
  const opened = await tabTo(ihor.page, 'the form that proposes', (now) => now.name === text(language, 'propose-one') || now.field === 'words' && !now.inside.includes('details'));
  if (opened.field !== 'words') {
    await ihor.page.keyboard.press('Enter');
    await tabTo(ihor.page, 'what is decided', (now) => now.field === 'words', 4);
  }
  await type(ihor.page, proposed);
  await tabTo(ihor.page, 'the password', (now) => now.field === 'password', 4);
  await type(ihor.page, PASSWORD);
  await press(ihor.page, 'Tab');
  await ihor.page.keyboard.press('Enter');
  await ihor.page.waitForFunction((said) => [...document.querySelectorAll('blockquote')].some((quote) => quote.textContent.includes(said)), proposed);
  await ihor.leave();

  const olena = await signIn(team, language, 'olena', to);
  await tabTo(olena.page, 'the first decision to sign', (now) => now.tag === 'summary' && now.name === text(language, 'sign-this'));
  await press(olena.page, 'Enter');
  await tabTo(olena.page, 'the step', (now) => now.field === 'step' && now.value === 'confirm', 2);
  await press(olena.page, 'Space');
  await tabTo(olena.page, 'the password', (now) => now.field === 'password', 4);
  await type(olena.page, PASSWORD);
  await press(olena.page, 'Tab');
  await olena.page.keyboard.press('Enter');
  await olena.page.waitForFunction((signed) => document.querySelector('main').textContent.includes(signed), text(language, 'is-signed-by-two'));
  await olena.leave();
}

export default async function keyboard(t, { exercise, team }) {
  for (const language of LANGUAGES) {
    await t.test(`${language}: from the board to the proof`, () => boardToProof(exercise, language));
    await t.test(`${language}: reply, complaint, decision`, () => entry(team, language));
  }
}
