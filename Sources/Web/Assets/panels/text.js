import { fill, h, link } from "../core/dom.js";

/// Markdown and plain texts. HTML is shown as the text it is: nothing that a dashboard brings is run.
export function text(element, { panel, fillIn }) {
  const { content = "", mode = "markdown", code } = panel.options;
  const filled = fillIn(content);
  fill(
    element,
    h(
      "div",
      { class: "prose" },
      mode === "markdown"
        ? markdown(filled)
        : mode === "code" || code?.language === "json"
        ? h("pre", {}, filled)
        : markdown(withoutTags(filled)),
    ),
  );
  return { destroy() {}, isEmpty: false };
}

const entities = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'", nbsp: " " };

/// The words of a piece of HTML. It is never parsed as such: even a document that is nowhere shown may fetch and run.
function withoutTags(html) {
  return html.replace(/<(script|style)\b[\s\S]*?(<\/\1\s*>|$)/gi, "")
    .replace(/<\/?(p|div|br|li|tr|h[1-6])\b[^>]*>/gi, "\n")
    .replace(/<[^>]*>/g, "")
    .replace(/&(\w+);/g, (whole, name) => entities[name] ?? whole);
}

/// Headings, lists, quotes, code, tables, rules and paragraphs.
export function markdown(source) {
  const lines = source.replace(/\r/g, "").split("\n");
  const blocks = [];
  let place = 0;
  const takeWhile = (test) => {
    const taken = [];
    while (place < lines.length && test(lines[place])) taken.push(lines[place++]);
    return taken;
  };
  while (place < lines.length) {
    const line = lines[place];
    let match;
    if (line.trim() === "") place += 1;
    else if (/^\s*```/.test(line)) {
      place += 1;
      blocks.push(h("pre", {}, takeWhile((one) => !/^\s*```/.test(one)).join("\n")));
      place += 1;
    } else if ((match = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line))) {
      blocks.push(h(`h${Math.min(match[1].length + 1, 6)}`, {}, inline(match[2])));
      place += 1;
    } else if (/^\s*([-*_])\s*(\1\s*){2,}$/.test(line)) {
      blocks.push(h("hr"));
      place += 1;
    } else if (/^\s*>/.test(line)) {
      blocks.push(h(
        "blockquote",
        {},
        markdown(takeWhile((one) => /^\s*>/.test(one)).map((one) => one.replace(/^\s*> ?/, "")).join("\n")),
      ));
    } else if (/^\s*([-*+]|\d+[.)])\s+/.test(line)) {
      blocks.push(list(takeWhile((one) => /^\s*([-*+]|\d+[.)])\s+/.test(one) || /^\s{2,}\S/.test(one))));
    } else if (
      line.includes("|") && /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(lines[place + 1] ?? "")
    ) {
      const cells = (one) => one.trim().replace(/^\||\|$/g, "").split("|").map((part) => part.trim());
      const head = cells(lines[place]);
      place += 2;
      blocks.push(
        h(
          "table",
          {},
          h("thead", {}, h("tr", {}, head.map((one) => h("th", {}, inline(one))))),
          h(
            "tbody",
            {},
            takeWhile((one) => one.includes("|")).map((one) =>
              h(
                "tr",
                {},
                cells(one).map((part) => h("td", {}, inline(part))),
              )
            ),
          ),
        ),
      );
    } else {blocks.push(h(
        "p",
        {},
        inline(takeWhile((one) => one.trim() !== "" && !/^(#{1,6}\s|\s*```|\s*>)/.test(one)).join("\n")),
      ));}
  }
  return blocks;
}

function list(lines) {
  const isNumbered = /^\s*\d/.test(lines[0]);
  const indent = /^\s*/.exec(lines[0])[0].length;
  const items = [];
  for (const line of lines) {
    const match = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/.exec(line);
    if (match && match[1].length <= indent + 1) items.push({ text: match[3], inner: [] });
    else items.at(-1)?.inner.push(line);
  }
  return h(
    isNumbered ? "ol" : "ul",
    {},
    items.map(({ text: shown, inner }) =>
      h(
        "li",
        {},
        inline(shown),
        inner.length === 0
          ? null
          : /^\s*([-*+]|\d+[.)])\s/.test(inner[0])
          ? list(inner)
          : inline(" " + inner.join(" ").trim()),
      )
    ),
  );
}

const forms = [
  [/`([^`]+)`/, (match) => h("code", {}, match[1])],
  [/!\[([^\]]*)\]\(([^)\s]+)[^)]*\)/, (match) => link(match[2], {}, match[1] || match[2])],
  [/\[([^\]]+)\]\(([^)\s]+)(?:\s+"[^"]*")?\)/, (match) => link(match[2], {}, inline(match[1]))],
  [/<(https?:[^>\s]+)>/, (match) => link(match[1], {}, match[1])],
  [/\*\*(.+?)\*\*|__(.+?)__/s, (match) => h("strong", {}, inline(match[1] ?? match[2]))],
  [/~~(.+?)~~/s, (match) => h("s", {}, inline(match[1]))],
  [/\*(\S(?:.*?\S)?)\*|(?<!\w)_(\S(?:.*?\S)?)_(?!\w)/s, (match) => h("em", {}, inline(match[1] ?? match[2]))],
  [/ {2,}\n/, () => h("br")],
];

/// Words with emphasis, code and links.
function inline(source) {
  let best = null;
  for (const [form, make] of forms) {
    const match = form.exec(source);
    if (match && (best === null || match.index < best.match.index)) best = { match, make };
  }
  if (best === null) return [source];
  const { match, make } = best;
  return [source.slice(0, match.index), make(match), ...inline(source.slice(match.index + match[0].length))];
}
