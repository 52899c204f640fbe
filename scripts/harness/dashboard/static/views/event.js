// Sends an event and follows it; or looks one up by its id.

import { get, post } from "../api.js";
import { empty, fill, h, problem } from "../dom.js";
import { form } from "../form.js";
import { timeline } from "../timeline.js";

const FINAL = ["answered", "failed", "discarded", "done"];
const FAST_MS = 300, SLOW_MS = 2000, PATIENT_MS = 20_000;

export default function event(place, { stack, argument }) {
  const result = h("div", { id: "way", "aria-live": "polite" });
  let turn = 0;

  async function follow(id) {
    const mine = ++turn, began = Date.now();
    fill(result, h("p", { class: "loading", role: "status" }, "Looking for the event …"));
    let shown = "";
    while (mine === turn) {
      try {
        const ways = await get(`events?id=${encodeURIComponent(id)}`);
        if (mine !== turn) return;
        const text = JSON.stringify(ways);
        if (text !== shown) fill(result, ways.length ? ways.map((way, number) => timeline(way, number + 1 === ways.length)).reverse() : none(id));
        shown = text;
        if (ways.length && ways.every((way) => FINAL.includes(way.state)) && logged(ways, began)) return;
        if (!ways.length && Date.now() - began > PATIENT_MS) return;
      } catch (error) {
        if (mine === turn) fill(result, problem(error));
        return;
      }
      await new Promise((resume) => setTimeout(resume, Date.now() - began < PATIENT_MS ? FAST_MS : SLOW_MS));
    }
  }

  const go = (id) => {
    const address = `#/event/${encodeURIComponent(id)}`;
    history.replaceState(null, "", address);
    return follow(id);
  };

  async function send(text) {
    fill(result, h("p", { class: "loading", role: "status" }, "Sending …"));
    try {
      await go((await post("events", { event: text })).event_id);
    } catch (error) {
      fill(result, problem(error));
    }
  }

  fill(place, h("div", { class: "two" },
    h("div", {}, form(stack, send), search(stack, argument, go)),
    h("section", { "aria-label": "Its way" }, result)));
  if (argument) follow(argument);
  else fill(result, empty("Nothing to follow yet", "Send an event, or look one up. Its put, each attempt with log and IAM decisions, and its answer or failure appear here."));
  return () => { turn += 1; };
}

// The attempt ends, and its log is delivered, a moment after the answer.
function logged(ways, began) {
  return Date.now() - began > 6000 || ways.every((way) => way.attempts.length && way.attempts.every((each) => !each.request_id || !each.log || each.log.some((line) => line.text.includes("REPORT"))));
}

const none = (id) => empty("No such event", "There is no event with the id ", h("code", {}, id), " on the source stream within the last hour.");

function search(stack, argument, go) {
  const input = h("input", { id: "lookup", name: "id", type: "search", value: argument ?? "", required: true, autocomplete: "off", spellcheck: "false" });
  return h("form", { class: "card", "aria-labelledby": "lookup-title", onsubmit: (submit) => { submit.preventDefault(); go(input.value.trim()); } },
    h("h2", { id: "lookup-title" }, "Look one up"),
    h("label", { for: "lookup" }, "Id"),
    h("p", { class: "hint" }, "The event's own (", h("code", {}, stack.id_in ?? "id"), "), or ", h("code", {}, "shardId-…:sequence number"), "."),
    h("div", { class: "row" }, input, h("button", { type: "submit" }, "Look up")));
}
