import { enableCompileCache, flushCompileCache } from 'node:module'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'

import type { Bridge } from './bridge.ts'
import { type Options, OptionsError, readOptions, USAGE } from './options.ts'

const STOP_MS = 1500
/** By name: their classes come with the rest of the bridge. */
const FOR_PEOPLE = new Set(['OptionsError', 'StoreError', 'StorageError'])

// What is young is collected before there is much of it: a bridge that was busy once would otherwise keep tens of MiB for ever. Of the flags
// about that, this is the one that V8 heeds after it has started.
setFlagsFromString('--semi-space-growth-factor=1')

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), process.env)
  if (!options) {
    process.stdout.write(USAGE)
    return
  }
  const bridge = await load(options)
  guard(bridge)
  const port = await bridge.start()
  process.stdout.write(`${JSON.stringify({ ready: true, host: options.host, port, bridge_id: bridge.bridgeId })}\n`)
  flushCompileCache()
}

/** What Node has compiled before it need not compile again: everything but this file and the options is loaded with its cache. */
async function load(options: Options): Promise<Bridge> {
  enableCompileCache(join(options.data, 'cache'))
  const parts = await import('./bridge.ts')
  return new parts.Bridge(options)
}

function guard(bridge: Bridge): void {
  let stopping = false
  const end = (): void => {
    if (stopping) return
    stopping = true
    setTimeout(() => process.exit(0), STOP_MS)
    void bridge.stop().then(() => process.exit(0))
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
  // Rejections that nobody handles come here too.
  process.on('uncaughtException', (error) => {
    if (bridge.survives(error)) return
    bridge.log.fatal({ err: error }, 'the bridge failed and ends')
    process.exit(1)
  })
}

main().catch((error: unknown) => {
  process.stderr.write(`${isForPeople(error) ? error.message : String(error instanceof Error ? error.stack : error)}\n`)
  process.exit(error instanceof OptionsError ? 2 : 1)
})

/** Something to be put right by whoever starts the bridge: an option, the data folder, a port in use. */
function isForPeople(error: unknown): error is Error {
  return error instanceof Error && (FOR_PEOPLE.has(error.name) || 'syscall' in error)
}
