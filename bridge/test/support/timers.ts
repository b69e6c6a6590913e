/**
 * Loaded before every test file (see package.json). Baileys leaves timers behind, half a minute after an upload of keys and 8 s after
 * asking the phone for a message: every process that had to do with these would stay that long after its last test.
 */
const LEFT_BEHIND_MS = new Set<unknown>([30_000, 8000])

const start = globalThis.setTimeout

globalThis.setTimeout = Object.assign((...parameters: Parameters<typeof start>) => {
  const timer = start(...parameters)
  if (LEFT_BEHIND_MS.has(parameters[1])) timer.unref()
  return timer
}, start)
