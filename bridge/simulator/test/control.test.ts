import assert from 'node:assert/strict'
import { request } from 'node:http'
import { describe, test, type TestContext } from 'node:test'

import { ControlServer } from '../control.ts'
import { Client } from './client.ts'
import { makeWorld, type World } from './world.ts'

interface Answer {
  status: number
  body: Record<string, unknown>
}

async function makeControl(t: TestContext): Promise<World & { control: ControlServer; call: typeof call }> {
  const world = await makeWorld(t)
  const control = await ControlServer.start(world.whatsapp, { onError: (error) => assert.fail(String(error)) })
  t.after(() => control.close())
  async function call(verb: string, args: unknown = {}): Promise<Answer> {
    const response = await fetch(`${control.url}/${verb}`, { method: 'POST', body: JSON.stringify(args) })
    return { status: response.status, body: (await response.json()) as Answer['body'] }
  }
  return { ...world, control, call }
}

async function makeLinkedControl(t: TestContext) {
  const made = await makeControl(t)
  const client = new Client(made.whatsapp)
  t.after(() => client.end())
  const qr = await client.nextQr()
  assert.deepEqual((await made.call('phone.scan', { number: made.owner.number, qr })).body, { device: 1 })
  await client.reopen()
  const { status } = await made.call('phone.wait_device', { number: made.owner.number, state: 'ready' })
  assert.equal(status, 200)
  return { ...made, client }
}

const number = '15550000001'
const bobs = '15550000002'

describe('the control API', () => {
  test('makes and lists phones', async (t) => {
    const { call } = await makeControl(t)
    const made = await call('phone.create', {
      number: '+15550000009',
      name: 'Ghost',
      lid: '123456',
      hides_number: true,
    })
    const ghost = { number: '15550000009', name: 'Ghost', lid: '123456@lid', hides_number: true, devices: [] }
    assert.deepEqual(made, { status: 200, body: ghost })
    const { phones } = (await call('phone.list')).body
    assert.deepEqual((phones as (typeof ghost)[]).at(-1), ghost)
    for (const taken of [
      { number },
      { number: '15550000010', lid: '123456' },
      { number: 'x' },
      { number: '15550000011', lid: 'x' },
    ]) {
      assert.equal((await call('phone.create', { name: 'Again', ...taken })).status, 400)
    }
  })

  test('links by code', async (t) => {
    const { call, whatsapp } = await makeControl(t)
    const client = new Client(whatsapp)
    t.after(() => client.end())
    await client.nextQr()
    assert.equal((await call('phone.enter_code', { number, code: 'ABCDEFGH' })).status, 400)
    const code = await client.socket.requestPairingCode(number)
    await whatsapp.until(() => whatsapp.registrations.some((one) => one.code))
    assert.deepEqual((await call('phone.enter_code', { number, code })).body, { device: 1 })
  })

  test('writes, reads and waits', async (t) => {
    const { call, client, family } = await makeLinkedControl(t)
    const said = (await call('phone.say', { number: bobs, to: number, text: 'hello' })).body['id'] as string
    await client.message(said)
    const typed = (await call('phone.type', { number, to: family.id, text: 'typed' })).body['id'] as string
    assert.equal((await client.message(typed)).message.key.fromMe, true)
    const waiting = call('phone.wait', { number: bobs, text: 'from the house', kind: 'text' })
    const id = await client.say(family.id, 'from the house')
    const { status, body } = await waiting
    assert.equal(status, 200)
    const { index, timestamp, ...rest } = body
    assert.deepEqual(rest, { id, from: number, chat: family.id, kind: 'text', copies: 1, text: 'from the house' })
    assert.equal(typeof timestamp, 'number')
    assert.deepEqual((await call('phone.inbox', { number: bobs, after: Number(index) - 1 })).body, { messages: [body] })
    assert.deepEqual((await call('phone.inbox', { number: bobs, after: index })).body, { messages: [] })
    const late = await call('phone.wait', { number: bobs, after: index, timeout_ms: 20 })
    assert.equal(late.status, 408)
    assert.deepEqual((await call('phone.read', { number: bobs, id })).body, {})
    assert.deepEqual((await call('phone.ask_again', { number: bobs, id })).body, {})
    assert.equal((await call('phone.read', { number: bobs, id: 'nothing' })).status, 404)
    const { receipts } = (await call('phone.receipts', { number: bobs })).body
    assert.deepEqual(receipts, [{ id: said, type: 'inactive', from: number }])
  })

  test('asks and votes', async (t) => {
    const { call, client, family } = await makeLinkedControl(t)
    const asked = { number: bobs, to: family.id, question: 'Heat?', options: ['On', 'Off'] }
    const poll = (await call('phone.poll', asked)).body['id'] as string
    await client.message(poll)
    const seen = (await call('phone.wait', { number: '15550000003', kind: 'poll' })).body
    const { question, options, selectable, chosen } = seen
    assert.deepEqual([question, options, selectable, chosen], ['Heat?', ['On', 'Off'], 1, []])
    const ballot = { number: '15550000003', poll, options: ['On'], creator: 'lid', voter: 'pn' }
    await client.message((await call('phone.vote', ballot)).body['id'] as string)
    const vote = (await call('phone.wait', { number: bobs, kind: 'vote' })).body
    assert.deepEqual([vote['poll'], vote['options'], vote['from']], [poll, ['On'], '15550000003'])
    assert.equal((await call('phone.vote', { ...ballot, poll: 'nothing' })).status, 404)
    assert.equal((await call('phone.vote', { ...ballot, options: ['Maybe'] })).status, 400)
  })

  test('disconnects and unlinks', async (t) => {
    const { call, client } = await makeLinkedControl(t)
    assert.deepEqual((await call('server.disconnect', { number, reason: 'replaced' })).body, { devices: [1] })
    await client.until(() => client.closed === 440)
    const gone = await call('phone.wait_device', { number, state: 'disconnected' })
    assert.deepEqual(gone.body, { devices: [{ id: 1, connected: false, ready: false, unacknowledged: 0 }] })
    assert.deepEqual((await call('server.disconnect', { number, reason: 'drop' })).body, { devices: [] })
    client.reconnect()
    await client.until(() => client.open)
    assert.equal((await call('phone.unlink', { number, device: 7 })).status, 404)
    assert.deepEqual((await call('phone.unlink', { number })).body, { devices: [1] })
    await client.until(() => client.closed === 401)
    assert.deepEqual((await call('phone.wait_device', { number, state: 'unlinked' })).body, { devices: [] })
    assert.deepEqual((await call('phone.devices', { number })).body, { devices: [] })
  })

  test('makes and changes groups', async (t) => {
    const { call } = await makeControl(t)
    const made = await call('group.create', { subject: 'Club', members: [number], addressing: 'pn', id: '4917600-140' })
    const id = '4917600-140@g.us'
    const more = { description: '', admins: [number], announce: false, locked: false, expiration: 0 }
    const group = { id, subject: 'Club', addressing: 'pn', members: [number], ...more }
    assert.deepEqual(made.body, group)
    assert.deepEqual((await call('group.add', { id, number: bobs })).body['members'], [number, bobs])
    assert.deepEqual((await call('group.leave', { id, number: bobs })).body['members'], [number])
    assert.equal((await call('group.remove', { id, number: bobs })).status, 400)
    assert.equal((await call('group.rename', { id, subject: 'Circle' })).body['subject'], 'Circle')
    assert.equal((await call('group.rename', { id: 'none@g.us', subject: 'Circle' })).status, 404)
    const { groups } = (await call('group.list')).body as { groups: unknown[] }
    assert.deepEqual(groups.at(-1), { ...group, subject: 'Circle' })
    assert.equal((await call('group.create', { subject: 'Club', members: ['15559999999'] })).status, 404)
    assert.equal((await call('group.create', { subject: 'Club', members: [number], id: '../etc' })).status, 400)
  })

  test('sets and lifts faults', async (t) => {
    const { call, client, whatsapp, bob } = await makeLinkedControl(t)
    const { id } = (await call('fault.set', { kind: 'ack_error', code: 463, number })).body
    const sent = await client.say(bob.jid, 'no')
    assert.equal((await client.ackOf(sent)).attrs['error'], '463')
    assert.deepEqual((await call('fault.clear', { id })).body, {})
    assert.equal((await call('fault.clear', { id })).status, 404)
    await call('fault.set', { kind: 'duplicate' })
    assert.deepEqual((await call('fault.clear')).body, {})
    assert.equal(whatsapp.faults.take('duplicate'), undefined)
  })

  test('says what is wrong with the arguments', async (t) => {
    const { call, control } = await makeControl(t)
    const errors: [string, unknown, number, RegExp][] = [
      ['phone.fly', {}, 404, /no verb "phone.fly"/],
      ['constructor', {}, 404, /no verb/],
      ['phone.say', { number, to: bobs }, 400, /text/],
      ['phone.say', { number, to: bobs, text: 'x', extra: 1 }, 400, /extra/],
      ['phone.say', { number, to: '15559999999', text: 'x' }, 404, /neither a phone nor a group/],
      ['phone.say', { number: '15559999999', to: bobs, text: 'x' }, 404, /15559999999/],
      ['phone.say', [], 400, /must be object/],
      ['phone.vote', { number, poll: 'x', options: [], voter: 'name' }, 400, /`voter`.*lid, pn/],
      ['fault.set', { kind: 'rain' }, 400, /`kind`.*drop/],
      ['fault.set', { kind: 'drop' }, 400, /at/],
      ['fault.set', { kind: 'http_status', code: 503, number }, 400, /number/],
      ['server.disconnect', { number, reason: 'boredom' }, 400, /`reason`/],
    ]
    for (const [verb, args, status, message] of errors) {
      const { status: got, body } = await call(verb, args)
      assert.equal(got, status, verb)
      assert.match(String(body['error']), message)
    }
    const notJson = await fetch(`${control.url}/phone.list`, { method: 'POST', body: '{' })
    assert.equal(notJson.status, 400)
    const tooLong = await fetch(`${control.url}/phone.list`, { method: 'POST', body: ' '.repeat(24 * 1024 * 1024 + 1) })
    assert.equal(tooLong.status, 413)
    assert.equal((await fetch(`${control.url}/phone.list`)).status, 405)
  })

  test('answers this machine only', async (t) => {
    const { control } = await makeControl(t)
    const status = (headers: Record<string, string>) =>
      new Promise((resolve, reject) => {
        const asking = request(`${control.url}/phone.list`, { method: 'POST', headers }, (response) => {
          response.resume()
          resolve(response.statusCode)
        })
        asking.on('error', reject)
        asking.end()
      })
    const { port } = new URL(control.url)
    assert.equal(await status({ host: `localhost:${port}`, origin: `http://localhost:${port}` }), 200)
    assert.equal(await status({ origin: 'https://example.org' }), 403)
    assert.equal(await status({ origin: 'null' }), 403)
    assert.equal(await status({ host: 'example.org' }), 403)
    assert.equal(await status({ host: 'localhost.example.org' }), 403)
  })

  test('serves the page and wakes it', async (t) => {
    const { control, owner, bob } = await makeControl(t)
    const page = await fetch(control.url)
    assert.match(await page.text(), /Simulated phones/)
    assert.match(page.headers.get('content-security-policy') ?? '', /script-src 'self'/)
    for (const part of ['page.js', 'page.css']) assert.equal((await fetch(`${control.url}/${part}`)).status, 200)
    const events = await fetch(`${control.url}/events`)
    const reader = events.body?.getReader()
    assert.ok(reader)
    await reader.read()
    await bob.say(owner, 'wake up')
    const woken = (await reader.read()) as { value: Uint8Array }
    assert.match(Buffer.from(woken.value).toString(), /data: changed/)
    await reader.cancel()
  })
})
