import { createLogger } from './log.ts'
// The console must be silent before the engine's libraries are there.
import { Accounts } from './account/accounts.ts'
import { baileysEngine } from './engine/baileys/index.ts'
import { type Options, OptionsError, readOptions, readToken, USAGE } from './options.ts'
import { Server } from './server/http.ts'
import { StoreError } from './store/database.ts'
import { Store } from './store/store.ts'
import manifest from '../package.json' with { type: 'json' }

const STOP_MS = 1500
const SWEEP_MS = 86_400_000

interface Bridge {
  port: number
  bridgeId: string
  stop: () => Promise<void>
}

async function start(options: Options): Promise<Bridge> {
  const log = createLogger(options.logLevel)
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'the bridge failed and ends')
    process.exit(1)
  })
  const store = new Store(options.data)
  const token = readToken(options.data)
  const engines = baileysEngine({
    ...(options.whatsappUrl !== undefined && { url: options.whatsappUrl }),
    ...(options.whatsappRootKey && { rootKey: options.whatsappRootKey }),
    ...(options.whatsappVersion && { version: options.whatsappVersion }),
  })
  if (options.whatsappUrl !== undefined) log.warn('this bridge talks to a simulated WhatsApp')
  const accounts = new Accounts(store, engines, log)
  const server = new Server({ accounts, token, version: manifest.version, log })
  const port = await server.listen(options.host, options.port)
  accounts.start()
  const sweep = (): void => store.sweep(Date.now() / 1000)
  sweep()
  const sweeps = setInterval(sweep, SWEEP_MS)
  const stop = async (): Promise<void> => {
    clearInterval(sweeps)
    await server.close()
    await accounts.stop()
    store.close()
  }
  return { port, bridgeId: store.bridgeId, stop }
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), process.env)
  if (!options) {
    process.stdout.write(USAGE)
    return
  }
  const { port, bridgeId, stop } = await start(options)
  const end = (): void => {
    setTimeout(() => process.exit(0), STOP_MS)
    void stop().then(() => process.exit(0))
  }
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
  process.stdout.write(`${JSON.stringify({ ready: true, host: options.host, port, bridge_id: bridgeId })}\n`)
}

main().catch((error: unknown) => {
  process.stderr.write(`${isForPeople(error) ? error.message : String(error instanceof Error ? error.stack : error)}\n`)
  process.exit(error instanceof OptionsError ? 2 : 1)
})

/** Something to be put right by whoever starts the bridge: an option, the data folder, a port in use. */
function isForPeople(error: unknown): error is Error {
  return error instanceof OptionsError || error instanceof StoreError || (error instanceof Error && 'syscall' in error)
}
