/**
 * Raw Baileys as a process: what somebody would write who only wants to send and to receive.
 *
 * Reads `{ to, texts }` from stdin, one JSON object a line, and sends the texts all at once. Writes `RawLine`s to stdout.
 */
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'

import {
  type BinaryNode,
  type ConnectionState,
  DisconnectReason,
  generateMessageIDV2,
  makeWASocket,
  WA_CERT_DETAILS,
  type WASocket,
} from 'baileys'

import { silenceConsole, silent } from '../../simulator/silence.ts'
import { clock } from './clock.ts'
import { RawAuth } from './raw-auth.ts'

/** `at` and `asked` on the `clock`; `ms` from asking Baileys to the server's confirmation of the last text. */
export type RawLine =
  | { type: 'qr'; qr: string }
  | { type: 'open'; at: number }
  | { type: 'message'; text: string; at: number }
  | { type: 'sent'; asked: number; ms: number }

silenceConsole()
const { values } = parseArgs({
  options: { data: { type: 'string' }, 'whatsapp-url': { type: 'string' }, 'whatsapp-root-key': { type: 'string' } },
})
const { data = '', 'whatsapp-url': waWebSocketUrl = '', 'whatsapp-root-key': rootKey = '' } = values
WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(rootKey, 'base64')
const auth = new RawAuth(data)
let socket = connect()

createInterface(process.stdin).on('line', (line) => void sendAll(JSON.parse(line) as { to: string; texts: string[] }))
process.once('SIGTERM', () => process.exit(0))

function connect(): WASocket {
  const made = makeWASocket({ waWebSocketUrl, auth: auth.state, logger: silent, markOnlineOnConnect: false })
  made.ev.on('creds.update', () => auth.save())
  made.ev.on('connection.update', onConnection)
  made.ev.on('messages.upsert', ({ messages }) => {
    const at = clock()
    for (const { key, message } of messages) {
      const text = message?.conversation ?? message?.extendedTextMessage?.text
      if (!key.fromMe && text) tell({ type: 'message', text, at })
    }
  })
  return made
}

function onConnection({ connection, qr, lastDisconnect }: Partial<ConnectionState>): void {
  if (qr) tell({ type: 'qr', qr })
  if (connection === 'open') tell({ type: 'open', at: clock() })
  if (connection !== 'close') return
  const error = lastDisconnect?.error as { output?: { statusCode?: number } } | undefined
  if (error?.output?.statusCode !== DisconnectReason.restartRequired.valueOf())
    throw lastDisconnect?.error ?? new Error()
  socket = connect()
}

async function sendAll({ to, texts }: { to: string; texts: string[] }): Promise<void> {
  const asked = clock()
  await Promise.all(texts.map(async (text) => send(`${to}@s.whatsapp.net`, text)))
  tell({ type: 'sent', asked, ms: clock() - asked })
}

async function send(jid: string, text: string): Promise<void> {
  const messageId = generateMessageIDV2(auth.state.creds.me?.id)
  const confirmed = new Promise<BinaryNode>((resolve) => socket.ws.once(`CB:ack,id:${messageId}`, resolve))
  await socket.sendMessage(jid, { text }, { messageId })
  const { attrs } = await confirmed
  if (attrs['error']) throw new Error(`WhatsApp refused a message: ${attrs['error']}`)
}

function tell(line: RawLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
