import { test } from 'node:test'
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
