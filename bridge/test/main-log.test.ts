/** A whole bridge at debug, through everything that could slip into a log. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { SimulatedWhatsApp } from '../simulator/server.ts'
import { silenceConsole } from '../simulator/silence.ts'
import { BridgeProcess } from './support/process.ts'
import { Home, link } from './support/world.ts'

silenceConsole()

const SECRETS = {
  owner: { number: '15557340001', name: 'Ottoline Quagmire' },
  friend: { number: '15557340002', name: 'Zebulon Featherstone' },
  group: 'Hemlock Conspiracy',
  incoming: 'the heron flies at nine',
  outgoing: 'the otter swims at ten',
  caption: 'a photograph of the vault',
  fileName: 'vault-combination.pdf',
  question: 'Shall we rob the bakery?',
  option: 'only for croissants',
  code: '15557349999',
  wrong: 'not-the-token-but-nearly',
}

/** Every text in it, and every part of a name. */
function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value, ...value.split(' ').filter((word) => word.length > 6)]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap((each) => texts(each)) : []
}

for (const addressing of ['lid', 'pn'] as const) {
  test(`no text, name, number, id or token is in the log at debug, addressing people by ${addressing}`, async (t) => {
    const whatsapp = await SimulatedWhatsApp.start({ addressing })
    t.after(() => whatsapp.close())
    const rootKey = Buffer.from(whatsapp.rootKey).toString('base64')
    const args = ['--log-level', 'debug', '--whatsapp-url', whatsapp.url, '--whatsapp-root-key', rootKey]
    const bridge = await BridgeProcess.start(t, { args })
    const [owner, friend] = [whatsapp.phone(SECRETS.owner), whatsapp.phone(SECRETS.friend)]
    const group = whatsapp.group({ subject: SECRETS.group, members: [owner, friend] })

    const stranger = await bridge.connect()
    await assert.rejects(stranger.authenticate(SECRETS.wrong))
    const client = await bridge.client()
    const account_id = await link(client, owner)
    const home = await Home.listen(client, account_id)

    await home.say(friend.number, SECRETS.outgoing)
    const { message_id } = await home.send(group.id, {
      kind: 'poll',
      question: SECRETS.question,
      options: [SECRETS.option, 'no'],
      selectable: 1,
    })
    await friend.waitFor((m) => m.id === message_id, 15_000)
    await friend.vote(message_id, [SECRETS.option])
    await friend.say(owner, SECRETS.incoming)
    const id = await friend.say(group, SECRETS.incoming)
    await friend.react(id, '🥐')
    await friend.edit(id, SECRETS.outgoing)
    const bytes = Buffer.from('not really a file')
    await friend.sendMedia(owner, { kind: 'document', bytes, fileName: SECRETS.fileName, caption: SECRETS.caption })
    await friend.delete(id)
    const last = await friend.say(owner, `${SECRETS.incoming} again`)
    await client.event('message', (event) => event.message_id === last)

    // What is refused, and what goes wrong.
    await assert.rejects(home.say(SECRETS.code, SECRETS.outgoing))
    await assert.rejects(
      client.request('send', { account_id, chat: friend.number, content: { kind: 'text', text: [SECRETS.outgoing] } }),
    )
    await assert.rejects(client.request(SECRETS.outgoing, { text: SECRETS.outgoing }))
    await client.call('link', { method: 'code', phone: SECRETS.code })
    whatsapp.disconnect(owner, 'drop')
    await home.connection('disconnected')
    await home.say(friend.number, SECRETS.outgoing, { wait: 0 })
    await home.connection('connected')
    const other = await bridge.client()
    other.socket.send(`{"text":"${SECRETS.outgoing}`)
    await other.closed
    await client.call('unlink', { account_id })

    const { stderr } = await bridge.end('SIGTERM')
    assert.ok(stderr.split('\n').length > 50, stderr)
    const ids = [group.id, owner.lid, friend.lid, account_id, bridge.token, bridge.bridgeId].map((each) =>
      String(each).replace(/@.*/u, ''),
    )
    for (const secret of [...texts(SECRETS), ...ids]) {
      const line = stderr.split('\n').find((each) => each.toLowerCase().includes(secret.toLowerCase()))
      assert.equal(line, undefined, `'${secret}' is in the log`)
    }
    assert.doesNotMatch(stderr, /\d{6,}|@s\.whatsapp|@lid|@g\.us/u)
  })
}
