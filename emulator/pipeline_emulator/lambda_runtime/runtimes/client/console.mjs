// The console of a function: each message is a frame with its time, or a line if there is no descriptor for frames.
// https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html

import fs from "node:fs";
import { format } from "node:util";

import { isError, lines, logged } from "./errors.mjs";

const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const METHODS = { trace: "TRACE", debug: "DEBUG", info: "INFO", log: "INFO", warn: "WARN", error: "ERROR", fatal: "FATAL" };
const HEADER_BYTES = 16;
const TEXT_FRAME = 0xa55a0003;
const JSON_FRAME = 0xa55a0002;

const isJson = process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === "JSON";
const least = Math.max(0, LEVELS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase()));
let descriptor;
let requestId;

export function setRequestId(id) {
  requestId = id;
}

export function install() {
  descriptor = Number(process.env._LAMBDA_TELEMETRY_LOG_FD) || undefined;
  delete process.env._LAMBDA_TELEMETRY_LOG_FD;
  for (const [method, level] of Object.entries(METHODS)) {
    const isLogged = LEVELS.indexOf(level) >= least;
    console[method] = isLogged ? (...values) => write(level, values) : () => {};
  }
}

// Logs what a function threw, below a title that says where.
export function logError(title, error) {
  if (isJson) console.error(error);
  else console.error(title, `\t${logged(error)}`);
}

function write(level, values) {
  const now = new Date();
  const text = isJson ? jsonLine(now, level, values) : textLine(now, level, values);
  if (descriptor === undefined) {
    process.stdout.write(`${text.replaceAll("\n", "\r")}\n`);
    return;
  }
  const message = Buffer.from(`${text}\n`);
  const header = Buffer.alloc(HEADER_BYTES);
  const mask = (LEVELS.indexOf(level) + 1) << 2;
  header.writeUInt32BE(((isJson ? JSON_FRAME : TEXT_FRAME) | mask) >>> 0, 0);
  header.writeUInt32BE(message.length, 4);
  header.writeBigUInt64BE(BigInt(now.valueOf()) * 1000n, 8);
  writeAll(Buffer.concat([header, message]));
}

function writeAll(bytes) {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += fs.writeSync(descriptor, bytes, at);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error; // on macOS the pipe is full, and standard output has made it non-blocking
    }
  }
}

function textLine(now, level, values) {
  return `${now.toISOString()}\t${requestId}\t${level}\t${format(...values)}`; // "undefined" before the first event
}

function jsonLine(now, level, values) {
  const entry = { timestamp: now.toISOString(), level, requestId };
  if (values.length === 1) {
    try {
      return JSON.stringify({ ...entry, message: values[0] }, (_key, value) => (isError(value) ? described(value) : value));
    } catch {
      return JSON.stringify({ ...entry, message: format(values[0]) }); // it refers to itself
    }
  }
  const error = values.slice(1).find(isError);
  return JSON.stringify({ ...entry, message: format(...values), ...(error && described(error)) });
}

function described(error) {
  return { errorType: error.constructor?.name, errorMessage: error.message, stackTrace: lines(error.stack) };
}
