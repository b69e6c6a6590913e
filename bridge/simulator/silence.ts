import type { ILogger } from 'baileys/lib/Utils/logger.js'

/** A logger for what Baileys' own parts would say inside the simulator. */
export const silent: ILogger = {
  level: 'silent',
  child: () => silent,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

/** libsignal writes whole sessions, private keys included, to the console: a process that uses the simulator has none. */
export function silenceConsole(): void {
  for (const method of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir'] as const)
    console[method] = () => undefined
}
