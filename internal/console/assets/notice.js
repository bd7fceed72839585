/** What the page says to the reader: in passing, and in dialogs that ask. */
import { button, form, h } from './dom.js';

const line = h('div', { class: 'notice', role: 'status', 'aria-live': 'polite', popover: 'manual' });
let fading;

/** Where notices appear; put into the page once. */
export function noticeLine() {
  return line;
}

/** Says something for a while. */
export function say(words) {
  clearTimeout(fading);
  line.hidePopover();
  if (!words) return;
  line.showPopover(); // above a dialog too
  line.replaceChildren(h('span', {}, words));
  fading = setTimeout(() => line.hidePopover(), 6000);
}

/** Does something, and says why when it fails. */
export async function trying(what) {
  try {
    await what();
  } catch (e) {
    if (e.name !== 'AbortError') say(e.message);
  }
}

function open(dialog) {
  document.body.append(dialog);
  dialog.addEventListener('close', () => dialog.remove());
  dialog.showModal();
}

/**
 * Asks before something that cannot be undone. Choices are [value, words, kind]; the
 * answer is the value, or empty for none of them.
 */
export function confirm(title, content, choices, none = 'Cancel') {
  return new Promise((answer) => {
    const dialog = h('dialog', { 'aria-labelledby': 'dialog-title' },
      h('h2', { id: 'dialog-title' }, title), content,
      h('div', { class: 'actions' },
        choices.map(([value, words, kind]) => button(words, () => dialog.close(value), { class: kind })),
        button(none, () => dialog.close(''), { class: 'quiet', autofocus: true })));
    dialog.addEventListener('close', () => answer(dialog.returnValue));
    open(dialog);
  });
}

/**
 * A dialog with a form. submit throws what is wrong, which the dialog then says. When
 * it is closed, what follows is done, unless it was given up.
 */
export function prompt(title, words, fields, submit, follow) {
  const wrong = h('div', {});
  const dialog = h('dialog', { 'aria-labelledby': 'dialog-title' },
    h('h2', { id: 'dialog-title' }, title),
    form(async () => {
      try {
        await submit();
        dialog.addEventListener('close', follow);
        dialog.close();
      } catch (e) {
        wrong.replaceChildren(h('p', { class: 'trouble', role: 'alert' }, e.message));
      }
    }, {}, fields, wrong, h('div', { class: 'actions' },
      h('button', { type: 'submit', class: 'primary' }, words), button('Cancel', () => dialog.close(), { class: 'quiet' }))));
  open(dialog);
}

/** Shows a password this once. */
export function showPassword(name, password) {
  confirm(`The password of ${name}`, h('div', {},
    h('p', {}, 'It is shown this once, and kept nowhere: copy it now.'), copied(password, 'password')), [], 'Done');
}

/** A secret to be copied, with the button for it. */
export function copied(text, what, shown = text) {
  const around = h('div', { class: 'copy' }, h('code', { class: 'secret' }, shown), button(`Copy ${what}`, async () => {
    say(await toClipboard(text, around) ? `Copied the ${what}.` : `This browser does not let the page copy the ${what}.`);
  }));
  return around;
}

/** Copies a text. Without https there is only the old way, from a selection inside the element. */
async function toClipboard(text, inside) {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text).then(() => true, () => false);
  }
  const area = h('textarea', { class: 'unseen', 'aria-hidden': 'true', value: text });
  inside.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  return done;
}
