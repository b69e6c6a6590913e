import { type Logger, createLogger } from './log.ts'
// The console must be silent before the engine's libraries are there.
import { Accounts } from './account/accounts.ts'
import { baileysEngine } from './engine/baileys/index.ts'
import { type Options, readToken } from './options.ts'
import { Server } from './server/http.ts'
import { StorageError } from './store/faults.ts'
import { Store } from './store/store.ts'
import manifest from '../package.json' with { type: 'json' }

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** The first sweep is some minutes after the start, so that bridges which start together do not sweep together. */
const FIRST_SWEEP_MINUTES = 10

/** All the parts of a bridge, put together and running. */
export class Bridge {
  readonly log: Logger
  readonly bridgeId: string
  readonly #options: Options
  readonly #store: Store
  readonly #accounts: Accounts
  readonly #server: Server
  #sweeps: NodeJS.Timeout | undefined

  /** @throws StoreError, OptionsError when somebody has to put something right first. */
  constructor(options: Options) {
    this.#options = options
    this.log = createLogger(options.logLevel)
    this.#store = new Store(options.data)
    this.bridgeId = this.#store.bridgeId
    const { whatsappUrl: url, whatsappRootKey: rootKey, whatsappVersion: version } = options
    if (url !== undefined) this.log.warn('this bridge talks to a simulated WhatsApp')
    const engines = baileysEngine({
      ...(url !== undefined && { url }),
      ...(rootKey && { rootKey }),
      ...(version && { version }),
    })
    this.#accounts = new Accounts(this.#store, engines, this.log)
    const token = readToken(options.data)
    this.#server = new Server({ accounts: this.#accounts, token, version: manifest.version, log: this.log })
  }

  /** Resolves with the port, once it listens. */
  async start(): Promise<number> {
    const port = await this.#server.listen(this.#options.host, this.#options.port)
    this.#accounts.start()
    this.#sweepIn((1 + Math.random() * FIRST_SWEEP_MINUTES) * MINUTE_MS)
    return port
  }

  /** Ends every connection. What waits stays on disk. */
  async stop(): Promise<void> {
    clearTimeout(this.#sweeps)
    await Promise.all([this.#server.close(), this.#accounts.stop()])
    this.#store.close()
  }

  /**
   * An error that nobody has caught.
   * @returns whether the bridge can go on: what the storage does not take has stopped the accounts, and nothing else.
   */
  survives(error: unknown): boolean {
    if (!(error instanceof StorageError)) return false
    this.log.debug({ code: error.code }, 'something could not be kept')
    return true
  }

  #sweepIn(ms: number): void {
    this.#sweeps = setTimeout(() => {
      this.#sweep()
      this.#sweepIn(DAY_MS)
    }, ms)
  }

  #sweep(): void {
    try {
      this.#accounts.sweep(Date.now() / 1000)
    } catch (error) {
      this.log.warn({ err: error }, 'could not delete what is past its time')
    }
  }
}
