// Builds elements. What comes from outside is only ever a text node or the value of a harmless attribute: there is no
// way here to make markup of a text.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element.
 * @param {string} name of the tag
 * @param {object} how `class`, `on` (listeners by event), `style` (properties), `data` (dataset); the rest are attributes:
 *   `true` sets an empty one, `false`, null and undefined leave it out
 * @param {...(Node|string|number|null|false|Array)} children strings become text
 */
export function h(name, how = {}, ...children) {
  return filled(document.createElement(name), how, children);
}

/** The same for SVG. */
export function svg(name, how = {}, ...children) {
  return filled(document.createElementNS(SVG, name), how, children);
}

const FORBIDDEN = /^(on|style$|src|href|action$|formaction$|data$)/i;

function filled(element, { on = {}, style = {}, data = {}, ...attributes }, children) {
  for (const [event, listener] of Object.entries(on)) element.addEventListener(event, listener);
  for (const [property, value] of Object.entries(style)) element.style.setProperty(property, value);
  Object.assign(element.dataset, data);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (FORBIDDEN.test(attribute)) throw new Error(`attribute ${attribute} is not set here`);
    set(element, attribute, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false).map(node));
  return element;
}

const node = (child) => (child instanceof Node ? child : document.createTextNode(String(child)));

/** Sets an attribute where it differs. */
export function set(element, attribute, value) {
  if (value === false || value === null || value === undefined) {
    if (element.hasAttribute(attribute)) element.removeAttribute(attribute);
    return;
  }
  const text = value === true ? "" : String(value);
  if (element.getAttribute(attribute) !== text) element.setAttribute(attribute, text);
}

/** Sets a text where it differs. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A button with a text; `title` says more, `keys` how the keyboard does it. */
export function button(label, act, { class: kind = "", title = null, keys = null, disabled = false, ...more } = {}) {
  return h(
    "button",
    { type: "button", class: kind, title, disabled, "aria-keyshortcuts": keys, on: { click: act }, ...more },
    label,
  );
}

/** A list to choose from. */
export function choice(label, options, value, act, how = {}) {
  const select = h(
    "select",
    { "aria-label": label, on: { change: () => act(select.value) }, ...how },
    options.map(({ name, title }) => h("option", { value: name, selected: name === value }, title)),
  );
  return select;
}

/** A line of the last figures, for the eye alone. */
export function sparkline(values, { width = 72, height = 18 } = {}) {
  const known = values.filter((value) => value !== null);
  const most = Math.max(1e-9, ...known);
  const step = width / Math.max(1, values.length - 1);
  const points = values.map((value, at) => (value === null ? null : `${(at * step).toFixed(1)},${(height - 1 - (value / most) * (height - 2)).toFixed(1)}`));
  return svg(
    "svg",
    { class: "spark", viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" },
    known.length > 1 ? svg("polyline", { points: points.filter(Boolean).join(" ") }) : null,
  );
}

/**
 * Makes the children of `parent` those of `values`. Children are kept by key and only brought up to date: one that is
 * being clicked or has the focus stays.
 * @param {{key: (value) => string, make: (value) => Element, update?: (element: Element, value) => void}} how `make` gives
 *   an element that `update` fills too
 */
export function keyed(parent, values, { key, make, update = () => {} }) {
  const had = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let next = parent.firstElementChild;
  for (const value of values) {
    const name = key(value);
    let element = had.get(name);
    if (element) had.delete(name);
    else {
      element = make(value);
      element.dataset.key = name;
    }
    update(element, value);
    if (element === next) next = next.nextElementSibling;
    else parent.insertBefore(element, next);
  }
  for (const element of had.values()) element.remove();
}
