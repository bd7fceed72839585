/** One user or role: what it may do, edited as a whole, and what can be done to it. */
import { button, card, form, h, settle, tick, trouble } from './dom.js';
import { act, deleteDocument, look, readDocument, writeDocument } from './door.js';
import { pathsEditor } from './entries.js';
import { confirm, say, showPassword, trying } from './notice.js';
import { mine, session } from './session.js';

const OPERATIONS = [
  ['Admin', 'may change users, and see this page whole'],
  ['Overwrite', 'may write history by /_ow'],
  ['PriorityWrite', 'may write with ?priority'],
];

const NOBODY = 'anonymous';

/** The view of a user or role. */
export function memberView(kind, name) {
  const content = h('div', { class: 'stack' });
  load(content, kind, name);
  return h('div', { class: 'view' },
    h('p', { class: 'back' }, h('a', { href: `#${kind}` }, kind === 'users' ? '← All users' : '← All roles')),
    h('h1', { class: 'name' }, name), content);
}

function load(content, kind, name) {
  return settle(content, async () => {
    const { text, tag } = await mine((token) => readDocument(kind, name, token));
    const document = parsed(text);
    const roles = kind === 'users' ? await allRoles() : [];
    return [
      editor(kind, name, document, tag, roles, () => load(content, kind, name)),
      kind === 'users' && name !== NOBODY ? secrets(name, document) : '',
      removal(kind, name),
    ];
  });
}

/** A document with its numbers as they were written, where the browser can keep them so. */
function parsed(text) {
  return JSON.parse(text, (_, value, context) => (
    typeof value === 'number' && JSON.rawJSON && context && String(value) !== context.source ? JSON.rawJSON(context.source) : value));
}

async function allRoles() {
  const page = await mine((token) => look('roles', { limit: '1000' }, token));
  return page.roles.map((r) => r.name);
}

/** What it may do. What the page does not know of the document stays as it is. */
function editor(kind, name, document, tag, known, saved) {
  const paths = pathsEditor(document.paths ?? []);
  const held = document.operations ?? [];
  const operations = OPERATIONS.map(([operation, why]) => [operation, tick(`${operation}: ${why}`, held.includes(operation))]);
  const given = document.roles ?? [];
  const roles = [...new Set([...given, ...known])].sort().map((role) => [role, tick(known.includes(role) ? role : `${role} (does not exist)`, given.includes(role))]);
  const ticked = (list) => list.filter(([, label]) => label.firstChild.checked).map(([value]) => value);
  const wrong = h('div', {});
  const save = async () => {
    wrong.replaceChildren();
    const next = { ...document, paths: paths.entries() };
    if (operations.length && (held.length || ticked(operations).length)) next.operations = ticked(operations);
    if (kind === 'users' && (given.length || ticked(roles).length)) next.roles = ticked(roles);
    try {
      await mine((token) => writeDocument(kind, name, JSON.stringify(next), tag, token));
      say(`Saved. It holds from the next request on.`);
      await saved();
    } catch (e) {
      const words = e.status === 412 ? new Error('Somebody else has changed it meanwhile. Open it anew, and make your changes there.') : e;
      wrong.replaceChildren(trouble(words));
    }
  };
  return form(save, { class: 'stack' },
    card('Paths', h('p', { class: 'calm' }, 'Where entries of the same rank meet, deny wins. A user\'s own entries decide before those of its roles.'), paths.element),
    kind === 'users' && name === NOBODY ? '' : card('Operations', h('fieldset', {}, h('legend', { class: 'unseen' }, 'Operations'), operations.map(([, label]) => label))),
    kind === 'users' && name !== NOBODY && card('Roles', roles.length
      ? h('fieldset', {}, h('legend', { class: 'unseen' }, 'Roles'), roles.map(([, label]) => label))
      : h('p', { class: 'calm' }, 'There are no roles yet.')),
    wrong,
    h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'primary' }, 'Save'),
      kind === 'users' && h('a', { class: 'button', href: `#whatif/${encodeURIComponent(name)}` }, 'What may it do?')));
}

function secrets(name, document) {
  return card('Password and tokens',
    h('dl', {},
      ['email', 'first', 'last'].filter((key) => document[key]).map((key) => h('div', {}, h('dt', {}, key), h('dd', {}, String(document[key])))),
      h('div', {}, h('dt', {}, 'Revision'), h('dd', {}, String(document.rev ?? 0)))),
    h('p', { class: 'calm' }, 'Both of these end every token that the user has now.'),
    h('div', { class: 'actions' },
      button('New password', () => trying(async () => {
        if (await confirm(`A new password for ${name}`, await preview(name), [['yes', 'Make a new password', 'danger']])) await resetPassword(name);
      })),
      button('Revoke tokens', () => trying(async () => {
        if (!await confirm(`Revoke the tokens of ${name}`, await preview(name), [['yes', 'Revoke them', 'danger']])) return;
        await mine((token) => act('revoke', { user: name }, token));
        say(`Every token of ${name} is dead.`);
      }))));
}

/** How many programs would have to log in again. */
async function preview(name) {
  const { tokens, within } = await mine((token) => look('seen', { user: name }, token));
  const seen = tokens === 0 ? `No token of ${name} was` : tokens === 1 ? `One token of ${name} was` : `${tokens} tokens of ${name} were`;
  return h('div', {},
    h('p', {}, h('strong', {}, `${seen} used at this server within ${within}.`)),
    h('p', {}, `All of them die at once, and so do those that were not used. Whoever has one must log in again.${name === session().user ? ' So must you.' : ''}`));
}

/** Gives a user a random password, and shows it this once. */
export async function resetPassword(name) {
  const { password } = await mine((token) => act('reset-password', { user: name }, token));
  showPassword(name, password);
}

function removal(kind, name) {
  const one = kind === 'users' ? 'user' : 'role';
  return card('Delete', h('p', { class: 'calm' }, kind === 'users'
    ? 'Its tokens die with it, and do not live again if a user of this name is made anew.'
    : 'Users that have the role lose what it gives.'),
  h('div', { class: 'actions' }, button(`Delete ${one}`, () => trying(async () => {
    const words = h('p', {}, 'This cannot be undone.');
    if (!await confirm(`Delete ${one} ${name}?`, words, [['yes', 'Delete', 'danger']])) return;
    await mine((token) => deleteDocument(kind, name, token));
    say(`${name} is deleted.`);
    location.hash = `#${kind}`;
  }), { class: 'danger' })));
}
