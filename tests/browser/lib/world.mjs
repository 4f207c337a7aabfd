// What the journeys go through: workspaces that the program itself makes, served on free ports.
//
// - the exercise: `servanda demo`, two years of an exercise stream, nobody signs in;
// - the team: `servanda new` with an article more, accounts, reports and an allegation, open to the public;
// - the post: `servanda new`, which takes in what a patrol delivers.
import { execFile, spawn } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from './places.mjs';
import { PAGES } from './routes.mjs';

export const PASSWORD = 'a bridge over the river';
const ARTICLE = readFileSync(new URL('../article.md', import.meta.url), 'utf8');

const folder = mkdtempSync(join(tmpdir(), 'servanda-journeys-'));
const servers = [];

// Runs the program; what it printed is the answer.
export function servanda(args, { input = '' } = {}) {
  return new Promise((done, fail) => {
    const child = execFile(program(), args, { cwd: folder, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error) fail(new Error(`servanda ${args.join(' ')}\n${stderr}${stdout}`));
      else done(stdout);
    });
    child.stdin.on('error', () => {}); // a command that reads nothing may have ended
    child.stdin.end(input);
  });
}

// Serves a workspace on a free port.
export async function serve(workspace, args = []) {
  const child = spawn(program(), ['serve', workspace, '--port', '0', ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let told = '';
  const url = await new Promise((done, fail) => {
    const hear = (bytes) => {
      told += bytes;
      const found = told.match(/https?:\/\/127\.0\.0\.1:\d+/);
      if (found) done(found[0]);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', fail);
    child.on('exit', (code) => fail(new Error(`servanda serve ${workspace} ended with ${code}:\n${told}`)));
    setTimeout(() => fail(new Error(`servanda serve ${workspace} names no address in two minutes:\n${told}`)), 120000).unref();
  });
  const ended = new Promise((done) => child.on('exit', done));
  const server = {
    url, told: () => told, pid: child.pid,
    async stop() {
      child.kill('SIGTERM');
      const stuck = setTimeout(() => child.kill('SIGKILL'), 15000);
      await ended;
      clearTimeout(stuck);
    },
  };
  servers.push(server);
  return server;
}

export const place = (name) => join(folder, name);

// The workspace of `servanda new`, speaking of now, with an article more.
export async function small(name, settings = '') {
  await servanda(['new', name]);
  const file = join(folder, name, 'servanda.toml');
  const text = readFileSync(file, 'utf8');
  const now = text.replace(/\[clock\]\nat = .*\n/, '');
  if (now === text) throw new Error('`servanda new` writes no [clock] any more; the journeys have to be told');
  writeFileSync(file, now.replace('[serve]\n', `[serve]\n${settings}`));
  appendFileSync(join(folder, name, 'river-truce.pact.md'), ARTICLE);
  await servanda(['check', join(name, 'river-truce.pact.md')]);
}

export async function exercise() {
  await servanda(['demo', 'exercise', '--no-serve']);
  if (PAGES.includes('/plans')) {
    mkdirSync(place('exercise/plans'));
    copyFileSync(new URL('../support.csv', import.meta.url), place('exercise/plans/support.csv'));
    appendFileSync(place('exercise/servanda.toml'), '\n[plans.support]\nask = ["support", "--entries", "plans/support.csv", "--at", "2026-09-30"]\n');
  }
  return { folder: 'exercise', ...await serve('exercise') };
}

export const report = (workspace, answers) => servanda(['record', '--into', workspace, '--yes', ...Object.entries(answers).flatMap(([key, value]) => ['--set', `${key}=${value}`])]);
const name = (printed) => printed.match(/`([^`]+)` is on record/)[1];

const ACCOUNTS = {
  mira: ['--party', 'North', '--role', 'reader', '--role', 'reporter'],
  ihor: ['--role', 'reader', '--role', 'officer'],
  olena: ['--role', 'reader', '--role', 'officer'],
  anna: ['--role', 'reader', '--role', 'auditor'],
};

// A witness of each side signs the log, and both sides' policy says that both must have.
async function witnessed(workspace) {
  const log = join(workspace, 'log');
  const secret = join(workspace, 'secret', 'log.key');
  const vkey = readFileSync(place(join(log, 'vkey')), 'utf8').trim();
  const sides = ['north', 'south'];
  const keys = {};
  for (const side of sides) {
    keys[side] = (await servanda(['log', 'witness', 'init', `witness-${side}`, '--name', `witness.${side}.example`])).trim().split('\n').pop();
    await servanda(['log', 'witness', 'watch', `witness-${side}`, vkey]);
  }
  const policy = place(`${workspace}.policy`);
  writeFileSync(policy, await servanda(['log', 'policy', 'both-sides', '--log', vkey, ...sides.flatMap((side) => ['--side', `${side}=${keys[side]}`])]));
  await servanda(['log', 'propose', log, '--key', secret]);
  await servanda(['log', 'request', log, '--old', '0', '--out', 'request']);
  for (const side of sides) await servanda(['log', 'witness', 'answer', `witness-${side}`, 'request', '--out', `${side}.line`]);
  await servanda(['log', 'cosign', log, '--key', secret, '--policy', policy, '--lines', ...sides.map((side) => `${side}.line`)]);
  return policy;
}

export async function team() {
  await small('team', 'public = true\n');
  const seen = name(await report('team', { what: 'shot', when: 'now', where: '0.5 0.5 within 500m', means: 'seen', source: 'Patrol North 2', by: 'South', marking: 'CLEAR' }));
  const alleged = name(await report('team', { what: 'burst', when: 'now', where: '0.4 0.6 within 500m', means: 'told', source: 'South', by: 'North', basis: 'claimed', marking: 'CLEAR', remark: 'eight shots from the northern bank' }));
  const second = name(await report('team', { what: 'explosion', when: 'now', where: '0.6 0.6 within 500m', means: 'told', source: 'South', by: 'North', basis: 'claimed', marking: 'CLEAR' }));
  const held = name(await report('team', { what: 'shot', when: 'now', where: '0.5 0.3 within 500m', means: 'heard', source: 'Patrol North 3', marking: 'AMBER' }));
  for (const [who, roles] of Object.entries(ACCOUNTS)) {
    await servanda(['account', 'set', who, ...roles, '--clearance', 'TLP:RED', '--password-stdin', '--workspace', 'team'], { input: `${PASSWORD}\n` });
  }
  const policy = await witnessed('team');
  return { folder: 'team', seen, held, policy, allegations: { en: alleged, uk: second }, ...await serve('team') };
}

export async function post() {
  await small('post');
  return { folder: 'post', ...await serve('post', ['--intake']) };
}

export async function end() {
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(folder, { recursive: true, force: true });
}
