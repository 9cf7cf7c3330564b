/** Reads the QR code of a device that asks to be paired, where the browser itself can; the camera runs only meanwhile. */

const LOOK_MS = 250;

/** Whether this browser can read codes at all. */
export const canScan = () => 'BarcodeDetector' in globalThis && Boolean(navigator.mediaDevices?.getUserMedia);

/**
 * The code within what a QR code says: the link that a device shows, or the bare letters.
 * @param {string} text
 * @returns {string} empty where it is no code of ours
 */
export function codeIn(text) {
  const bare = text.trim();
  const asked = /^https?:/i.test(bare) ? new URLSearchParams(bare.split('?')[1] ?? '').get('code') ?? '' : bare;
  return /^[A-Za-z]{4}[- ]?[A-Za-z]{4}$/.test(asked) ? asked.toUpperCase() : '';
}

/**
 * Look until a code is seen, or the signal says stop.
 * @param {HTMLVideoElement} video
 * @param {AbortSignal} signal
 * @param {() => void} foreign told of a code that is none of ours
 * @returns {Promise<string>} empty where it was stopped
 */
export async function scan(video, signal, foreign) {
  const camera = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
  try {
    video.srcObject = camera;
    await video.play();
    const reader = new globalThis.BarcodeDetector({ formats: ['qr_code'] });
    while (!signal.aborted) {
      for (const { rawValue } of await reader.detect(video).catch(() => [])) {
        const code = codeIn(rawValue);
        if (code) return code;
        foreign();
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return '';
  } finally {
    for (const track of camera.getTracks()) track.stop();
    video.srcObject = null;
  }
}
