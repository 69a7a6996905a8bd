// Findings on what a page shows now, as sentences: contrast of texts, names of controls, structure, width.
() => {
  const findings = new Set();
  const isSeen = (one) => one.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) && one.getClientRects().length > 0;
  const called = (one) => `<${one.tagName.toLowerCase()} class="${one.getAttribute("class") ?? ""}"> ${JSON.stringify((one.textContent ?? "").trim().slice(0, 40))}`;

  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  /// Red, green, blue and opacity of whatever CSS calls a colour.
  const channels = (text) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = (top, below) => [0, 1, 2].map((place) => top[place] * top[3] + below[place] * (1 - top[3]));
  const luminance = (colour) => {
    const [red, green, blue] = colour.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  /// What lies behind a text; null where it is a picture.
  const ground = (one) => {
    const layers = [];
    for (let element = one; element; element = element.parentElement) {
      const style = getComputedStyle(element);
      if (style.backgroundImage !== "none") return null;
      const colour = channels(style.backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const contrast = (one) => {
    const style = getComputedStyle(one);
    const below = ground(one);
    if (!below) return;
    const ink = over(channels(one.namespaceURI.endsWith("svg") ? style.fill : style.color), below);
    const [light, dark] = [luminance(ink), luminance(below)].sort((left, right) => right - left);
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.6 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) findings.add(`contrast ${ratio.toFixed(2)} of ${called(one)} (${style.color} on ${below.map(Math.round)})`);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const judged = new Set();
  while (texts.nextNode() && judged.size < 3000) {
    const one = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || judged.has(one) || one.closest("script, style, noscript, [aria-hidden=true], :disabled, .is-hidden, svg")) continue;
    judged.add(one);
    if (isSeen(one)) contrast(one);
  }

  const nameOf = (one) =>
    (one.getAttribute("aria-label") ?? "") || (document.getElementById(one.getAttribute("aria-labelledby") ?? "")?.textContent ?? "") ||
    [...(one.labels ?? [])].map((label) => label.textContent).join("") || (one.matches("input, select, textarea") ? "" : one.textContent.trim()) || (one.getAttribute("title") ?? "");
  for (const one of document.querySelectorAll("a[href], button, input, select, textarea, [role=button], [role=option], [role=tab], [role=dialog], dialog[open], [role=listbox], summary")) {
    if (isSeen(one) && !nameOf(one).trim()) findings.add(`no name: ${called(one)}`);
  }
  for (const one of document.querySelectorAll("svg, canvas, img")) {
    if (isSeen(one) && one.getAttribute("role") === "img" && !nameOf(one).trim()) findings.add(`no name: ${called(one)}`);
  }
  for (const one of document.querySelectorAll("[tabindex]")) if (one.tabIndex > 0) findings.add(`an order of its own: ${called(one)}`);
  for (const one of document.querySelectorAll("[role=option]")) if (!one.closest("[role=listbox]")) findings.add(`an option outside a list: ${called(one)}`);
  for (const one of document.querySelectorAll("[role=tab]")) if (!one.closest("[role=tablist]")) findings.add(`a tab outside a list: ${called(one)}`);
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) findings.add(`two elements have the id ${id}`);
  if (document.documentElement.lang === "") findings.add("the document has no language");
  if (document.title.trim() === "") findings.add("the document has no title");
  if (document.querySelectorAll("h1").length !== 1) findings.add(`${document.querySelectorAll("h1").length} headings of the first level`);
  if (!document.querySelector("main")) findings.add("no main part");
  let level = 0;
  for (const one of document.querySelectorAll("main h1, main h2, main h3, main h4")) {
    const own = Number(one.tagName[1]);
    if (isSeen(one) && own > level + 1 && level > 0) findings.add(`a heading of level ${own} follows level ${level}: ${called(one)}`);
    if (isSeen(one)) level = own;
  }
  const [wide, room] = [document.documentElement.scrollWidth, document.documentElement.clientWidth];
  if (wide > room + 1) {
    const widest = [...document.querySelectorAll("main *, header *")].find((one) => one.getBoundingClientRect().right > room + 1 && getComputedStyle(one).position !== "fixed" && !one.closest("nav"));
    findings.add(`the page is ${wide} wide in a window of ${room}${widest ? `: ${called(widest)}` : ""}`);
  }
  const panels = [...document.querySelectorAll(".panel:not(.is-full)")].filter(isSeen).map((one) => [one, one.getBoundingClientRect()]);
  panels.forEach(([one, box], place) => {
    const over = panels.slice(place + 1).find(([, other]) => box.left < other.right - 1 && other.left < box.right - 1 && box.top < other.bottom - 1 && other.top < box.bottom - 1);
    if (over) findings.add(`a panel lies over another: ${called(one)} and ${called(over[0])}`);
  });
  return [...findings];
}
