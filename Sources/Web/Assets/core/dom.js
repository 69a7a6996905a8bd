// Elements are made here and nowhere else: text only ever becomes a text node, so nothing that a label or a log line
// holds can become markup.

/// Makes an element. Properties that begin with "on" are listeners, `class` and `style` are what they are in markup,
/// null and false are left out; children are nodes, texts, or arrays of them.
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  apply(element, properties);
  append(element, children);
  return element;
}

const svgSpace = "http://www.w3.org/2000/svg";

/// The same for pictures.
export function svg(tag, properties, ...children) {
  const element = document.createElementNS(svgSpace, tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2).toLowerCase(), value);
    else element.setAttribute(name, value);
  }
  append(element, children);
  return element;
}

function apply(element, properties) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    const isState = name.startsWith("aria-") && typeof value === "boolean";
    if (value === null || value === undefined || (value === false && !isState)) continue;
    if (name === "class") element.className = Array.isArray(value) ? value.filter(Boolean).join(" ") : value;
    else if (name === "style") Object.assign(element.style, value);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2).toLowerCase(), value);
    else if (name.startsWith("aria-")) element.setAttribute(name, String(value));
    else if (name in element && name !== "role" && name !== "list") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
}

function append(element, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child instanceof Node ? child : String(child));
  }
}

/// Puts other children into an element.
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/// An address that may stand behind a link: pages and mail, never a script. Null otherwise.
export function safeAddress(text) {
  try {
    const url = new URL(text, location.href);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/// A link that stays within the pages; the router takes its clicks.
export function link(href, properties, ...children) {
  const address = safeAddress(href);
  if (address === null) {
    return h("span", { ...properties, title: "this address is not one of the web" }, ...children);
  }
  const isOutside = new URL(address).origin !== location.origin;
  return h("a", { href: address, rel: isOutside ? "noreferrer noopener" : null, ...properties }, ...children);
}

/// Calls once things have been quiet for a while.
export function debounced(milliseconds, action) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...values), milliseconds);
  };
}

let pen = null;

/// How wide a text in half-bold letters is, in sizes of its letters.
export function textWidth(text) {
  pen ??= document.createElement("canvas").getContext("2d");
  pen.font = `600 100px ${getComputedStyle(document.body).fontFamily}`;
  return pen.measureText(text).width / 100;
}
