/** What the home screen says in one look, from what the API tells of the owner. Pure. */

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
  const pcs = me.devices.filter((device) => device.kind === 'pc' && !device.revokedAt);
  return { home, cloud, begun, head: head(home, cloud), troubles: troubles(pcs, cloud, begun, now) };
}

function head(home, cloud) {
  if (home + cloud === 0) return 'nothing';
  return cloud > 0 ? 'onTheWay' : 'home';
}

function troubles(pcs, cloud, begun, now) {
  const found = [];
  if (pcs.length === 0) found.push({ what: 'noPc' });
  for (const pc of cloud > 0 ? pcs : []) {
    if (!pc.lastSeenAt) found.push({ what: 'pcNeverSeen', name: pc.name });
    else if (now - Date.parse(pc.lastSeenAt) > SILENT_MS) found.push({ what: 'pcSilent', name: pc.name, since: pc.lastSeenAt });
  }
  if (begun > 0) found.push({ what: 'leftBegun', count: begun });
  return found;
}
