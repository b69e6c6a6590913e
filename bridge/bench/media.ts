/**
 * A large document out and in again: how fast, and how much memory the bridge needs for it beyond what it had. `--mib` says how large.
 *
 * The simulated WhatsApp and the client are in this process, the bridge in its own.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'

import { SimulatedWhatsApp } from '../simulator/server.ts'
import { silenceConsole } from '../simulator/silence.ts'
import type { EventFrame } from '../src/protocol.ts'
import { Child } from './support/child.ts'
import { Client } from './support/client.ts'
import { clock } from './support/clock.ts'
import { rounded } from './support/statistics.ts'

const MIB = 1024 * 1024
const MAIN = join(import.meta.dirname, '../src/main.ts')
/** What a process has just done is over by then. */
const CALM_MS = 2000

const { values } = parseArgs({ options: { mib: { type: 'string' } } })
const mib = Number(values.mib ?? 100)
if (!(mib > 0 && mib <= 256)) throw new Error('--mib must be a number from 1 to 256')

silenceConsole()
const folder = mkdtempSync(join(tmpdir(), 'bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const whatsapp = await SimulatedWhatsApp.start()
const owner = whatsapp.phone({ number: '15550000001', name: 'Owner' })
const bob = whatsapp.phone({ number: '15550000002', name: 'Bob' })
const waiting = new Set<(frame: EventFrame) => void>()
const { bridge, client, port } = await start()
const account_id = await link()
const media = { download: 'lazy', max_bytes: 256 * MIB, keep_days: 1, keep_bytes: 512 * MIB } as const
await client.call('configure', { account_id, settings: { media } })
await client.call('listen', { account_id, consumer: 'bench' })

const bytes = randomBytes(mib * MIB)
await pause(CALM_MS)
const out = await measured(send)
await pause(CALM_MS)
const came = event((frame) => frame.event.type === 'message')
const message_id = await bob.sendMedia(owner, { kind: 'document', bytes })
await came
const back = await measured(fetchBack)

process.stdout.write(
  `${JSON.stringify({
    mib,
    rss_mib: rounded(out.before),
    out_extra_mib: rounded(out.extra),
    out_mib_per_s: rounded(mib / out.seconds),
    in_extra_mib: rounded(back.extra),
    in_mib_per_s: rounded(mib / back.seconds),
  })}\n`,
)
await client.close()
await bridge.end()
await whatsapp.close()
process.exit(0)

async function start(): Promise<{ bridge: Child; client: Client; port: number }> {
  const ready = Promise.withResolvers<{ port: number }>()
  const root = whatsapp.rootKey.toString('base64')
  const args = ['--data', folder, '--port', '0', '--whatsapp-url', whatsapp.url, '--whatsapp-root-key', root]
  const env = { NODE_EXTRA_CA_CERTS: whatsapp.media.caFile }
  const child = new Child(MAIN, [...args, '--log-level', 'error'], (line) => ready.resolve(line as never), env)
  const { port: where } = await ready.promise
  const token = readFileSync(join(folder, 'token'), 'utf8').trim()
  const connected = await Client.connect(where, token, (frame) => {
    for (const hear of waiting) hear(frame)
  })
  return { bridge: child, client: connected, port: where }
}

async function link(): Promise<string> {
  const shown = event(({ event: { type, ...rest } }) => type === 'link' && 'qr' in rest && rest.qr !== null)
  const linked = event((frame) => frame.event.type === 'link' && frame.event.status === 'linked')
  await client.call('link', { method: 'qr' })
  const { event: step } = await shown
  if (step.type === 'link') await owner.scan(step.qr ?? '')
  const { event: end } = await linked
  if (end.type !== 'link' || !end.account) throw new Error('the link failed')
  return end.account.account_id
}

async function event(fits: (frame: EventFrame) => boolean): Promise<EventFrame> {
  const { promise, resolve } = Promise.withResolvers<EventFrame>()
  const hear = (frame: EventFrame): void => {
    if (fits(frame)) resolve(frame)
  }
  waiting.add(hear)
  const frame = await promise
  waiting.delete(hear)
  return frame
}

/** Brings the document and sends it; over when the phone has it. */
async function send(): Promise<void> {
  const { ticket } = await client.call('upload', { account_id, size: bytes.length })
  await fetch(`http://127.0.0.1:${port}/media/${ticket}`, { method: 'PUT', body: bytes })
  const content = { kind: 'document', ticket, file_name: 'large.bin' } as const
  const request = { account_id, chat: bob.number, content, request_id: 'one', wait: 60 }
  const sent = await client.call('send', request)
  await bob.waitFor(({ id }) => id === sent.message_id, 60_000)
}

async function fetchBack(): Promise<void> {
  const { ticket } = await client.call('download', { account_id, message_id })
  const response = await fetch(`http://127.0.0.1:${port}/media/${ticket}`)
  if (!Buffer.from(await response.arrayBuffer()).equals(bytes)) throw new Error('other bytes came back')
}

async function measured(work: () => Promise<void>): Promise<{ before: number; extra: number; seconds: number }> {
  const before = bridge.rss()
  bridge.forgetPeak()
  const began = clock()
  await work()
  return { before, extra: bridge.peak() - before, seconds: (clock() - began) / 1000 }
}
