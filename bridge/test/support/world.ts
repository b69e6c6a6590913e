/** A simulated WhatsApp with some people, and real bridges that are linked to it. */
import type { Group } from '../../simulator/groups.ts'
import type { Addressing } from '../../simulator/people.ts'
import type { Phone } from '../../simulator/phone.ts'
import { SimulatedWhatsApp } from '../../simulator/server.ts'
import { silenceConsole } from '../../simulator/silence.ts'
import type { CommandArgs, CommandResult } from '../../src/protocol.ts'
import type { Client, EventOf } from './client.ts'
import type { Cleanup } from './folder.ts'
import { BridgeProcess } from './process.ts'

silenceConsole()

export const CONSUMER = 'test'

const UNPACED = { burst: 1000, chat_per_minute: 0, account_per_minute: 0 }

export class World {
  readonly whatsapp: SimulatedWhatsApp
  readonly owner: Phone
  readonly bob: Phone
  readonly family: Group
  readonly #cleanup: Cleanup

  private constructor(t: Cleanup, whatsapp: SimulatedWhatsApp) {
    this.#cleanup = t
    this.whatsapp = whatsapp
    this.owner = whatsapp.phone({ number: '15550000001', name: 'Owner' })
    this.bob = whatsapp.phone({ number: '15550000002', name: 'Bob' })
    this.family = whatsapp.group({ subject: 'Family', members: [this.owner, this.bob] })
  }

  static async start(t: Cleanup, addressing: Addressing = 'lid'): Promise<World> {
    const whatsapp = await SimulatedWhatsApp.start({ addressing })
    t.after(() => whatsapp.close())
    return new World(t, whatsapp)
  }

  /** A bridge that knows this WhatsApp. `under`: a program that becomes it. */
  async bridge(data?: string, under: string[] = []): Promise<BridgeProcess> {
    const { url, rootKey, media } = this.whatsapp
    const args = ['--whatsapp-url', url, '--whatsapp-root-key', Buffer.from(rootKey).toString('base64')]
    const env = { NODE_EXTRA_CA_CERTS: media.caFile }
    return BridgeProcess.start(this.#cleanup, { args, env, under, ...(data !== undefined && { data }) })
  }

  /** A bridge with the owner's account, and a client that listens to it. Tests write faster than people do: without pacing unless told. */
  async linked({ paced = false } = {}): Promise<{ bridge: BridgeProcess; client: Client; home: Home }> {
    const bridge = await this.bridge()
    const client = await bridge.client()
    const account_id = await link(client, this.owner)
    if (!paced) await client.call('configure', { account_id, settings: { pacing: UNPACED } })
    return { bridge, client, home: await Home.listen(client, account_id) }
  }
}

/** Links the account of a phone by QR code; resolves with its id when it is logged in. */
export async function link(client: Client, phone: Phone, account_id?: string): Promise<string> {
  const { account, error } = await tryToLink(client, phone, account_id)
  if (!account) throw new Error(`the link failed with ${error}`)
  return account.account_id
}

/** Scans the QR code of a new link; resolves with how the link ended. */
export async function tryToLink(client: Client, phone: Phone, account_id?: string): Promise<EventOf<'link'>> {
  const { link_id } = await client.call('link', { method: 'qr', ...(account_id !== undefined && { account_id }) })
  const shown = await client.event('link', (event) => event.link_id === link_id && event.status === 'qr')
  await phone.scan(shown.event.qr ?? '')
  return outcome(client, link_id)
}

export async function outcome(client: Client, link_id: string): Promise<EventOf<'link'>> {
  const ends = new Set<string>(['linked', 'failed'])
  const { event } = await client.event('link', (each) => each.link_id === link_id && ends.has(each.status))
  return event
}

/** One account as one client sees it. */
export class Home {
  readonly client: Client
  readonly account_id: string
  /** What it was told when it began to listen. */
  readonly snapshot: CommandResult<'listen'>

  private constructor(client: Client, account_id: string, snapshot: CommandResult<'listen'>) {
    this.client = client
    this.account_id = account_id
    this.snapshot = snapshot
  }

  static async listen(client: Client, account_id: string, consumer = CONSUMER): Promise<Home> {
    return new Home(client, account_id, await client.call('listen', { account_id, consumer }))
  }

  async say(chat: string, text: string, more: Partial<CommandArgs<'send'>> = {}): Promise<CommandResult<'send'>> {
    return this.send(chat, { kind: 'text', text }, more)
  }

  async send(
    chat: string,
    content: CommandArgs<'send'>['content'],
    more: Partial<CommandArgs<'send'>> = {},
  ): Promise<CommandResult<'send'>> {
    const { account_id } = this
    return this.client.call('send', { account_id, chat, content, request_id: crypto.randomUUID(), ...more })
  }

  async ack(seq: number, consumer = CONSUMER): Promise<void> {
    await this.client.call('ack', { account_id: this.account_id, consumer, seq })
  }

  /** Waits until the account stands like this. */
  async connection(status: string): Promise<void> {
    const { account } = this.snapshot
    const isIt = (connection: typeof account.connection): boolean => connection.status === status
    const from = this.client.events.length
    const { accounts } = await this.client.call('accounts', {})
    const now = accounts.find((each) => each.account_id === this.account_id)
    if (now && isIt(now.connection)) return
    await this.client.event('account', (event) => isIt(event.account.connection), { from })
  }
}
