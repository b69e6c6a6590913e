/**
 * A consumer of the bridge, as a process that is made to be killed. It connects for as long as it lives, listens, acknowledges after
 * handling, and asks again, under the same request id, for what was not answered. Handling an event is writing it down.
 *
 * Stdin: `{ask: Ask}` or `{cut: true}` a line. Stdout: one `Line` a line.
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'

import { WebSocket } from 'ws'

import type { CommandArgs, CommandResult, EventFrame, Failure, Hello, Result } from '../../src/protocol.ts'

export type Ask = Omit<CommandArgs<'send'>, 'account_id'>
export type Line =
  /** Listening; the cursor cannot be above `head`. */
  | { listening: number }
  | { event: EventFrame }
  /** The bridge has answered the acknowledgement of this. */
  | { acked: number }
  | { asked: string; result: CommandResult<'send'> }
  | { asked: string; error: Failure['error'] }

const AGAIN_MS = 20
const [port = '', token = '', account_id = '', consumer = ''] = process.argv.slice(2)
const account = { account_id, consumer }

const asks = new Map<string, Ask>()
let socket: WebSocket | undefined
let listening = false
let commands = 0
const answers = new Map<number, (answer: Result | Failure) => void>()

function tell(line: Line): void {
  writeSync(1, `${JSON.stringify(line)}\n`)
}

function command(name: string, args: object, answered: (answer: Result | Failure) => void): void {
  commands += 1
  answers.set(commands, answered)
  socket?.send(JSON.stringify({ id: commands, command: name, args }))
}

function ask(request: Ask): void {
  const asked = request.request_id
  command('send', { account_id, ...request }, (answer) => {
    asks.delete(asked)
    if ('error' in answer) tell({ asked, error: answer.error })
    else tell({ asked, result: answer.result as CommandResult<'send'> })
  })
}

let handled = 0
let acknowledging = false

/** Once for all that was handled meanwhile. */
function acknowledge(): void {
  if (acknowledging) return
  acknowledging = true
  const seq = handled
  command('ack', { ...account, seq }, (answer) => {
    if ('error' in answer) throw new Error(answer.error.message)
    acknowledging = false
    tell({ acked: seq })
    if (handled > seq) acknowledge()
  })
}

function hear(frame: Hello | Result | Failure | EventFrame): void {
  if ('event' in frame) {
    if (frame.seq === undefined) return
    tell({ event: frame })
    handled = frame.seq
    acknowledge()
  } else if ('id' in frame) {
    const answered = answers.get(frame.id)
    answers.delete(frame.id)
    answered?.(frame)
  } else {
    command('authenticate', { token, schema: 1, client: 'chaos/1' }, listen)
  }
}

function listen(): void {
  command('listen', account, (answer) => {
    if ('error' in answer) throw new Error(answer.error.message)
    tell({ listening: (answer.result as CommandResult<'listen'>).seq })
    listening = true
    for (const request of asks.values()) ask(request)
  })
}

async function connect(): Promise<void> {
  for (;;) {
    answers.clear()
    acknowledging = false
    listening = false
    const line = new WebSocket(`ws://127.0.0.1:${port}/ws`, { handshakeTimeout: 1000 })
    socket = line
    const { promise, resolve } = Promise.withResolvers<void>()
    line.on('message', (data) => hear(JSON.parse((data as Buffer).toString()) as EventFrame))
    line.on('error', () => undefined)
    line.on('close', resolve)
    await promise
    await pause(AGAIN_MS)
  }
}

createInterface(process.stdin).on('line', (text) => {
  const line = JSON.parse(text) as { ask: Ask } | { cut: true }
  if ('cut' in line) return socket?.terminate()
  asks.set(line.ask.request_id, line.ask)
  if (listening) ask(line.ask)
})
process.stdin.on('close', () => process.exit(0))

await connect()
