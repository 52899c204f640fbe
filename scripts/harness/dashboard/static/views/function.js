// The function: what runs, and its log.

import { get } from "../api.js";
import { code, empty, fill, h, load, pairs, table, tag } from "../dom.js";
import { clock, count } from "../format.js";

export default function lambda(place) {
  const about = h("div", {}), lines = h("div", {});
  const search = h("input", { id: "search", type: "search", autocomplete: "off", spellcheck: "false" });
  const look = () => load(lines, () => get(`log?search=${encodeURIComponent(search.value)}`), log);
  fill(place, about,
    h("section", { class: "card", "aria-labelledby": "log-title" }, h("h2", { id: "log-title" }, "Log"),
      h("form", { class: "row", role: "search", onsubmit: (submit) => { submit.preventDefault(); look(); } },
        h("label", { for: "search" }, "Lines with"), search, h("button", { type: "submit" }, "Search")), lines));
  load(about, () => get("function"), show);
  look();
}

function log(answer) {
  if (!answer.lines.length) return empty("No lines", "in ", code(answer.group), ".");
  return [h("p", { class: "hint" }, `${count(answer.lines.length, "line")}${answer.left_off ? " (the newest)" : ""} of `, code(answer.group), ", newest last"),
    h("pre", { class: "log tall", tabindex: "0", "aria-label": "Log lines" }, answer.lines.map((line) => `${clock(line.at)}  ${line.text}\n`))];
}

const text = (value) => (Array.isArray(value) ? value.join(", ") : String(value));

function show(answer) {
  const rows = (values) => pairs(Object.entries(values).map(([name, value]) => [name, value === null ? null : code(text(value))]));
  const live = answer.configuration.Version;
  return h("div", { class: "grid" },
    h("section", { class: "card" }, h("h2", {}, "Live version"), rows(answer.configuration)),
    h("section", { class: "card" }, h("h2", {}, "Environment"), Object.keys(answer.environment).length
      ? pairs(Object.entries(answer.environment).map(([name, each]) => [name, each.hidden ? tag("hidden", "warn") : code(each.value)])) : empty("None", "The function has no variables.")),
    h("section", { class: "card" }, h("h2", {}, "Mapping"), rows(answer.mapping)),
    h("section", { class: "card" }, h("h2", {}, "Versions"),
      table("Versions", ["version", "aliases", "digest of the code", "modified"], answer.versions.map((each) => [
        each.version === live ? h("strong", {}, each.version, " (live)") : each.version,
        answer.aliases.filter((alias) => alias.version === each.version).map((alias) => tag(alias.name, "good")), code(each.digest ?? ""), each.modified.slice(0, 19).replace("T", " ")]))));
}
