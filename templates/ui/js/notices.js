// Short notices, and questions before something that can't be taken back.

import { button, el } from "./dom.js";

export function notice(text, kind = "info") {
  const item = el("div", { class: `notice ${kind}` }, el("span", { text }));
  const close = () => item.remove();
  item.append(button("×", close, { class: "quiet", "aria-label": "Close this notice" }));
  const place = document.getElementById("notices");
  place.append(item);
  while (place.children.length > 4) place.firstElementChild.remove();
  setTimeout(close, kind === "error" ? 15000 : 5000);
}

/** Runs an action and tells what went wrong, by a notice where nothing else is given. Returns whether it went well. */
export async function attempt(action, done, onError = (error) => notice(error.message, "error")) {
  try {
    await action();
    if (done) notice(done);
    return true;
  } catch (error) {
    onError(error);
    return false;
  }
}

/** Asks; resolves to whether the answer was yes. */
export function ask(title, text, yes) {
  return new Promise((answer) => {
    let result = false;
    const dialog = el("dialog", { "aria-labelledby": "ask-title" },
      el("h2", { id: "ask-title", text: title }), el("p", { text }),
      el("div", { class: "row end" },
        button("Cancel", () => dialog.close()),
        button(yes, () => { result = true; dialog.close(); }, { class: "danger" })));
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(result);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Shows a dialog with a form's content; it is taken away when it closes. */
export function dialog(title, ...content) {
  const element = el("dialog", { "aria-labelledby": "dialog-title" },
    el("div", { class: "row between" }, el("h2", { id: "dialog-title", text: title }),
      button("×", () => element.close(), { class: "quiet", "aria-label": "Close" })),
    ...content);
  element.addEventListener("close", () => element.remove());
  document.body.append(element);
  element.showModal();
  return element;
}
