import { BridgeError } from '../errors.ts'
import type { CommandArgs } from '../protocol.ts'
import { ask } from './ask.ts'
import type { Records } from './records.ts'
import type { Sender } from './sender.ts'

type Watcher = Pick<Sender, 'engine' | 'isLinked' | 'isConnected' | 'resolve'>

/**
 * Shows what the account does: in one chat, or whether it is there to everybody.
 * @throws BridgeError `invalid_request`, `chat_not_found`, `not_on_whatsapp`, `not_linked`, `not_connected`, `timeout`.
 */
export async function showPresence(
  records: Records,
  sender: Watcher,
  { presence, chat }: CommandArgs<'presence'>,
): Promise<void> {
  const isForAll = presence === 'available' || presence === 'unavailable'
  if (isForAll !== (chat === undefined)) {
    const message = isForAll
      ? `Everybody sees that the account is ${presence}: leave "chat" out`
      : `"${presence}" is shown in one chat: say in which`
    throw new BridgeError('invalid_request', message, { field: '/chat' })
  }
  const row = chat === undefined ? undefined : await sender.resolve(chat)
  const to = row ? records.identity.address(row) : null
  await ask(sender, async (engine, signal) => engine.presence(presence, to, signal))
}

/**
 * `presence` events of this person follow, until the connection ends.
 * @throws BridgeError `chat_not_found`, `not_on_whatsapp`, `not_linked`, `not_connected`, `timeout`.
 */
export async function watchPresence(records: Records, sender: Watcher, chat: string): Promise<void> {
  const whom = records.identity.address(await sender.resolve(chat))
  await ask(sender, async (engine, signal) => engine.watchPresence(whom, signal))
}
