import type { Address } from '../engine.ts'
import { abortable } from './abort.ts'
import { person } from './addresses.ts'
import type { Connection } from './connection.ts'
import { noAnswer } from './errors.ts'
import { USyncQuery, USyncUser } from './library.ts'
import type { Pairs } from './pairs.ts'

/** WhatsApp's own spelling of a phone number with its LID; `null` when it has no account. @throws EngineError */
export async function lookup(
  connection: Connection,
  pairs: Pairs,
  phone: string,
  stop: AbortSignal,
): Promise<Address | null> {
  const { socket, signal } = connection
  const user = new USyncUser().withPhone(`+${phone}`)
  const question = new USyncQuery().withContactProtocol().withLIDProtocol().withUser(user)
  const answer = await abortable(socket.executeUSyncQuery(question), AbortSignal.any([signal, stop]))
  if (!answer) throw noAnswer()
  const found = answer.list.find(({ contact }) => contact === true)
  if (!found) return null
  const lid = typeof found['lid'] === 'string' ? found['lid'] : undefined
  if (lid) pairs.learn([{ pn: found.id, lid }])
  return person([found.id, lid], socket.authState.creds.me) ?? null
}
