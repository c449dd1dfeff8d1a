// The page /verify: a code comes in by camera, picture, text or the address, an answer goes out. Works without a network.

import { draw, instantOf } from "./answer.js";
import { Camera, isThere } from "./camera.js";
import { chosen } from "./ed25519.js";
import { Lists } from "./lists.js";
import { read as readPicture } from "./picture.js";
import { shelf } from "./shelf.js";
import { check } from "./verdict.js";

const HOUR = 3_600_000;
const root = document.querySelector("[data-verify]");
const at = (name) => root.querySelector(`[data-${name}]`);
const words = { ...document.getElementById("verify-words").dataset };
const copy = (id, selector) => document.getElementById(id).content.querySelector(selector).cloneNode(true);

const page = {
  words,
  warnDays: Number(root.dataset.warnDays),
  band: (key) => copy("verify-bands", `[data-band="${key}"]`),
  facts: () => copy("verify-facts", "[data-facts]"),
  ending: () => copy("verify-ending", "[data-ending]"),
};

let lists;
let crypto;
let shown = null; // {text, index}: what was answered last, and where its status stands

async function begin() {
  crypto = await chosen();
  lists = new Lists({ shelf: await shelf(), crypto, pins: JSON.parse(root.dataset.pins), clock: Date.now });
  await lists.load();
  tellState();
  await answerAddress();
  await refresh();
  setInterval(refresh, HOUR);
}

// Ask for newer lists; what stands on the page is judged again by them.
async function refresh() {
  await lists.update(shown?.index);
  tellState();
  if (shown) await answer(shown.text, { isAgain: true });
}

// With a network, what has just been answered is asked for once more: lists change at once.
async function follow({ text, index }) {
  const isNewer = await lists.follow(index);
  tellState();
  if (isNewer && shown?.text === text) await answer(text, { isAgain: true });
}

// The code that the address carries behind `#`: it came from a certificate's page and was sent to no server.
async function answerAddress() {
  const carried = new URLSearchParams(location.hash.slice(1)).get("code");
  if (carried) await answer(carried);
}

async function answer(text, { isAgain = false } = {}) {
  const now = lists.now();
  const found = await check(text, { keys: lists.keys, lists: lists.shards, now, crypto });
  shown = { text, index: found.facts?.status_index ?? null };
  const how = {
    text,
    now,
    asOf: lists.asOf,
    keysVersion: lists.keys?.version,
    origins: lists.keys?.origins ?? [location.origin],
    method: crypto.name,
  };
  at("answer").replaceChildren(draw(found, page, how));
  root.dataset.word = found.word;
  root.classList.add("is-answered");
  if (isAgain) return;
  at("answer").focus();
  if ("begun" in root.dataset && shown.index !== null) follow(shown);
}

function tellState() {
  const [line, isKnown] = [at("state"), lists.asOf !== null];
  const expires = Math.min(lists.keys?.expires ?? 0, ...[...lists.shards.values()].map((list) => list.expires));
  const isOld = isKnown && lists.now() >= expires;
  const refused = [...lists.refused.values()][0];
  line.dataset.state = !isKnown ? "missing" : isOld ? "old" : "ready";
  const [before, after = ""] = (!isKnown ? words.missing : isOld ? words.old : words.ready).split("{when}");
  const wrong = refused === "from_future" ? words.clock : refused && words.refused.replace("{word}", refused);
  const told = document.createElement("span");
  const when = document.createElement("time");
  when.textContent = isKnown ? instantOf(lists.asOf) : "";
  told.append(before, when, wrong ? `${after} ${wrong}` : after);
  line.replaceChildren(copy("verify-states", `[data-icon="${line.dataset.state}"]`), told);
}

// -- ways in

function tell(message) {
  at("message").textContent = message;
}

async function takePicture(file) {
  tell(words.reading);
  const texts = await readPicture(file, askServer);
  tell(texts === null ? words.unread : texts.length ? "" : words.nothing);
  if (texts?.length) await answer(texts.find((text) => text.includes("/c/")) ?? texts[0]);
}

// A photograph that cannot be read here is sent to the server, which reads it and keeps nothing. Null without a network.
async function askServer(picture) {
  try {
    const { token } = await (await fetch("/verify/token", { cache: "no-store" })).json();
    const body = new FormData();
    body.append("picture", picture, "picture");
    const answered = await fetch("/verify/picture", { method: "POST", headers: { "X-CSRFToken": token }, body });
    return answered.ok ? (await answered.json()).texts : null;
  } catch {
    return null;
  }
}

async function scan(camera) {
  tell("");
  at("scanner").hidden = false;
  at("stop").focus();
  try {
    const text = await camera.scan();
    if (text !== null) await answer(text);
  } catch {
    tell(words.noCamera);
  }
  at("scanner").hidden = true;
}

function listen() {
  const camera = new Camera(at("video"));
  at("scan").hidden = !isThere();
  at("scan").addEventListener("click", () => scan(camera));
  at("stop").addEventListener("click", () => {
    camera.stop();
    at("scan").focus();
  });
  at("picture").addEventListener("change", async ({ target }) => {
    if (target.files[0]) await takePicture(target.files[0]);
    target.value = "";
  });
  at("typed").addEventListener("submit", async (event) => {
    event.preventDefault();
    await answer(event.target.elements.text.value);
  });
  addEventListener("hashchange", answerAddress);
  addEventListener("online", refresh);
}

// -- as an app

function settle() {
  for (const link of document.querySelectorAll(".language a")) {
    link.href = `/verify?lang=${link.lang === "zh" ? "zh_Hans_CN" : "en"}`;
    link.addEventListener("click", () => {
      link.hash = location.hash; // the code stays
    });
  }
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    at("install").hidden = false;
    at("install").onclick = () => event.prompt();
  });
  addEventListener("appinstalled", () => {
    at("install").hidden = true;
  });
  if (!("serviceWorker" in navigator)) {
    at("insecure").hidden = isSecureContext;
    return;
  }
  navigator.serviceWorker.register("/verify/worker.js", { scope: "/verify", updateViaCache: "none" });
  navigator.serviceWorker.ready.then((registration) => {
    root.dataset.offline = "ready";
    registration.active.postMessage({ language: root.dataset.language });
  });
}

root.hidden = false;
settle();
listen();
await begin();
root.dataset.begun = "";
