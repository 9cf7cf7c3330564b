/** Makes elements. Text only ever becomes text: nothing here can turn a file's name into markup. */

const DRAWN = 'http://www.w3.org/2000/svg';

/**
 * @param {string} tag
 * @param {Record<string, any>} [given] attributes; `on…` are listeners, `false` and `undefined` are left out
 * @param {...(Node|string|null|undefined|false)} children
 */
export function el(tag, given = {}, ...children) {
  return fill(document.createElement(tag), given, children);
}

/** The same for what is drawn. */
export function svg(tag, given = {}, ...children) {
  return fill(document.createElementNS(DRAWN, tag), given, children);
}

function fill(made, given, children) {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === false || value === null) continue;
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? '' : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** A label and its field. */
export function field(label, given, hint) {
  const id = `field-${given.name}`;
  const note = hint && el('p', { id: `${id}-hint`, class: 'hint' }, hint);
  return el('div', { class: 'field' },
    el('label', { for: id }, label),
    el('input', { id, 'aria-describedby': note ? `${id}-hint` : undefined, ...given }),
    note);
}

/** A label and what may be chosen: pairs of value and text. */
export function choice(label, given, options, hint) {
  const id = `field-${given.name}`;
  const made = el('select', { id, ...given }, ...options.map(([value, text]) => el('option', { value }, text)));
  return el('div', { class: 'field' }, el('label', { for: id }, label), made, hint && el('p', { class: 'hint' }, hint));
}

/**
 * A form that asks once at a time and shows why it was refused.
 * @param {(values: Record<string, string>) => Promise<void>} ask
 * @param {(error: unknown) => string} explain
 */
export function form({ ask, explain, submit, children, kind = 'main' }) {
  const button = el('button', { type: 'submit', class: kind }, submit);
  const alert = el('p', { role: 'alert', class: 'alert' });
  const made = el('form', { novalidate: false }, ...children, alert, button);
  made.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    alert.textContent = '';
    try {
      await ask(Object.fromEntries(new FormData(made)));
    } catch (error) {
      alert.textContent = explain(error);
    } finally {
      button.disabled = false;
    }
  });
  return made;
}

/** Names and what they say. */
export function facts(told) {
  return el('dl', { class: 'facts' }, ...told.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))));
}

/** Show other children, and nothing of what was there. */
export function show(parent, ...children) {
  parent.replaceChildren(...children.filter(Boolean));
}
