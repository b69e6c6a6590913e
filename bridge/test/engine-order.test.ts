import assert from 'node:assert/strict'
import { test } from 'node:test'

import { link, makeEngine, makeLinkedWorld, makeWorld } from './support/engine.ts'

const BACKLOG = 60
const LIVE = 20

test('what is said after a reconnect does not overtake what WhatsApp kept', async (t) => {
  const world = await makeLinkedWorld(t)
  const { whatsapp, owner, bob, family, host, engine } = world
  await engine.stop()
  const [device] = owner.devices
  await whatsapp.until(() => device?.connected === false)
  const said: string[] = []
  const say = async (text: string, to: typeof family | typeof owner): Promise<void> => {
    await bob.say(to, text)
    said.push(text)
  }
  for (let index = 0; index < BACKLOG; index++) await say(`kept ${index}`, index % 2 === 0 ? family : owner)
  makeEngine(t, world).start()
  await whatsapp.until(() => device?.connected === true)
  for (let index = 0; index < LIVE; index++) await say(`live ${index}`, index % 2 === 0 ? family : owner)
  // Told twice is harmless: the first time counts.
  const told = () => host.of('message').filter((event) => host.withId('message', event.external_id)[0] === event)
  await whatsapp.until(() => told().length === said.length, 30_000)
  const texts = told().map(({ text }) => text)
  assert.deepEqual(texts, said)
  assert.ok(told().every(({ text, origin }) => origin.offline === text?.startsWith('kept')))
})

test('a message does not wait for what Baileys collects after a login', async (t) => {
  const world = await makeWorld(t)
  const { whatsapp, owner, bob, host } = world
  const engine = makeEngine(t, world)
  await link(engine, world)
  // Baileys forgets to empty its buffer from a tenth of a second after it has learnt whom the phone knows.
  const learnt = performance.now()
  while (performance.now() - learnt < 400) await engine.lookup(bob.number, AbortSignal.timeout(5000))
  const id = await bob.say(owner, 'at last')
  await whatsapp.until(() => host.withId('message', id).length > 0)
})
