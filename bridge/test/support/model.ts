/** Bridges that crash: all in memory is gone, and what was committed is on disk. */
import { copyFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'

import type { Account } from '../../src/account/account.ts'
import { type Cleanup, makeFolder } from './folder.ts'
import { BOB, MemoryBridge, type MemoryEngine, person } from './memory.ts'

export const CHATS = { bob: BOB.phone, eve: '900000000000003@lid' } as const
export type ChatName = keyof typeof CHATS

/** How many turns of the event loop whatever goes on by itself may need until it waits for a timer or for the test. */
const TURNS = 6
/** The database and what was committed since it was last written to; the rest is made again. */
const DATABASE = /^bridge\.db(?:-wal)?$/u

/** Lets everything go on that need not wait for time. */
export async function drain(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await setImmediate()
}

/** A folder with a linked account that knows some chats and sends as fast as it can. */
export async function linkedFolder(t: Cleanup): Promise<string> {
  const bridge = MemoryBridge.open(t)
  const { account, engine } = await bridge.link()
  const chats = Object.values(CHATS).map((value) => person(value))
  engine.host.emit({ type: 'chats', chats, removed: [], all_groups: false })
  account.configure({ pacing: { burst: 1000, chat_per_minute: 0, account_per_minute: 0 } })
  await bridge.close()
  return bridge.folder
}

/** A bridge that goes on after each crash, with the one account of its folder. */
export class Survivor {
  readonly #cleanups: (() => unknown)[] = []
  readonly #cleanup: Cleanup = { after: (clean) => void this.#cleanups.push(clean as () => unknown) }
  readonly #started: (survivor: Survivor) => void
  #bridge: MemoryBridge

  /** `started` is called for every new process, before anything goes on in it. */
  constructor(folder: string, started: (survivor: Survivor) => void) {
    this.#started = started
    this.#bridge = this.#open(folder)
  }

  get bridge(): MemoryBridge {
    return this.#bridge
  }

  get account(): Account {
    const account = this.#bridge.accounts.list()[0]
    if (!account) throw new Error('the folder has no account')
    return account
  }

  get engine(): MemoryEngine {
    return this.account.engine as MemoryEngine
  }

  /** Nothing is closed, as when the process was killed: another one finds what was on the disk at this moment. */
  crash(): void {
    this.#bridge = this.#open(this.#bridge.folder)
  }

  async end(): Promise<void> {
    for (const clean of this.#cleanups.toReversed()) await clean()
  }

  #open(from: string): MemoryBridge {
    const folder = makeFolder(this.#cleanup)
    for (const file of readdirSync(from).filter((name) => DATABASE.test(name))) {
      copyFileSync(join(from, file), join(folder, file))
    }
    const bridge = MemoryBridge.open(this.#cleanup, folder)
    this.#bridge = bridge
    this.#started(this)
    return bridge
  }
}
