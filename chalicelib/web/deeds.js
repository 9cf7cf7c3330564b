/** What is done to files that were chosen, a hundred at a time; each answers for itself. */

import { ApiError } from './api.js';
import { Slots } from './slots.js';
import { TEXTS } from './texts.js';

const BATCH = 100;
const AT_ONCE = 4;
const REFUSED = new Set(['refused']);
/** So much is fetched to be saved; what is larger is left to the browser, which writes it as it comes. */
const MOST_HELD = 256 * 2 ** 20;
const APART_MS = 3000;

/** @typedef {{done: string[], refused: {fileId: string, reason: string}[]}} Outcome */

export class Deeds {
  constructor(api) {
    this.api = api;
  }

  trash(fileIds) {
    return this.#each(fileIds, (some) => this.api.post('files/trash', { fileIds: some }));
  }

  restore(fileIds) {
    return this.#each(fileIds, (some) => this.api.post('files/restore', { fileIds: some }));
  }

  purge(fileIds) {
    return this.#each(fileIds, (some) => this.api.post('files/purge', { fileIds: some }));
  }

  join(albumId, fileIds) {
    return this.#each(fileIds, (some) => this.api.post(`albums/${albumId}/files`, { add: some }));
  }

  leave(albumId, fileIds) {
    return this.#each(fileIds, (some) => this.api.post(`albums/${albumId}/files`, { remove: some }));
  }

  /** Call files favourites, or not any more. Returns them as they are now. */
  async favour(files, favourite) {
    const slots = new Slots(AT_ONCE);
    return Promise.all(files.filter((file) => file.favourite !== favourite).map((file) => slots.run(() => this.#favour(file, favourite))));
  }

  /** Save originals. Returns what cannot be had, and why. */
  async save(files) {
    const refused = [];
    for (let from = 0; from < files.length; from += BATCH) {
      const some = files.slice(from, from + BATCH);
      const told = await this.api.post('files/links', { files: some.map(({ fileId }) => ({ fileId, variant: 'original' })), download: true });
      refused.push(...told.files.filter(({ link }) => !link));
      const links = told.files.map((answer, at) => ({ link: answer.link, file: some[at] })).filter(({ link }) => link);
      for (const { link, file } of links) await saveOne(link.url, file);
    }
    return refused;
  }

  /** Ask the PCs to send a file's cloud copy anew. Returns what a person is told. */
  async recall({ fileId }) {
    const { outcome } = await this.api.post(`files/${fileId}/recall`);
    return TEXTS.look.recalled[outcome] ?? TEXTS.unexpected;
  }

  async #favour(file, favourite) {
    const edit = (version) => this.api.patch(`files/${file.fileId}`, { version, favourite });
    try {
      return changed(file, await edit(file.version));
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'ChangedMeanwhileError') throw error;
      return changed(file, await edit(error.details.version));
    }
  }

  /** @returns {Promise<Outcome>} */
  async #each(fileIds, ask) {
    const told = { done: [], refused: [] };
    for (let from = 0; from < fileIds.length; from += BATCH) {
      const { files } = await ask(fileIds.slice(from, from + BATCH));
      for (const file of files) {
        if (REFUSED.has(file.outcome)) told.refused.push(file);
        else told.done.push(file.fileId);
      }
    }
    return told;
  }
}

const changed = (file, { favourite, version }) => ({ ...file, favourite, version });

function follow(href, name) {
  const link = document.createElement('a');
  link.href = href;
  if (name) link.download = name;
  link.click();
}

/**
 * Fetched and then saved under its name: a link that is followed may open instead, and is given up when the next one
 * is followed before it began.
 */
async function saveOne(url, file) {
  if ((file.size ?? Infinity) > MOST_HELD) {
    follow(url);
    return new Promise((resolve) => setTimeout(resolve, APART_MS));
  }
  const answer = await fetch(url, { credentials: 'omit' }).catch(() => {
    throw new ApiError(0, 'UnreachableError', 'no answer');
  });
  if (!answer.ok) throw new ApiError(answer.status, 'LinkError', 'the link was not followed');
  const held = URL.createObjectURL(await answer.blob());
  follow(held, file.name);
  setTimeout(() => URL.revokeObjectURL(held), APART_MS * 10);
}
