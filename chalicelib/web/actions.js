/** What may be done with files, by the room they are seen in: each with its name, its picture and what it says after. */

import { ask } from './dialogs.js';
import { TEXTS, files as filesText } from './texts.js';

const { look } = TEXTS;

/**
 * @param {{shelf, deeds, albums, albumId?: string, kind: string}} room
 * @returns {(files: object[]) => {name: string, icon: string, label: string, pressed?: boolean, slow?: string, run: (files: object[]) => Promise<object>}[]}
 */
export function actionsIn(room) {
  const named = (name, icon, run, more = {}) => ({ name, icon, label: look.act[name], run, ...more });
  if (room.kind === 'trash') {
    return () => [named('restore', 'restore', (files) => restore(room, files)), named('purge', 'trash', (files) => purge(room, files))];
  }
  return (files) => {
    const all = files.every(({ favourite }) => favourite);
    return [
      named('favour', 'heart', (chosen) => favour(room, chosen, !all), { pressed: all, label: all ? look.act.unfavour : look.act.favour }),
      room.albumId ? named('leave', 'minus', (chosen) => leave(room, chosen)) : named('join', 'albums', (chosen) => join(room, chosen)),
      named('save', 'download', (chosen) => save(room, chosen), { slow: look.fetching }),
      named('trash', 'trash', (chosen) => trash(room, chosen)),
    ];
  };
}

const idsOf = (files) => files.map(({ fileId }) => fileId);

async function trash({ shelf, deeds }, files) {
  const { done, refused } = await deeds.trash(idsOf(files));
  const gone = files.filter(({ fileId }) => done.includes(fileId));
  shelf.drop(done);
  const undo = async () => {
    const back = await deeds.restore(done);
    shelf.add(gone.filter(({ fileId }) => back.done.includes(fileId)));
    return { text: look.restored(back.done.length) };
  };
  return { text: told(look.trashed(done.length), refused), ...(done.length ? { label: look.undo, run: undo } : {}) };
}

async function restore({ shelf, deeds }, files) {
  const { done, refused } = await deeds.restore(idsOf(files));
  shelf.drop(done);
  return { text: told(look.restored(done.length), refused) };
}

async function purge({ shelf, deeds }, files) {
  if (!(await ask({ title: look.purgeAsk(filesText(files.length)), text: look.purgeText, yes: look.act.purge, harm: true }))) return {};
  const { done, refused } = await deeds.purge(idsOf(files));
  shelf.drop(done);
  return { text: told(look.purged(done.length), refused) };
}

async function favour({ shelf, deeds, kind }, files, favourite) {
  const changed = await deeds.favour(files, favourite);
  const text = favourite ? look.favoured(files.length) : look.unfavoured(files.length);
  if (favourite || kind !== 'favourites') {
    shelf.put(changed);
    return { text };
  }
  shelf.drop(idsOf(changed));
  const undo = async () => {
    shelf.add(await deeds.favour(changed, true));
    return { text: look.favoured(changed.length) };
  };
  return { text, label: look.undo, run: undo };
}

async function join({ deeds, albums }, files) {
  const album = await albums.choose();
  if (!album) return {};
  const { done, refused } = await deeds.join(album.albumId, idsOf(files));
  return { text: told(look.joined(done.length, album.name), refused) };
}

async function leave({ shelf, deeds, albumId }, files) {
  const { done, refused } = await deeds.leave(albumId, idsOf(files));
  const gone = files.filter(({ fileId }) => done.includes(fileId));
  shelf.drop(done);
  const undo = async () => {
    shelf.add(gone);
    await deeds.join(albumId, done);
    return { text: '' };
  };
  return { text: told(look.left(done.length), refused), label: look.undo, run: undo };
}

async function save({ deeds }, files) {
  const refused = await deeds.save(files);
  if (!refused.length) return { text: look.saving(files.length) };
  const gone = refused.filter(({ reason }) => reason === 'onlyAtHome');
  const names = [...new Set(gone.flatMap(({ homes }) => homes.map(({ name }) => name || look.removedPc)))];
  const text = names.length ? look.someOnlyAtHome(gone.length, names) : look.notSaved(refused.length);
  if (!names.length) return { text };
  return { text, label: look.recall, run: () => recall(deeds, gone) };
}

async function recall(deeds, files) {
  let text = '';
  for (const file of files) text = await deeds.recall(file);
  return { text };
}

/** What was done, and why the rest was not. */
function told(text, refused) {
  const reasons = [...new Set(refused.map(({ reason }) => look.reasons[reason] ?? TEXTS.unexpected))];
  return refused.length ? [`${text}${text ? ' ' : ''}${look.refused(refused.length)}`, ...reasons].join(' ') : text;
}
