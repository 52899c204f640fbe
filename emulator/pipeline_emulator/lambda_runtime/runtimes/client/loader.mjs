// Loads the handler that a function's configuration names: `folder/file.export`, CommonJS or an ES module.

import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { HandlerNotFound, ImportModuleError, MalformedHandlerName, UserCodeSyntaxError } from "./errors.mjs";

const EXTENSIONS = ["", ".js", ".mjs", ".cjs"];
const NOT_FOUND = ["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"];
const require = createRequire(new URL("index.mjs", import.meta.url)); // as error messages name it

// Returns the handler; throws the runtime's errors, or what the module throws.
export async function load(root, name) {
  if (name.includes("..")) {
    throw new MalformedHandlerName(
      `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const match = /^([^.]*)\.(.*)$/.exec(path.basename(name));
  if (!match) throw new MalformedHandlerName("Bad handler");
  const folder = path.resolve(root, path.dirname(name));
  const module = await loadModule(root, folder, match[1]);
  const handler = find(match[2], module) ?? find(match[2], module.default);
  if (!handler) throw new HandlerNotFound(`${name} is undefined or not exported`);
  if (typeof handler !== "function") throw new HandlerNotFound(`${name} is not a function`);
  return handler;
}

async function loadModule(root, folder, name) {
  try {
    const file = EXTENSIONS.map((extension) => path.join(folder, name + extension)).find(isFile);
    return await import(pathToFileURL(file ?? require.resolve(name, { paths: [root, folder] })));
  } catch (error) {
    if (error instanceof SyntaxError) throw new UserCodeSyntaxError(error);
    if (NOT_FOUND.includes(error?.code)) throw new ImportModuleError(error);
    throw error;
  }
}

function isFile(file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

function find(name, module) {
  return name.split(".").reduce((found, key) => found?.[key], module);
}
