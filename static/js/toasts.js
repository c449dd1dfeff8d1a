// Short messages at the corner: toast("Saved"), or with something to do: toast("Removed", {label: "Undo", act: () => …}).
let place;

export const toast = (text, { label, act, seconds = 5 } = {}) => {
  if (!place) {
    place = document.createElement("div");
    place.className = "toasts";
    place.setAttribute("role", "status");
    document.body.append(place);
  }
  const box = document.createElement("div");
  box.className = "toast";
  box.append(text);
  if (label) {
    const button = document.createElement("button");
    button.className = "link";
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", () => { box.remove(); act?.(); });
    box.append(button);
  }
  place.append(box);
  const timer = setTimeout(() => box.remove(), seconds * 1000);
  box.addEventListener("pointerenter", () => clearTimeout(timer));
  return box;
};
