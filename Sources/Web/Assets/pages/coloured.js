// An editor of queries: a text field over the same text in colours. What is typed, selected, read aloud and completed is the
// browser's own field; the colours lie behind it.

import { fill, h } from "../core/dom.js";

const token =
  /(?<comment>#.*)|(?<string>"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|`[^`]*`?)|(?<number>\b(?:\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?(?:ms|[smhdwy])?)+\b|\b(?:inf|nan)\b)|(?<word>\b(?:by|without|on|ignoring|group_left|group_right|offset|bool|and|or|unless|atan2)\b|\$__?\w+)|(?<function>\b[a-z_]\w*(?=\s*(?:(?:by|without)\b\s*)?\())|(?<label>\b[a-z_]\w*(?=\s*(?:=~|!~|!=|=(?!=))))|(?<bracket>[(){}[\]])|(?<sign>[-+*/%^=<>!~|@]+)/gi;
const closing = { "(": ")", "{": "}", "[": "]" };

/// Puts a field into an element that shows its text in colours; gives that element.
export function coloured(editor) {
  const ink = h("pre", { class: "editor-ink", "aria-hidden": "true" });
  let drawn = null;
  const draw = () => {
    const text = editor.value;
    const at = document.activeElement === editor && editor.selectionStart === editor.selectionEnd
      ? editor.selectionStart
      : -1;
    if (drawn === `${at} ${text}`) return;
    drawn = `${at} ${text}`;
    const parts = [...text.matchAll(token)].map((match) => ({
      start: match.index,
      text: match[0],
      kind: Object.keys(match.groups).find((name) => match.groups[name] !== undefined),
    }));
    const marked = pairAt(parts, at);
    const children = [];
    let end = 0;
    for (const part of parts) {
      children.push(
        text.slice(end, part.start),
        h("span", { class: [`ink-${part.kind}`, marked.includes(part) && "ink-pair"] }, part.text),
      );
      end = part.start + part.text.length;
    }
    // A line that is empty at the end has its height too.
    fill(ink, children, `${text.slice(end)}\n`);
  };
  for (const event of ["input", "focus", "blur", "keyup", "pointerup"]) editor.addEventListener(event, draw);
  draw();
  return h("div", { class: "editor" }, ink, editor);
}

/// Gives a field another text, in its colours.
export function setText(editor, text) {
  editor.value = text;
  editor.dispatchEvent(new Event("input"));
}

/// The bracket at a place and the one that belongs to it; those in strings are none.
function pairAt(parts, at) {
  const open = [];
  for (const part of parts) {
    if (part.kind !== "bracket") continue;
    if (part.text in closing) {
      open.push(part);
      continue;
    }
    const first = open.pop();
    if (!first || closing[first.text] !== part.text) return [];
    if ([first.start, first.start + 1, part.start, part.start + 1].includes(at)) return [first, part];
  }
  return [];
}
