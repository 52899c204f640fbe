// Lets ES modules import packages from the folders of NODE_PATH, which Node.js searches for CommonJS alone.
// "Lambda searches folders in the NODE_PATH environment variable when loading ES modules."
// https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html

import fs from "node:fs";
import module from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

// Installs the search, if one of the folders exists: where it needs a thread of its own, it takes some milliseconds.
export function install() {
  if (parents().length === 0) return;
  if (module.registerHooks) module.registerHooks({ resolve: resolveNow });
  else module.register(import.meta.url);
}

// The hook of `module.register`, which runs in a thread of its own.
export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    for (const parentURL of candidates(specifier, error)) {
      try {
        return await next(specifier, { ...context, parentURL });
      } catch {}
    }
    throw error;
  }
}

function resolveNow(specifier, context, next) {
  try {
    return next(specifier, context);
  } catch (error) {
    for (const parentURL of candidates(specifier, error)) {
      try {
        return next(specifier, { ...context, parentURL });
      } catch {}
    }
    throw error;
  }
}

function candidates(specifier, error) {
  const isPackage = !/^(\.|\/|[a-z]+:)/i.test(specifier);
  return isPackage && error?.code === "ERR_MODULE_NOT_FOUND" ? parents() : [];
}

// Returns URLs of modules that would find packages in the folders: Node.js searches `node_modules` beside them.
function parents() {
  const folders = (process.env.NODE_PATH ?? "").split(path.delimiter);
  const found = folders.filter((folder) => path.basename(folder) === "node_modules" && fs.existsSync(folder));
  return found.map((folder) => pathToFileURL(path.join(path.dirname(folder), "index.mjs")).href);
}
