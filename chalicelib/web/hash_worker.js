/** Reads files beside the page, so that it never stands still. Never holds more than 16 MiB of one. */

import { Sha256 } from './sha256.js';

const AT_ONCE = 16 * 1024 ** 2;
const STEP = 4 * 1024 ** 2;

self.addEventListener('message', async ({ data: { id, blob } }) => {
  try {
    const told = (read) => self.postMessage({ id, read });
    self.postMessage({ id, sha256: await digest(blob, told) });
  } catch (error) {
    self.postMessage({ id, error: String(error) });
  }
});

async function digest(blob, told) {
  if (blob.size > AT_ONCE || !self.crypto.subtle) return stream(blob, told);
  const hash = new Uint8Array(await self.crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function stream(blob, told) {
  const hash = new Sha256();
  for (let at = 0; at < blob.size; at += STEP) {
    hash.update(new Uint8Array(await blob.slice(at, at + STEP).arrayBuffer()));
    told(Math.min(at + STEP, blob.size));
  }
  return hash.hex();
}
