/** The one place where an address becomes code: only our own workers, by name. The browser forbids all others. */

const OURS = new Set(['hash_worker.js', 'sw.js']);
const make = (name) => {
  if (!OURS.has(name)) throw new TypeError(`no script of ours: ${name}`);
  return new URL(name, import.meta.url).href;
};
const policy = globalThis.trustedTypes?.createPolicy('backhaul', { createScriptURL: make }) ?? { createScriptURL: make };

/** @param {'hash_worker.js'|'sw.js'} name */
export const script = (name) => policy.createScriptURL(name);
