/**
 * Elements, made of values. Whatever is shown goes in as text or as an attribute:
 * nothing on this page reads HTML.
 */

const SVG = 'http://www.w3.org/2000/svg';

/** An HTML element. A property that begins with "on" is a listener, false and null leave it out. */
export function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** An SVG element. */
export function s(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'value' || name === 'checked') element[name] = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return element;
}

let numbered = 0;

/** A control with its label, and a hint where there is one. */
export function field(label, control, hint = '') {
  control.id ||= `field-${++numbered}`;
  const described = hint && h('small', { id: `${control.id}-hint` }, hint);
  if (described) control.setAttribute('aria-describedby', described.id);
  return h('div', { class: 'field' }, h('label', { for: control.id }, label), control, described);
}

/** A choice of one of some values, given as [value, words]. */
export function choice(chosen, options, properties = {}) {
  const select = h('select', properties, options.map(([value, words]) => h('option', { value }, words)));
  select.value = chosen;
  return select;
}

/** A tick with its words. */
export function tick(words, checked, properties = {}) {
  return h('label', { class: 'tick' }, h('input', { type: 'checkbox', checked, ...properties }), h('span', {}, words));
}

/** A button, which is dead while what it does is going on. */
export function button(words, act, properties = {}) {
  const made = h('button', {
    type: 'button',
    ...properties,
    onclick: async () => {
      made.setAttribute('aria-busy', 'true');
      made.disabled = true;
      try {
        await act();
      } finally {
        made.disabled = false;
        made.removeAttribute('aria-busy');
      }
    },
  }, words);
  return made;
}

/** A form that nobody's browser sends: submit is given the form. */
export function form(submit, properties, ...children) {
  const made = h('form', {
    method: 'post',
    ...properties,
    onsubmit: async (event) => {
      event.preventDefault();
      const buttons = [...made.querySelectorAll('button[type=submit]')];
      for (const b of buttons) b.disabled = true;
      try {
        await submit(made);
      } finally {
        for (const b of buttons) b.disabled = false;
      }
    },
  }, ...children);
  return made;
}

/** A table that scrolls by itself where it is too wide. Columns are [heading, class]. */
export function table(name, columns, rows) {
  const head = columns.map(([words, kind]) => h('th', { scope: 'col', class: kind }, words));
  const body = rows.map((cells) => h('tr', {}, cells.map((cell, i) => h('td', { class: columns[i][1] }, cell))));
  return h('div', { class: 'scroll', role: 'region', 'aria-label': name, tabindex: '0' },
    h('table', {}, h('thead', {}, h('tr', {}, head)), h('tbody', {}, body)));
}

/** A part of a view, with its heading. */
export function card(title, ...children) {
  return h('section', { class: 'card' }, h('h2', {}, title), ...children);
}

/** What is said where there is nothing to show. */
export function empty(title, words) {
  return h('div', { class: 'empty' }, h('strong', {}, title), h('p', {}, words));
}

/** A short word with a colour: good, bad, warn or calm. */
export function chip(words, kind = 'calm') {
  return h('span', { class: `chip ${kind}` }, words);
}

/** What went wrong, for a reader and for who listens. */
export function trouble(error) {
  return h('p', { class: 'trouble', role: 'alert' }, error.message);
}

/**
 * Puts what is made into the place, or why it could not be. What is made is an
 * element, or several; what nobody waits for any more is let be.
 */
export async function settle(place, make) {
  try {
    place.replaceChildren(...[await make()].flat());
  } catch (e) {
    if (e.name !== 'AbortError') place.replaceChildren(trouble(e));
  }
}
