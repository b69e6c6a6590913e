import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { addTransactionCapability, initAuthCreds } from '../src/engine/baileys/library.ts'
import { oneAtATime } from '../src/engine/baileys/sessions.ts'
import { createLogger } from '../src/log.ts'
import { makeLinkedWorld, phoneOf, send } from './support/engine.ts'

for (const mode of ['lid', 'pn'] as const) {
  test(`somebody without a LID whose phone has lost the session gets the message all the same, ${mode}`, async (t) => {
    const { engine, host, whatsapp, owner } = await makeLinkedWorld(t, mode)
    const carol = whatsapp.phone({ number: '15550000004', name: 'Carol', lid: null })
    await send(engine, host, phoneOf(carol), 'before')
    await carol.waitFor(({ text }) => text === 'before')
    await carol.say(owner, 'answer')
    await whatsapp.until(() => host.of('message').some(({ text }) => text === 'answer'))
    const [device] = owner.devices
    await carol.signal.forget(device?.address ?? '')
    await send(engine, host, phoneOf(carol), 'after')
    await carol.waitFor(({ text }) => text === 'after')
  })
}

test('what goes out and what comes in do not work on a session at the same time', async () => {
  const creds = { ...initAuthCreds(), me: { id: '15550000001:1@s.whatsapp.net' } }
  const log = createLogger('silent')
  const options = { maxCommitRetries: 1, delayBetweenTriesMs: 1 }
  const keys = addTransactionCapability({ get: () => ({}), set: () => undefined }, log, options)
  oneAtATime(keys, creds)
  const order: string[] = []
  const written = Promise.withResolvers<void>()
  const outgoing = keys.transaction(async () => {
    await written.promise
    order.push('out')
  }, creds.me.id)
  const incoming = keys.transaction(async () => void order.push('in'), '15550000002@s.whatsapp.net')
  await setImmediate()
  written.resolve()
  await Promise.all([outgoing, incoming])
  assert.deepEqual(order, ['out', 'in'])
})
