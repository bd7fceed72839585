// The walks through the console, in their order: each begins where the one before
// ended. What a person would look at is looked at by role and name, as a person with
// a screen reader finds it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A program's call: what it is answered, and the status. */
async function curl(...args) {
  const { stdout } = await run('curl', ['-s', '-m', '20', '-w', '\n%{http_code}', ...args]);
  const cut = stdout.lastIndexOf('\n');
  return { status: Number(stdout.slice(cut + 1)), body: stdout.slice(0, cut) };
}

const heading = (page, name) => page.getByRole('heading', { name, exact: true, level: 1 }).waitFor();
const go = async (page, name, title = name) => {
  await page.getByRole('link', { name, exact: true }).click();
  await heading(page, title);
};
const notice = (page, words) => page.getByRole('status').filter({ hasText: words }).waitFor();

async function logIn(page, name, password) {
  await page.getByLabel('User', { exact: true }).fill(name);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

const clipboard = (page) => page.evaluate(() => navigator.clipboard.readText());
const origin = (settings) => new URL(settings.url).origin;

/** What later walks need of earlier ones. */
const kept = {};

async function anonymous({ page, settings, inspect }) {
  const response = await page.goto(settings.url);
  assert.equal(response.headers()['cache-control'], 'no-store');
  await heading(page, 'Log in');
  assert.equal(await page.getByRole('navigation').count(), 0, 'a stranger sees no way further');
  await inspect('welcome');
}

async function wrongPassword({ page, settings, inspect }) {
  await logIn(page, 'adm', 'wrong');
  await page.getByRole('alert').filter({ hasText: 'do not match' }).waitFor();
  assert.equal(await page.getByLabel('Password', { exact: true }).inputValue(), '');
  await inspect('wrong');
  assert.equal(page.url(), settings.url, 'the address holds nothing of it');
}

async function byKeyboard({ page, settings }) {
  await page.goto(settings.url);
  await heading(page, 'Log in');
  const reach = async (name) => {
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate(() => document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent);
      if (at === name) return;
    }
    assert.fail(`${name} is not reached by Tab`);
  };
  await reach('User');
  await page.keyboard.type('adm');
  await reach('Password');
  await page.keyboard.type(settings.passwords.adm);
  await page.keyboard.press('Enter');
  await heading(page, 'Your token');
  await reach('Users');
  await page.keyboard.press('Enter');
  await heading(page, 'Users');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'view', 'the focus follows the view');
  await reach('New user');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await reach('Token');
  await page.keyboard.press('Enter');
  await heading(page, 'Your token');
}

async function countdownAndCopy({ page, settings, inspect }) {
  const left = page.getByRole('timer');
  const first = await left.textContent();
  await page.waitForFunction((was) => document.querySelector('[role=timer]').textContent < was, first);
  await page.getByRole('button', { name: 'Copy token' }).click();
  await notice(page, 'Copied the token.');
  kept.token = await clipboard(page);
  const who = await curl('-H', `X-CM-WELL-TOKEN: ${kept.token}`, `${settings.url}?op=whoami`);
  assert.equal(JSON.parse(who.body).user, 'adm');
  await page.getByRole('button', { name: 'Copy curl line' }).click();
  await notice(page, 'Copied the curl line.');
  const line = await clipboard(page);
  const { stdout } = await run('sh', ['-c', `${line} -s -m 20 -o /dev/null -w '%{http_code}'`]);
  assert.equal(stdout, '200', line);
  const stored = await page.evaluate(() => JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, location.href]));
  assert.ok(!stored.includes(kept.token), 'the token is in memory alone');
  await inspect('token');
}

async function inspectTokens({ page, settings, inspect }) {
  const look = async (raw, words) => {
    await page.getByLabel('Token', { exact: true }).fill(raw);
    await page.getByRole('button', { name: 'Inspect' }).click();
    await page.getByText(words).first().waitFor();
  };
  await look(kept.token, 'Valid');
  const exp = JSON.parse(Buffer.from(kept.token.split('.')[1], 'base64url')).exp;
  await page.getByText(String(exp), { exact: true }).waitFor();
  await page.getByText(String(Math.floor(exp / 1000)), { exact: true }).waitFor();
  await inspect('inspect');
  await look(settings.expired, 'It has expired.');
  await look(settings.foreign, 'signed with a key that this door does not have');
  await look('nonsense', 'A token has three parts');
}

async function createUser({ page, settings, inspect }) {
  await go(page, 'Users');
  await page.getByRole('link', { name: 'ann', exact: true }).waitFor();
  await inspect('users');
  await page.getByLabel('Search users by name').fill('AN');
  await page.getByRole('link', { name: 'bob', exact: true }).waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'ann', exact: true }).waitFor();
  await page.getByLabel('Search users by name').fill('nobody-of-that-name');
  await page.getByText('Nobody by that name').waitFor();
  await page.getByRole('button', { name: 'New user' }).click();
  await page.getByLabel('Name', { exact: true }).fill('ann');
  await page.getByRole('button', { name: 'Make the user' }).click();
  await page.getByRole('alert').filter({ hasText: 'exists already' }).waitFor();
  await page.getByLabel('Name', { exact: true }).fill('newapp');
  await page.getByRole('button', { name: 'Make the user' }).click();
  await heading(page, 'newapp');
  await page.getByRole('button', { name: 'Copy password' }).click();
  kept.password = await clipboard(page);
  assert.match(kept.password, /^[A-Z2-7]{26}$/);
  await inspect('password');
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByText(kept.password).waitFor({ state: 'detached' });
  const got = await curl('-u', `newapp:${kept.password}`, `${origin(settings)}/_login`);
  assert.equal(got.status, 200, got.body);
  kept.app = JSON.parse(got.body).token;
}

const write = (settings, token, path) => curl('-X', 'PUT', '-d', 'x', '-H', `X-CM-WELL-TOKEN: ${token}`, `${origin(settings)}${path}`);

async function editPath({ page, settings, inspect }) {
  assert.equal((await write(settings, kept.app, '/tests/x')).status, 403);
  await page.getByRole('button', { name: 'Add a path' }).click();
  await page.getByLabel('Path', { exact: true }).fill('/tests');
  await page.getByRole('button', { name: 'Add a path' }).click();
  await page.getByLabel('Path', { exact: true }).last().fill('/tests/secret');
  await page.getByLabel('Sign').last().selectOption('deny');
  await inspect('user');
  await page.getByRole('button', { name: 'Save' }).click();
  await notice(page, 'Saved.');
  assert.equal((await write(settings, kept.app, '/tests/x')).status, 200);
  assert.equal((await write(settings, kept.app, '/tests/secret/x')).status, 403);
}

async function overtaken({ page, settings }) {
  const place = `${origin(settings)}/meta/auth/users/newapp`;
  const before = await curl('-H', `X-CM-WELL-TOKEN: ${kept.token}`, place);
  const changed = JSON.stringify({ ...JSON.parse(before.body), email: 'new@example.org' });
  await curl('-H', `X-CM-WELL-TOKEN: ${kept.token}`, '-H', 'X-CM-Well-Type: File', '--data-binary', changed, place);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('alert').filter({ hasText: 'Somebody else has changed it' }).waitFor();
  const after = await curl('-H', `X-CM-WELL-TOKEN: ${kept.token}`, place);
  assert.equal(JSON.parse(after.body).email, 'new@example.org', 'their change is not lost');
}

async function explain({ page, inspect }) {
  await page.getByRole('link', { name: 'What may it do?' }).click();
  await heading(page, 'What if');
  const ask = async (path, words) => {
    await page.getByLabel('Path', { exact: true }).fill(path);
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByText(words).first().waitFor();
  };
  assert.equal(await page.getByLabel('User', { exact: true }).inputValue(), 'newapp');
  await ask('/tests/a b', 'Passes');
  await ask('/tests/secret/deep', 'denies it');
  await page.getByText('+ /tests/* rw', { exact: false }).first().waitFor();
  await inspect('whatif');
  await ask('/elsewhere', 'no entry of the user');
}

async function paths({ page, inspect }) {
  await go(page, 'Paths');
  await page.getByText('/secret', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Why may newapp write to /tests', exact: true }).waitFor();
  await inspect('paths');
  await page.getByRole('link', { name: 'Why may newapp write to /tests', exact: true }).click();
  await page.getByText('Passes', { exact: true }).waitFor();
}

async function revoke({ page, settings, inspect }) {
  await go(page, 'Users');
  await page.getByRole('link', { name: 'newapp', exact: true }).click();
  await heading(page, 'newapp');
  await page.getByRole('button', { name: 'Revoke tokens' }).click();
  await page.getByText('One token of newapp was used').waitFor();
  await inspect('revoke');
  await page.getByRole('button', { name: 'Revoke them' }).click();
  await notice(page, 'Every token of newapp is dead.');
  assert.equal((await write(settings, kept.app, '/tests/x')).status, 401);
}

async function lockout({ page, settings, inspect }) {
  const login = (password) => curl('-u', `bob:${password}`, `${origin(settings)}/_login`);
  await go(page, 'Lock-outs');
  await page.getByText('Nobody is locked out').waitFor();
  for (let i = 0; i < 3; i++) await login('wrong');
  assert.equal((await login(settings.passwords.bob)).status, 429);
  await go(page, 'Keys');
  await go(page, 'Lock-outs');
  await page.getByRole('button', { name: 'Release bob for 127.0.0.1' }).waitFor();
  await inspect('lockouts');
  await page.getByRole('button', { name: 'Release bob for 127.0.0.1' }).click();
  await page.getByText('Nobody is locked out').waitFor();
  assert.equal((await login(settings.passwords.bob)).status, 200);
}

async function activity({ page, settings, inspect }) {
  await curl(`${origin(settings)}/meta/auth/users/${kept.token}`);
  await go(page, 'Activity');
  await page.getByText('revoke the tokens of user newapp').first().waitFor();
  await page.getByRole('img', { name: /refusals in the last hour/ }).waitFor();
  assert.ok(await page.locator('.chart rect').count() > 0);
  await page.getByLabel('Refusals by', { exact: true }).selectOption('user');
  await page.getByRole('region', { name: 'Refusals by user' }).getByText('newapp').waitFor();
  const before = await page.getByRole('region', { name: 'Audit log' }).getByRole('row').count();
  await curl('-u', `ann:${settings.passwords.ann}`, `${origin(settings)}/_login`);
  await page.waitForFunction((n) => document.querySelectorAll('[aria-label="Audit log"] tr').length > n, before);
  await page.getByRole('button', { name: 'Pause' }).click();
  const shown = await page.getByRole('main').innerText();
  assert.ok(!shown.includes(kept.token) && shown.includes('REDACTED'), 'no secret is shown');
  await inspect('activity');
}

async function textStaysText({ page, settings, inspect }) {
  const innocent = async (where) => {
    assert.equal(await page.locator('img').count(), 1, `${where}: the only picture is the door's`);
    assert.equal(await page.evaluate(() => window.hacked), undefined, where);
  };
  await go(page, 'Users');
  await page.getByRole('link', { name: 'mallory', exact: true }).click();
  await page.getByText(settings.markup).first().waitFor();
  assert.equal(await page.getByLabel('Path', { exact: true }).first().inputValue(), `/${settings.markup}`);
  await innocent('a user');
  await go(page, 'Paths');
  await page.getByText(`/${settings.markup}`).first().waitFor();
  await innocent('the paths');
  await go(page, 'Doors');
  await page.getByText('Well', { exact: true }).waitFor();
  await page.getByText(`/${settings.markup}`).first().waitFor();
  await innocent('the warnings');
  await inspect('doors');
  const good = await readFile(settings.users, 'utf8');
  await writeFile(settings.users, good.replace('"users":{', () => `"users":{${JSON.stringify(settings.markup)}:{},`));
  await untilDoors(page, 'In trouble');
  await page.getByText(settings.markup).first().waitFor();
  await innocent('a name in the users file');
  await writeFile(settings.users, good);
  await untilDoors(page, 'Well');
  await page.goto(`${settings.url}#users/${encodeURIComponent(settings.markup)}`);
  await page.getByRole('heading', { name: settings.markup, exact: true }).waitFor();
  await page.getByRole('alert').waitFor();
  await innocent('a name in the address');
}

/** Looks at the doors until they are so. */
async function untilDoors(page, words) {
  for (let i = 0; i < 50; i++) {
    await go(page, 'Keys');
    await go(page, 'Doors');
    await page.locator('dl').first().waitFor();
    if (await page.getByText(words, { exact: true }).count()) return;
  }
  assert.fail(`the doors are never shown as ${words}`);
}

async function roles({ page, inspect }) {
  await go(page, 'Roles');
  await page.getByText('No roles yet').waitFor();
  await page.getByRole('button', { name: 'New role' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Editor');
  await page.getByRole('button', { name: 'Make the role' }).click();
  await heading(page, 'Editor');
  await inspect('role');
  await go(page, 'Users');
  await page.getByRole('link', { name: 'newapp', exact: true }).click();
  await page.getByLabel('Editor', { exact: true }).check();
  await page.getByRole('button', { name: 'Save' }).click();
  await notice(page, 'Saved.');
  await page.getByRole('button', { name: 'Delete user' }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await notice(page, 'newapp is deleted.');
}

async function keys({ page, settings, inspect }) {
  await go(page, 'Keys');
  await page.getByText('signing', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Rotate keys' }).click();
  await page.getByText('next', { exact: true }).waitFor();
  await inspect('keys');
  assert.equal((await curl('-H', `X-CM-WELL-TOKEN: ${kept.token}`, `${settings.url}?op=whoami`)).status, 200, 'nobody notices');
}

async function changePassword({ page, settings }) {
  await go(page, 'Token', 'Your token');
  await page.getByLabel('Current password').fill(settings.passwords.adm);
  await page.getByLabel('New password', { exact: true }).fill('another one');
  await page.getByLabel('New password again').fill('another two');
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByRole('alert').filter({ hasText: 'differ' }).waitFor();
  await page.getByLabel('New password again').fill('another one');
  await page.getByRole('button', { name: 'Change password' }).click();
  await notice(page, 'Your password is changed.');
  assert.equal((await curl('-H', `X-CM-WELL-TOKEN: ${kept.token}`, `${settings.url}?op=whoami`)).status, 401, 'the former token is dead');
}

async function logOut({ page, settings, inspect }) {
  await page.getByRole('button', { name: 'Copy token' }).click();
  await notice(page, 'Copied the token.');
  const token = await clipboard(page);
  await page.getByRole('button', { name: 'Log out' }).click();
  await inspect('logout');
  await page.getByRole('button', { name: 'Log out everywhere' }).click();
  await heading(page, 'Log in');
  await notice(page, 'You are logged out.');
  assert.equal((await curl('-H', `X-CM-WELL-TOKEN: ${token}`, `${settings.url}?op=whoami`)).status, 401);
}

async function withoutAdmin({ page, settings }) {
  await logIn(page, 'ann', settings.passwords.ann);
  await heading(page, 'Your token');
  assert.deepEqual(await page.getByRole('navigation').getByRole('link').allTextContents(), ['Token', 'What if']);
  await page.goto(`${settings.url}#users`);
  await heading(page, 'Your token');
  await go(page, 'What if');
  await page.getByLabel('Path', { exact: true }).fill('/tests/x');
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.getByText('Passes', { exact: true }).waitFor();
  await page.reload();
  await heading(page, 'Log in');
}

export const walks = [
  ['a stranger sees the login', anonymous],
  ['a wrong password is said', wrongPassword],
  ['one logs in and goes about by keyboard', byKeyboard],
  ['the token counts down and is copied', countdownAndCopy],
  ['a pasted token is read', inspectTokens],
  ['a user is made and used with curl', createUser],
  ['a path is edited, and a write is allowed', editPath],
  ['who is overtaken is told', overtaken],
  ['what a user may do is explained', explain],
  ['the paths show who may write', paths],
  ['tokens are revoked and die', revoke],
  ['who is locked out is released', lockout],
  ['refusals and the audit log are shown, without a secret', activity],
  ['text stays text', textStaysText],
  ['roles are made and given', roles],
  ['keys are rotated', keys],
  ['the own password is changed', changePassword],
  ['logging out ends the token', logOut],
  ['who has no Admin sees less', withoutAdmin],
];
