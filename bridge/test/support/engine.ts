/** An engine linked to a simulated phone, and a host that keeps everything in memory. */
import type { TestContext } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'

import { baileysEngine, type BaileysOptions } from '../../src/engine/baileys/index.ts'
import type {
  Address,
  Alias,
  Engine,
  EngineEvent,
  EngineHost,
  KeyValue,
  PairProgress,
  Sendable,
  SendContext,
  StoredMessage,
} from '../../src/engine/engine.ts'
import { createLogger } from '../../src/log.ts'
import type { Addressing } from '../../simulator/people.ts'
import type { Group } from '../../simulator/groups.ts'
import type { Phone } from '../../simulator/phone.ts'
import { SimulatedWhatsApp } from '../../simulator/server.ts'

export type Cleanup = Pick<TestContext, 'after'>
type State = Parameters<EngineHost['connection']>[0]
type EventOf<T extends EngineEvent['type']> = Extract<EngineEvent, { type: T }>

export class MemoryStore implements KeyValue {
  readonly rows = new Map<string, Map<string, string>>()
  readonly commits: Record<string, Record<string, string | null>>[] = []
  failing = false

  get(type: string, ids: readonly string[]): Map<string, string> {
    const rows = this.all(type)
    return new Map(ids.flatMap((id) => (rows.has(id) ? [[id, rows.get(id) ?? '']] : [])))
  }

  all(type: string): Map<string, string> {
    return new Map(this.rows.get(type))
  }

  set(changes: Record<string, Record<string, string | null>>): void {
    if (this.failing) throw new Error('The disk is full')
    this.commits.push(changes)
    for (const [type, entries] of Object.entries(changes)) {
      const rows = this.rows.get(type) ?? new Map<string, string>()
      this.rows.set(type, rows)
      for (const [id, value] of Object.entries(entries)) {
        if (value === null) rows.delete(id)
        else rows.set(id, value)
      }
    }
  }

  clear(): void {
    this.rows.clear()
  }
}

export class MemoryHost implements EngineHost {
  readonly store = new MemoryStore()
  log = createLogger('silent')
  readonly events: EngineEvent[] = []
  readonly states: State[] = []
  readonly restrictions: (number | null | undefined)[] = []
  marksOnline = false
  readonly learned: Alias[][] = []
  readonly messages = new Map<string, StoredMessage>()
  /** Throws instead of keeping, as a journal on a full disk would. */
  failing = false
  readonly #changed: () => void

  constructor(changed: () => void) {
    this.#changed = changed
  }

  get state(): State | undefined {
    return this.states.at(-1)
  }

  emit(event: EngineEvent): void {
    if (this.failing) throw new Error('The disk is full')
    this.events.push(event)
    if (event.type === 'message') this.messages.set(event.external_id, { raw: event.raw, from_me: event.from_me })
    this.#changed()
  }

  transaction<T>(work: () => T): T {
    return work()
  }

  markOnline(): boolean {
    return this.marksOnline
  }

  restricted(until: number | null | undefined): void {
    this.restrictions.push(until)
    this.#changed()
  }

  connection(state: State): void {
    this.states.push(state)
    this.#changed()
  }

  learn(aliases: Alias[]): void {
    this.learned.push(aliases)
    this.#changed()
  }

  aliases(alias: Alias): Alias[] {
    const known = this.learned.filter((pair) => pair.some(({ value }) => value === alias.value)).flat()
    return known.length > 0 ? known : [alias]
  }

  message(external_id: string): StoredMessage | undefined {
    return this.messages.get(external_id)
  }

  of<T extends EngineEvent['type']>(type: T): EventOf<T>[] {
    return this.events.filter((event): event is EventOf<T> => event.type === type)
  }

  withId<T extends 'message' | 'poll_vote'>(type: T, id: string): EventOf<T>[] {
    return this.of(type).filter((event) => 'external_id' in event && event.external_id === id)
  }
}

export interface World {
  whatsapp: SimulatedWhatsApp
  owner: Phone
  bob: Phone
  eve: Phone
  family: Group
  host: MemoryHost
}

/** A WhatsApp with three people and a group. */
export async function makeWorld(t: Cleanup, addressing: Addressing = 'lid'): Promise<World> {
  const whatsapp = await SimulatedWhatsApp.start({ addressing })
  t.after(() => whatsapp.close())
  setDefaultCACertificates([...getCACertificates(), whatsapp.media.ca])
  const owner = whatsapp.phone({ number: '15550000001', name: 'Owner' })
  const bob = whatsapp.phone({ number: '15550000002', name: 'Bob' })
  const eve = whatsapp.phone({ number: '15550000003', name: 'Eve' })
  const family = whatsapp.group({ subject: 'Family', members: [owner, bob, eve] })
  const host = new MemoryHost(() => whatsapp.activity.changed())
  return { whatsapp, owner, bob, eve, family, host }
}

/** Stopped after the test. Timings are short unless told. */
export function makeEngine(t: Cleanup, { whatsapp, host }: World, options: BaileysOptions = {}): Engine {
  const timing = { query: 2000, ack: 1000, repair: 300, retryFirst: 20, retryLast: 200, ...options.timing }
  const engine = baileysEngine({ url: whatsapp.url, rootKey: whatsapp.rootKey, ...options, timing })(host)
  t.after(() => engine.stop())
  return engine
}

/** Links the engine to the owner by QR code and waits until it has logged in and told of its groups. */
export async function link(engine: Engine, { whatsapp, owner, host }: World): Promise<PairProgress[]> {
  const steps: PairProgress[] = []
  const progress = (step: PairProgress) => {
    steps.push(step)
    if (step.status === 'qr' && step.number === 1) void owner.scan(step.qr)
  }
  await engine.pair({ method: 'qr' }, progress, AbortSignal.timeout(5000))
  await whatsapp.until(() => host.of('chats').some(({ all_groups }) => all_groups))
  await whatsapp.until(() => owner.devices.at(-1)?.ready)
  return steps
}

export async function makeLinkedWorld(
  t: Cleanup,
  addressing: Addressing = 'lid',
  options: BaileysOptions = {},
): Promise<World & { engine: Engine }> {
  const world = await makeWorld(t, addressing)
  const engine = makeEngine(t, world, options)
  await link(engine, world)
  return { ...world, engine }
}

/** Sends as the outbox does: prepared, kept, sent. Returns the id. */
export async function send(
  engine: Engine,
  host: MemoryHost,
  to: Address,
  content: Sendable | string,
  context: Partial<SendContext> = {},
): Promise<string> {
  const prepared = await engine.prepare(to, typeof content === 'string' ? { kind: 'text', text: content } : content, {
    mentions: [],
    ...context,
  })
  host.messages.set(prepared.external_id, { raw: prepared.payload, from_me: true })
  await engine.send({ ...prepared, to }, AbortSignal.timeout(10_000))
  return prepared.external_id
}

export function phoneOf({ number }: Phone): Address {
  return { kind: 'person', aliases: [{ kind: 'phone', value: `${number}@s.whatsapp.net` }] }
}

export function groupOf({ id }: Group): Address {
  return { kind: 'group', aliases: [{ kind: 'group', value: id }] }
}

/** All identities of a person, sorted. */
export function identitiesOf({ jid, lid }: Phone): string[] {
  return (lid === null ? [jid] : [jid, lid]).toSorted((a, b) => a.localeCompare(b))
}

/** The values of an address, sorted. */
export function values(address: Pick<Address, 'aliases'> | null | undefined): string[] {
  return (address?.aliases ?? []).map(({ value }) => value).toSorted((a, b) => a.localeCompare(b))
}
