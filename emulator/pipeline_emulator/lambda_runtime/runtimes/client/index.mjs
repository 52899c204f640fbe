// The runtime client of functions of Node.js: loads the handler, then passes events to it one by one.
//
// It behaves as AWS's runtimes do, whose own client needs a compiler to install. Up to Node.js 22, handlers may take a
// callback, and an answer waits until the event loop is empty; since Node.js 24, a handler's answer is what it returns.
// https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html. streaming.mjs has the handlers that stream.

import { install as installConsole, logError, setRequestId } from "./console.mjs";
import { contextOf } from "./context.mjs";
import { UnhandledPromiseRejection, CallbackHandlerDeprecated } from "./errors.mjs";
import { load } from "./loader.mjs";
import { install as installNodePath } from "./node_path.mjs";
import { RuntimeApi } from "./runtime_api.mjs";
import { install as installStreaming, isStreaming, respond } from "./streaming.mjs";

const REJECTED = 128;
const UNCAUGHT = 129;
const api = new RuntimeApi(process.env.AWS_LAMBDA_RUNTIME_API);
const major = Number(/nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV)?.[1]);
const hasCallbacks = major < 24;

let fail = (error) => api.initError(error);
let whenIdle = () => {};

async function main() {
  installConsole();
  if (!hasCallbacks) setRequestId("-"); // until the first event
  installNodePath();
  installStreaming();
  const handler = await load(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
  const answer = isStreaming(handler) ? answerWithStream : answerAtOnce;
  if (!hasCallbacks && answer === answerAtOnce && handler.length >= 3) throw new CallbackHandlerDeprecated();
  for (;;) await handleNext(handler, answer);
}

async function handleNext(handler, answer) {
  const { headers, body } = await api.next();
  const id = headers["lambda-runtime-aws-request-id"];
  setRequestId(id);
  process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"] ?? "";
  fail = (error) => api.invocationError(id, error);
  await answer(handler, id, body, contextOf(headers));
}

async function answerAtOnce(handler, id, body, context) {
  try {
    const answer = await (hasCallbacks ? withCallback : directly)(handler, JSON.parse(body), context);
    await immediately();
    await api.invocationResponse(id, answer);
  } catch (error) {
    await immediately();
    logError("Invoke Error", error);
    await api.invocationError(id, error);
  }
}

// Resolves when the response is complete and, up to Node.js 22, the event loop is empty.
async function answerWithStream(handler, id, body, context) {
  if (!hasCallbacks) return respond(api, id, handler, body, context);
  context.callbackWaitsForEmptyEventLoop = true;
  const idle = new Promise((resolve) => (whenIdle = resolve));
  await Promise.race([respond(api, id, handler, body, context), idle]);
  if (context.callbackWaitsForEmptyEventLoop) await idle;
  whenIdle = () => {};
}

async function directly(handler, event, context) {
  return handler(event, context);
}

// Resolves with what the handler returns, if that is a promise; otherwise with what it passes to its callback once the
// event loop is empty, or with null if the loop is empty and it has passed nothing.
function withCallback(handler, event, context) {
  return new Promise((resolve, reject) => {
    let isDone = false;
    const done = (error, result) => {
      whenIdle = () => {};
      error === undefined || error === null ? resolve(result) : reject(error);
    };
    const once = (action) => (...values) => {
      if (!isDone) action(...values);
      isDone = true;
    };
    const callback = (error, result) => {
      const waits = context.callbackWaitsForEmptyEventLoop && (error === undefined || error === null);
      if (waits) whenIdle = () => done(error, result);
      else done(error, result);
    };
    context.callbackWaitsForEmptyEventLoop = true;
    context.done = once(done);
    context.succeed = once((result) => done(null, result));
    context.fail = once((error) => done(error ?? "handled"));
    whenIdle = () => done(null, null);
    const returned = handler(event, context, once(callback));
    if (typeof returned?.then === "function") returned.then(context.succeed, context.fail);
  });
}

function immediately() {
  return new Promise((resolve) => setImmediate(resolve));
}

async function end(title, error, status) {
  logError(title, error);
  try {
    await fail(error);
  } finally {
    process.exit(status);
  }
}

process.on("beforeExit", () => whenIdle());
if (hasCallbacks) {
  process.on("uncaughtException", (error) => end("Uncaught Exception", error, UNCAUGHT));
  process.on("unhandledRejection", (reason, promise) =>
    end("Unhandled Promise Rejection", new UnhandledPromiseRejection(reason, promise), REJECTED),
  );
}
main().catch((error) => end(hasCallbacks ? "Uncaught Exception" : "Init Error", error, UNCAUGHT));
