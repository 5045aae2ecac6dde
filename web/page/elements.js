/** Makes and finds elements. Text is only inserted as text: titles and values come from handlers that anyone may write. */

/**
 * Attributes of an element (null, undefined and false: none), members of its dataset, and listeners by event.
 * @typedef {{data?: Record<string, string|number>, on?: Record<string, (event: any) => void>,
 *   [attribute: string]: unknown}} Properties
 */

/**
 * Makes an element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Properties} [properties]
 * @param {...(Node|string|null)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  const { data = {}, on = {}, ...attributes } = properties;
  Object.assign(element.dataset, data);
  for (const [type, listener] of Object.entries(on)) element.addEventListener(type, listener);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/**
 * Finds the element of a selector, which has to be there and of that class.
 * @template {Element} T
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} type
 * @returns {T}
 */
export function find(root, selector, type) {
  const element = root.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`the page has no ${type.name} ${selector}`);
  return element;
}

/**
 * Changes the text only when it differs, so that nothing is laid out or announced without need.
 * @param {Element} element
 * @param {unknown} text
 */
export function setText(element, text) {
  const value = String(text);
  if (element.textContent !== value) element.textContent = value;
}

/**
 * Returns a function that calls `draw` at most once for each animation frame, however often it is called.
 * @param {() => void} draw
 */
export function oncePerFrame(draw) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  };
}
