// Chooses the view by the address, and shows the state of the stack above it.

import { get } from "./api.js";
import { code, fill, h, problem } from "./dom.js";
import { connect, hour, last, listen } from "./live.js";
import denials from "./views/denials.js";
import event from "./views/event.js";
import failed from "./views/failed.js";
import faults from "./views/faults.js";
import lambda from "./views/function.js";
import model from "./views/model.js";
import pipeline from "./views/pipeline.js";
import resources from "./views/resources.js";

const VIEWS = { pipeline, event, failed, function: lambda, resources, denials, faults, model };
const TITLES = {
  pipeline: "Pipeline", event: "An event's way", failed: "Failed events", function: "Function",
  resources: "Resources", denials: "Denials", faults: "Faults", model: "Model",
};
const PHASES = {
  running: "running", starting: "starting", ended: "LocalStack has ended", gone: "not running", silent: "does not answer",
};
const view = document.getElementById("view");
let stack = null;
let leave = () => {};
let phase = "";

function route() {
  const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  return [VIEWS[name] ? name : "pipeline", decodeURIComponent(rest.join("/"))];
}

function links() {
  const [current] = route();
  const names = Object.keys(VIEWS).filter((name) => name !== "model" || stack?.has_model);
  fill(document.getElementById("views"), names.map((name) => h("li", {},
    h("a", { href: `#/${name}`, "aria-current": name === current ? "page" : null }, TITLES[name],
      name === "failed" ? h("span", { class: "badge", id: "failed-badge", hidden: true }) : null))));
  badge();
  document.querySelector("[aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "center" });
}

function badge() {
  const element = document.getElementById("failed-badge");
  const failures = last()?.failed;
  if (!element) return;
  element.hidden = !failures;
  element.textContent = failures ? ` ${failures}` : "";
}

function show({ focus = true } = {}) {
  leave();
  const [name, argument] = route();
  document.title = `${TITLES[name]} – ${stack.pipeline ?? stack.name}`;
  links();
  const place = h("div", {});
  fill(view, h("h1", { tabindex: "-1" }, TITLES[name]), place);
  leave = VIEWS[name](place, { stack, argument, title: TITLES[name] }) ?? (() => {});
  if (focus) view.querySelector("h1").focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

function banner(now) {
  if (now === "unreachable") return notice("The page's server does not answer.", "It ends with ", code("make local-down"), ". Start it: ", code("pipeline dashboard"));
  if (now === "ended") return notice("LocalStack has ended.", "The numbers below are the last ones. Start it again: ", code("make local-up"), ". Its log: ", code(stack?.log ?? ""));
  if (now === "gone") return notice("No pipeline runs here.", "Start it: ", code("make local-up"));
  if (now === "silent") return notice("LocalStack runs, but does not answer.", "It may be busy. Look at ", code("make local-status"), " and ", code(stack?.log ?? ""));
  if (now === "starting") return h("div", { class: "notice", role: "status" }, h("p", {}, h("strong", {}, "The pipeline is starting."), " The page fills when it has answered its sample event."));
  return null;
}

const notice = (title, ...text) => h("div", { class: "notice bad", role: "alert" }, h("p", {}, h("strong", {}, title), " ", text));

async function changed() {
  const now = hour.connected === false ? "unreachable" : last()?.phase;
  badge();
  if (!now || now === phase) return;
  const before = phase;
  phase = now;
  const label = document.getElementById("phase");
  label.className = now;
  label.textContent = PHASES[now] ?? "server unreachable";
  if (now !== "unreachable") await about();
  fill(document.getElementById("banner"), banner(now));
  if (now === "running" && before && before !== "unreachable") show({ focus: false });
}

async function about() {
  stack = await get("stack");
  fill(document.getElementById("pipeline"), stack.pipeline ?? stack.name);
  fill(document.getElementById("endpoint"), stack.endpoint ?? "", stack.runtime ? h("br") : null, stack.runtime ? `${stack.runtime}, ${stack.region}` : null);
}

async function start() {
  try {
    await about();
  } catch (error) {
    fill(view, problem(error));
    return;
  }
  show({ focus: false });
  window.addEventListener("hashchange", () => show());
  listen(changed);
  connect();
}

document.querySelector(".skip").addEventListener("click", (click) => {
  click.preventDefault();
  document.getElementById("main").focus();
});
start();
