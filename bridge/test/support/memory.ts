/** An engine of our own port that does what a test tells it, and a bridge's accounts on top of it. */
import type { Readable } from 'node:stream'
import type { TestContext } from 'node:test'

import type { Account } from '../../src/account/account.ts'
import { Accounts } from '../../src/account/accounts.ts'
import {
  type Address,
  type Engine,
  EngineError,
  type EngineFactory,
  type EngineHost,
  type GroupAdmin,
  type MediaFile,
  type MessageReceived,
  type MessageRef,
  type OutboundMessage,
  type PairProgress,
  type PairRequest,
  type Prepared,
  type Self,
  type SendContext,
  type VoteReceived,
} from '../../src/engine/engine.ts'
import { createLogger } from '../../src/log.ts'
import type { Capability, Content, Presence } from '../../src/protocol.ts'
import { Store } from '../../src/store/store.ts'
import { type Cleanup, makeFolder } from './folder.ts'

export const OWNER: Self = {
  aliases: [
    { kind: 'phone', value: '15550000001@s.whatsapp.net' },
    { kind: 'lid', value: '900000000000001@lid' },
  ],
  name: 'Owner',
}
export const BOB = { phone: '15550000002@s.whatsapp.net', lid: '900000000000002@lid', digits: '15550000002' }

/** What can be sent: everything that does not degrade. */
const KINDS =
  'text image video audio document sticker location contact poll reaction edit delete forward pin unpin'.split(' ')

export class MemoryEngine implements Engine {
  readonly name = 'memory'
  readonly host: EngineHost
  readonly sent: OutboundMessage[] = []
  readonly lookups: string[] = []
  readonly contexts: SendContext[] = []
  readonly uploads: { message: OutboundMessage; media: MediaFile }[] = []
  readonly presences: { presence: Presence; to: Address | null }[] = []
  /** What becomes of the next file, and of the next presence. */
  handOver: (message: OutboundMessage, media: MediaFile, signal: AbortSignal) => Promise<Uint8Array> = ({ payload }) =>
    Promise.resolve(Buffer.concat([payload, Buffer.from(' ')]))
  show: () => Promise<void> = () => Promise.resolve()
  /** What becomes of the next message. */
  deliver: (message: OutboundMessage, signal: AbortSignal) => Promise<{ accepted_at: number }> = () =>
    Promise.resolve({ accepted_at: 1_700_000_000 })
  directory = new Map<string, Address>()
  /** What pairing does, and when it ends. */
  pairing: (progress: (step: PairProgress) => void, signal: AbortSignal) => Promise<Self>
  pairRequest: PairRequest | undefined
  started = 0
  stopped = 0
  unlinked = 0
  /** How many messages were prepared; each has the number in its id. */
  ids = 0

  readonly groups: GroupAdmin = {
    info: unsupported,
    create: unsupported,
    change: unsupported,
    update: unsupported,
    invite: unsupported,
    join: unsupported,
    leave: unsupported,
  }

  constructor(host: EngineHost, pairing: MemoryEngine['pairing']) {
    this.host = host
    this.pairing = pairing
  }

  capabilities(): Record<string, Capability> {
    const limits: Record<string, Record<string, number>> = { image: { bytes: 1000 }, document: { bytes: 5000 } }
    return Object.fromEntries(KINDS.map((kind) => [kind, { supported: true, limits: limits[kind] ?? {} }]))
  }

  start(): void {
    this.started += 1
  }

  stop(): Promise<void> {
    this.stopped += 1
    return Promise.resolve()
  }

  async pair(request: PairRequest, progress: (step: PairProgress) => void, signal: AbortSignal): Promise<Self> {
    signal.throwIfAborted()
    this.pairRequest = request
    return this.pairing(progress, signal)
  }

  unlink(): Promise<void> {
    this.unlinked += 1
    return Promise.resolve()
  }

  prepare(_to: Address, content: Content, context: SendContext): Promise<Prepared> {
    this.ids += 1
    this.contexts.push(context)
    return Promise.resolve({ external_id: `OUT${this.ids}`, payload: Buffer.from(JSON.stringify(content)) })
  }

  send(message: OutboundMessage, signal: AbortSignal): Promise<{ accepted_at: number }> {
    this.sent.push(message)
    return this.deliver(message, signal)
  }

  lookup(phone: string): Promise<Address | null> {
    this.lookups.push(phone)
    return Promise.resolve(this.directory.get(phone) ?? null)
  }

  upload(message: OutboundMessage, media: MediaFile, signal: AbortSignal): Promise<Uint8Array> {
    this.uploads.push({ message, media })
    return this.handOver(message, media, signal)
  }

  /** What becomes of the next download, and of the next picture. */
  fetch: (message: MessageRef, signal: AbortSignal) => Promise<Readable> = unsupported
  portray: (whom: Address) => Promise<Readable | null> = unsupported
  readonly downloads: MessageRef[] = []

  download(message: MessageRef, signal: AbortSignal): Promise<Readable> {
    this.downloads.push(message)
    return this.fetch(message, signal)
  }

  picture(whom: Address): Promise<Readable | null> {
    return this.portray(whom)
  }

  markRead = unsupported
  presence(presence: Presence, to: Address | null): Promise<void> {
    this.presences.push({ presence, to })
    return this.show()
  }

  watchPresence = unsupported

  connect(): void {
    this.host.connection({ status: 'connected', reason: null, retry_at: null })
  }

  disconnect(): void {
    this.host.connection({ status: 'disconnected', reason: 'network', retry_at: null })
  }

  texts(): string[] {
    return this.sent.map(textOf)
  }
}

function unsupported(): Promise<never> {
  return Promise.reject(new EngineError('unsupported', 'not in memory', 'never'))
}

/** What a message to be sent says. */
export function textOf({ payload }: OutboundMessage): string {
  return (JSON.parse(Buffer.from(payload).toString()) as { text: string }).text
}

/** The accounts of a bridge whose engines are in memory; the newest engine last. */
export class MemoryBridge {
  readonly folder: string
  readonly store: Store
  readonly accounts: Accounts
  readonly engines: MemoryEngine[] = []
  /** How engines that are made from now on pair. */
  pairing: MemoryEngine['pairing'] = () => Promise.reject(new Error('this test does not pair'))

  private constructor(folder: string) {
    this.folder = folder
    this.store = new Store(folder)
    const factory: EngineFactory = (host) => {
      const engine = new MemoryEngine(host, (...args) => this.pairing(...args))
      this.engines.push(engine)
      return engine
    }
    this.accounts = new Accounts(this.store, factory, createLogger('silent'))
  }

  static open(t: Cleanup, folder = makeFolder(t)): MemoryBridge {
    const bridge = new MemoryBridge(folder)
    let open = true
    t.after(async () => {
      if (open) await bridge.close()
    })
    const close = bridge.close.bind(bridge)
    bridge.close = async () => {
      open = false
      await close()
    }
    bridge.accounts.start()
    return bridge
  }

  /** Links an account that is connected at once. */
  async link(self: Self = OWNER): Promise<{ account: Account; engine: MemoryEngine }> {
    this.pairing = (progress) => {
      progress({ status: 'paired', self })
      return Promise.resolve(self)
    }
    const link = this.accounts.link({ method: 'qr' }, () => undefined)
    await link.done
    const account = this.accounts.list().at(-1)
    if (!account) throw new Error('no account was linked')
    const engine = account.engine as MemoryEngine
    engine.connect()
    return { account, engine }
  }

  async close(): Promise<void> {
    await this.accounts.stop()
    this.store.close()
  }
}

export function person(...values: string[]): Address {
  return { kind: 'person', aliases: values.map((value) => ({ kind: value.endsWith('@lid') ? 'lid' : 'phone', value })) }
}

export function group(value: string): Address {
  return { kind: 'group', aliases: [{ kind: 'group', value }] }
}

export const ORIGIN: MessageReceived['origin'] = {
  source: 'person',
  e2e: true,
  device: 0,
  forwarded: false,
  edited: false,
  view_once: false,
  quoted: false,
  broadcast: false,
  offline: false,
  server_time: 1_700_000_000,
}

export function received(changes: Partial<MessageReceived> = {}): MessageReceived {
  return {
    type: 'message',
    external_id: 'IN1',
    chat: person(BOB.lid, BOB.phone),
    sender: person(BOB.lid, BOB.phone),
    from_me: false,
    kind: 'text',
    text: 'hello',
    poll: null,
    quoted_external_id: null,
    media: null,
    location: null,
    contacts: [],
    mentions: [],
    origin: ORIGIN,
    timestamp: 1_700_000_000,
    raw: Buffer.from('raw'),
    ...changes,
  }
}

export function voted(changes: Partial<VoteReceived> = {}): VoteReceived {
  return {
    type: 'poll_vote',
    external_id: 'VOTE1',
    poll_external_id: 'POLL1',
    chat: person(BOB.lid, BOB.phone),
    voter: person(BOB.lid, BOB.phone),
    options: [],
    error: null,
    from_me: false,
    origin: ORIGIN,
    timestamp: 1_700_000_100,
    ...changes,
  }
}

/** All events of an account's journal. */
export function journalOf(account: Account): ReturnType<Account['records']['journal']['after']> {
  return account.records.journal.after(0, 1000)
}

/** Time stands still until the test moves it. */
export function freeze(t: TestContext): TestContext['mock']['timers'] {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.now() })
  return t.mock.timers
}
