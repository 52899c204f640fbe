// The errors of the runtime, and errors as the Runtime API and the log have them.

const MAX_CAUSE_CHARACTERS = 8192;

class RuntimeError extends Error {
  constructor(name, message) {
    super(message);
    this.name = `Runtime.${name}`;
  }
}

export class HandlerNotFound extends RuntimeError {
  constructor(message) {
    super("HandlerNotFound", message);
  }
}

export class MalformedHandlerName extends RuntimeError {
  constructor(message) {
    super("MalformedHandlerName", message);
  }
}

export class ImportModuleError extends RuntimeError {
  constructor(original) {
    super("ImportModuleError", String(original));
  }
}

export class MalformedStreamingHandler extends RuntimeError {
  constructor(message) {
    super("MalformedStreamingHandler", message);
  }
}

export class InvalidStreamingOperation extends RuntimeError {
  constructor(message) {
    super("InvalidStreamingOperation", message);
  }
}

export class UserCodeSyntaxError extends RuntimeError {
  constructor(original) {
    super("UserCodeSyntaxError", String(original));
    this.stack = original.stack;
  }
}

export class JsonStringifyError extends RuntimeError {
  constructor() {
    super("JSONStringifyError", "Unable to stringify response body");
  }
}

export class CallbackHandlerDeprecated extends RuntimeError {
  constructor() {
    super(
      "CallbackHandlerDeprecated",
      "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need" +
        " to modify this function to use a supported handler signature to use Node.js 24 or later. For more" +
        " information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.",
    );
  }
}

export class UnhandledPromiseRejection extends RuntimeError {
  constructor(reason, promise) {
    super("UnhandledPromiseRejection", String(reason));
    this.reason = reason;
    this.promise = promise;
  }
}

// Returns the document of what a function threw, as the caller gets it.
export function document(error) {
  if (!isError(error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: String(error.name), errorMessage: String(error.message), trace: lines(error.stack) };
}

// Returns what a function threw as the log shows it: JSON, also of the errors in it.
export function logged(error) {
  const shown = isError(error) ? error : new Error(String(error));
  try {
    return JSON.stringify(shown, (_key, value) => (isError(value) ? withItsProperties(value) : value));
  } catch {
    return JSON.stringify(document(shown)); // it refers to itself
  }
}

// Returns the cause of a failure for X-Ray, in one line that a header can hold.
export function xrayCause(error) {
  const { errorType, errorMessage } = document(error);
  const exceptions = [{ type: errorType, message: errorMessage, stack: [] }];
  const cause = JSON.stringify({ working_directory: process.cwd(), exceptions, paths: [] });
  const ascii = cause.replace(/[^\x20-\x7e]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return ascii.length > MAX_CAUSE_CHARACTERS ? "" : ascii;
}

export function isError(value) {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
}

export function lines(stack) {
  return typeof stack === "string" ? stack.split("\n") : [];
}

function withItsProperties(error) {
  const found = { errorType: error.name, errorMessage: error.message, code: error.code, ...error };
  return { ...found, stack: lines(error.stack) };
}
