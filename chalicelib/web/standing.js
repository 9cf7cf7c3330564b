/** What the home screen says in one look, from what the API tells of the owner; and why a file waits. Pure. */

const SILENT_MS = 3 * 24 * 3600 * 1000;

/**
 * @param {{usage?: Record<string, number>, devices: any[]}} me
 * @param {number} now
 */
export function standing(me, now) {
  const usage = me.usage ?? {};
  const home = usage.downloadedFiles ?? 0;
  const cloud = usage.uploadedFiles ?? 0;
  const begun = usage.pendingFiles ?? 0;
  const lost = usage.lostFiles ?? 0;
  const pcs = pcsOf(me);
  const found = troubles(pcs, { cloud, bytes: usage.uploadedBytes ?? 0, begun, lost }, now);
  return { home, cloud, begun, lost, head: head(home, cloud), troubles: found };
}

/**
 * Why a file is not at home yet.
 * @param {{status: string, size?: number, createdAt: string}} file
 */
export function why(file, me, now) {
  if (file.status === 'pending') return { what: 'begun', since: file.createdAt };
  if (file.status === 'lost') return { what: 'lost' };
  const pcs = pcsOf(me);
  if (!pcs.length) return { what: 'noPc' };
  const stuck = pcs.map((pc) => trouble(pc, file.size ?? 0, now)).find(Boolean);
  return stuck ?? { what: 'fetching', name: pcs[0].name };
}

const pcsOf = (me) => me.devices.filter((device) => device.kind === 'pc' && !device.revokedAt);

function head(home, cloud) {
  if (home + cloud === 0) return 'nothing';
  return cloud > 0 ? 'onTheWay' : 'home';
}

function troubles(pcs, { cloud, bytes, begun, lost }, now) {
  const found = pcs.length === 0 ? [{ what: 'noPc' }] : [];
  if (cloud > 0) found.push(...pcs.map((pc) => trouble(pc, bytes, now)).filter(Boolean));
  if (lost > 0) found.push({ what: 'lost', count: lost });
  if (begun > 0) found.push({ what: 'leftBegun', count: begun });
  return found;
}

/** What keeps a PC from fetching so many bytes, if anything. */
function trouble(pc, bytes, now) {
  if (!pc.lastSeenAt) return { what: 'pcNeverSeen', name: pc.name };
  if (now - Date.parse(pc.lastSeenAt) > SILENT_MS) return { what: 'pcSilent', name: pc.name, since: pc.lastSeenAt };
  if (pc.freeBytes !== undefined && pc.freeBytes !== null && pc.freeBytes < bytes) return { what: 'pcFull', name: pc.name, room: pc.freeBytes };
  return null;
}
