import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import type { Phone } from '../simulator/phone.ts'
import type { ButtonsContent, ListContent } from '../src/protocol.ts'
import type { EventOf } from './support/client.ts'
import type { BridgeProcess } from './support/process.ts'
import { Home, World } from './support/world.ts'

const BUTTONS: ButtonsContent = {
  kind: 'buttons',
  text: 'Heat?',
  buttons: [
    { id: 'heat.on', title: 'On' },
    { id: 'heat.off', title: 'Off' },
    { id: 'heat.later', title: 'Ask me later' },
  ],
}
const FOOTER = { ...BUTTONS, footer: 'Until midnight' }
const LIST: ListContent = { kind: 'list', text: 'Heat?', sections: [{ title: 'House', rows: BUTTONS.buttons }] }

interface House {
  world: World
  eve: Phone
  bridge: BridgeProcess
  home: Home
}

async function house(t: TestContext, mode: 'lid' | 'pn'): Promise<House> {
  const world = await World.start(t, mode)
  const eve = world.whatsapp.phone({ number: '15550000003', name: 'Eve' })
  world.family.add(eve)
  return { world, eve, ...(await world.linked()) }
}

/** Kills the bridge and starts it again. */
async function killed({ world, eve, bridge, home }: House): Promise<House> {
  await bridge.end('SIGKILL')
  const again = await world.bridge(bridge.data)
  return { world, eve, bridge: again, home: await Home.listen(await again.client(), home.account_id) }
}

async function answer({ home }: House, question_id: string, option_id: string): Promise<EventOf<'answer'>> {
  const { event } = await home.client.event('answer', (a) => a.question_id === question_id && a.option_id === option_id)
  assert.equal(event.option_title, BUTTONS.buttons.find(({ id }) => id === option_id)?.title)
  return event
}

for (const mode of ['lid', 'pn'] as const) {
  test(`buttons become a poll, and votes come back as answers, by ${mode}`, async (t) => {
    const first = await house(t, mode)
    const { bob, family } = first.world
    const alone = await first.home.send(bob.number, BUTTONS)
    const together = await first.home.send(family.id, BUTTONS)
    assert.deepEqual([alone.sent_as, together.sent_as], ['poll', 'poll'])
    const got = await bob.waitFor((m) => m.id === alone.message_id, 15_000)
    assert.deepEqual([got.kind, got.question, got.options], ['poll', 'Heat?', ['On', 'Off', 'Ask me later']])
    await bob.vote(alone.message_id, ['On'])
    const before = await answer(first, alone.message_id, 'heat.on')
    assert.deepEqual([before.form, before.sender.phone, before.chat.id], ['vote', bob.number, alone.chat_id])

    await first.bridge.end('SIGKILL')
    await bob.vote(alone.message_id, ['Off'])
    await first.eve.waitFor((m) => m.id === together.message_id, 15_000)
    await first.eve.vote(together.message_id, ['Ask me later'])
    const second = await killed(first)
    const changed = await answer(second, alone.message_id, 'heat.off')
    assert.deepEqual([changed.form, changed.origin.offline, changed.sender.id], ['vote', true, before.sender.id])
    const hers = await answer(second, together.message_id, 'heat.later')
    assert.deepEqual([hers.sender.phone, hers.chat.id], [first.eve.number, family.id])
    await bob.vote(alone.message_id, [])
    await second.home.client.event('poll_vote', (v) => v.poll_id === alone.message_id && v.options.length === 0)
    assert.equal(second.home.client.of('answer').length, 3, 'that of before, told again, and no other')
  })

  test(`buttons and lists become numbered text, and what people write comes back as answers, by ${mode}`, async (t) => {
    const first = await house(t, mode)
    const { bob, owner, family } = first.world
    const alone = await first.home.send(bob.number, FOOTER)
    const together = await first.home.send(family.id, LIST)
    assert.deepEqual([alone.sent_as, together.sent_as], ['text', 'text'])
    const text = 'Heat?\n\n1. On\n2. Off\n3. Ask me later\n\nUntil midnight'
    assert.equal((await bob.waitFor((m) => m.id === alone.message_id, 15_000)).text, text)
    const list = 'Heat?\n\n*House*\n1. On\n2. Off\n3. Ask me later'
    assert.equal((await first.eve.waitFor((m) => m.id === together.message_id, 15_000)).text, list)
    const said = await bob.say(owner, '1')
    const before = await answer(first, alone.message_id, 'heat.on')
    assert.deepEqual([before.form, before.message_id, before.sender.phone], ['number', said, bob.number])

    await first.bridge.end('SIGKILL')
    await bob.say(owner, 'off')
    await first.eve.say(family, '3️⃣')
    const second = await killed(first)
    assert.deepEqual((await answer(second, alone.message_id, 'heat.off')).form, 'title')
    const hers = await answer(second, together.message_id, 'heat.later')
    assert.deepEqual([hers.form, hers.sender.phone, hers.chat.id], ['number', first.eve.number, family.id])

    await second.home.send(bob.number, { ...FOOTER, text: 'And now?' })
    await bob.waitFor((m) => m.text?.startsWith('And now?') === true, 15_000)
    const quoting = await bob.say(owner, 'Ask me later', { quote: alone.message_id })
    assert.equal((await answer(second, alone.message_id, 'heat.later')).message_id, quoting)
    const last = await bob.say(owner, 'no answer')
    await second.home.client.event('message', (m) => m.message_id === last)
    assert.equal(second.home.client.of('answer').length, 4, 'that of before, told again, and no other')
  })
}
