/** An account in memory that is connected, knows Bob and Eve, and sends. */
import { setImmediate as immediate } from 'node:timers/promises'

import type { TestContext } from 'node:test'

import type { Account } from '../../src/account/account.ts'
import { EngineError } from '../../src/engine/engine.ts'
import { BridgeError } from '../../src/errors.ts'
import type { CommandArgs } from '../../src/protocol.ts'
import { BOB, MemoryBridge, type MemoryEngine, person } from './memory.ts'
import { EVE } from './told.ts'

export type Send = CommandArgs<'send'>

export interface World {
  bridge: MemoryBridge
  account: Account
  engine: MemoryEngine
  /** A text to Bob that says its request id, unless told. */
  say: (request_id: string, changes?: Partial<Send>) => ReturnType<Account['send']>
}

export async function world(t: TestContext, bridge = MemoryBridge.open(t)): Promise<World> {
  const { account, engine } = await bridge.link()
  engine.host.emit({ type: 'chats', chats: [person(BOB.phone), person(EVE)], removed: [], all_groups: false })
  return { bridge, account, engine, say: sayer(account) }
}

/** The same account after a restart, and its engine. */
export async function restarted(t: TestContext, { bridge, engine: before }: World): Promise<World> {
  await bridge.close()
  const again = MemoryBridge.open(t, bridge.folder)
  const [account] = again.accounts.list()
  if (!account) throw new Error('the account is gone')
  const engine = account.engine as MemoryEngine
  engine.ids = before.ids
  return { bridge: again, account, engine, say: sayer(account) }
}

export function sayer(account: Account): World['say'] {
  return async (request_id, changes = {}) => {
    const content = { kind: 'text', text: request_id } as const
    const answer = await account.send({ account_id: account.id, chat: BOB.digits, content, request_id, ...changes })
    // The journal has it a moment after whoever waits is answered.
    await immediate()
    return answer
  }
}

/** For `assert.rejects`. */
export function code(expected: string, details: Record<string, unknown> = {}) {
  return (error: unknown): boolean =>
    error instanceof BridgeError &&
    error.code === expected &&
    Object.entries(details).every(([name, value]) => error.details[name] === value)
}

export function later(): Promise<never> {
  return Promise.reject(new EngineError('not_connected', 'not now', 'later'))
}
