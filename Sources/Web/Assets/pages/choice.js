// A box to choose one or several of many, with a search.

import { fill, h } from "../core/dom.js";

const shownMost = 300;

/// `options`: {value, text}; `onChange(values)` is called when the list closes.
export function choice({ label, options, chosen, isMulti, onChange }) {
  const selected = new Set(chosen);
  const textOf = (value) => options.find((one) => one.value === value)?.text ?? value;
  const caption = () => {
    const texts = [...selected].map(textOf);
    return texts.length === 0
      ? "none"
      : texts.length > 2
      ? `${texts.slice(0, 2).join(" + ")} + ${texts.length - 2}`
      : texts.join(" + ");
  };
  const button = h("button", {
    type: "button",
    class: "choice-button",
    "aria-haspopup": "listbox",
    "aria-expanded": false,
    "aria-label": `${label}: ${caption()}`,
  }, caption());
  const element = h("span", { class: "choice" }, h("span", { class: "choice-label" }, label), button);
  let list = null;

  const close = (isTold) => {
    if (!list) return;
    list.remove();
    list = null;
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside);
    if (isTold) onChange([...selected]);
  };
  const outside = (event) => {
    if (!element.contains(event.target)) close(isMulti);
  };

  function pick(value, event) {
    if (!isMulti) {
      selected.clear();
      selected.add(value);
      return close(true);
    }
    if (value === "$__all") {
      selected.clear();
      selected.add(value);
      return close(true);
    }
    selected.delete("$__all");
    if (selected.has(value)) selected.delete(value);
    else selected.add(value);
    event.currentTarget?.setAttribute("aria-selected", String(selected.has(value)));
  }

  button.addEventListener("click", () => {
    if (list) return close(isMulti);
    const search = h("input", { type: "search", placeholder: "search", "aria-label": `search ${label}` });
    const items = h("div", { role: "listbox", "aria-multiselectable": isMulti, "aria-label": label });
    const show = () => {
      const wanted = search.value.toLowerCase();
      const found = options.filter((one) => one.text.toLowerCase().includes(wanted));
      fill(
        items,
        found.slice(0, shownMost).map((one) =>
          h("div", {
            role: "option",
            tabIndex: 0,
            "aria-selected": String(selected.has(one.value)),
            onClick: (event) => pick(one.value, event),
            onKeydown: (event) => {
              if (event.key === "Enter" || event.key === " ") {
                event.preventDefault();
                pick(one.value, event);
              }
            },
          }, one.text)
        ),
        found.length > shownMost
          ? h("div", { class: "choice-more" }, `${found.length - shownMost} more: search`)
          : null,
        found.length === 0 ? h("div", { class: "choice-more" }, "nothing found") : null,
      );
    };
    search.addEventListener("input", show);
    list = h(
      "div",
      {
        class: "choice-list",
        onKeydown: (event) => {
          if (event.key === "Escape") {
            close(false);
            button.focus();
          }
          const all = [...items.querySelectorAll("[role=option]")];
          const at = all.indexOf(document.activeElement);
          if (event.key === "ArrowDown") {
            event.preventDefault();
            (all[at + 1] ?? all[0])?.focus();
          }
          if (event.key === "ArrowUp") {
            event.preventDefault();
            (all[at - 1] ?? search).focus();
          }
        },
      },
      search,
      items,
    );
    show();
    element.append(list);
    button.setAttribute("aria-expanded", "true");
    search.focus();
    document.addEventListener("pointerdown", outside);
  });
  return element;
}
