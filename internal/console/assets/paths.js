/** All paths that some entry names, as a tree, coloured by who may write to them. */
import { card, chip, empty, h, settle } from './dom.js';
import { look } from './door.js';
import { mine } from './session.js';

/** The view. */
export function pathsView({ signal }) {
  const content = h('div', {}, h('p', { class: 'calm' }, 'Asking who may write where …'));
  settle(content, () => load(signal));
  return h('div', { class: 'view' },
    h('h1', {}, 'Paths'),
    h('p', { class: 'lead' }, 'Who may write at the paths that some entry names. The same holds below a path, until another one is named.'),
    content);
}

async function load(signal) {
  const found = await mine((token) => look('writers', {}, token, signal));
  if (found.paths.length === 0) return empty('No paths yet', 'No user and no role has an entry.');
  return card(`${found.paths.length} paths, ${found.users} users`, legend(), h('div', { class: 'tree' }, tree(found)),
    found.moreUsers + found.morePaths > 0 && h('p', { class: 'calm' }, `Not looked at: ${found.moreUsers} more users, ${found.morePaths} more paths.`));
}

function legend() {
  return h('p', { class: 'legend' }, 'Write: ', [['nobody', 'none'], ['few', 'few'], ['many', 'many'], ['everybody', 'all']]
    .map(([words, kind]) => h('span', { class: `writes ${kind}` }, words)));
}

/** The kind of a path, by how many of all users write to it. */
function share(count, users) {
  if (count === 0) return 'none';
  if (count === users) return 'all';
  return count * 2 > users ? 'many' : 'few';
}

/** Nested lists. The door lists a path before those below it, and all that are between. */
function tree({ paths, users }) {
  const items = new Map();
  const top = h('ul', {});
  for (const at of paths) {
    const item = h('li', {}, node(at, users));
    const above = at.path === '/' ? null : items.get(at.path.slice(0, at.path.lastIndexOf('/')) || '/');
    if (above && above.lastChild.tagName !== 'UL') above.append(h('ul', {}));
    (above ? above.lastChild : top).append(item);
    items.set(at.path, item);
  }
  return top;
}

function node({ path, writers, count }, users) {
  const rest = count - writers.length;
  const name = path === '/' ? '/' : path.slice(path.lastIndexOf('/'));
  return h('div', { class: 'node' },
    h('code', { title: path }, name),
    h('span', { class: `writes ${share(count, users)}` }, count === 0 ? 'nobody' : `${count} of ${users}`),
    h('span', { class: 'writers' }, writers.map((user) => h('a', {
      href: `#whatif/${encodeURIComponent(user)}/${encodeURIComponent(path)}`, 'aria-label': `Why may ${user} write to ${path}`,
    }, user)), rest > 0 && chip(`and ${rest} more`)));
}
