import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

import { initAuthCreds, makeWASocket, WA_CERT_DETAILS } from 'baileys'

import { silenceConsole, silent } from '../silence.ts'

silenceConsole()

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const SERVER = new URL('../server.ts', import.meta.url).href

type Ready = Record<'whatsapp_url' | 'control_url' | 'root_key' | 'ca_file', string>

function run(t: TestContext, args: string[]): ChildProcess {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => child.kill('SIGKILL'))
  return child
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  assert.ok(stdout)
  const [line] = (await once(createInterface(stdout), 'line')) as [string]
  return line
}

test('prints one ready line, serves both addresses, and ends at once', async (t) => {
  const children = [run(t, [MAIN]), run(t, [MAIN, '--addressing', 'pn'])]
  const lines = await Promise.all(children.map(firstLine))
  const ready = lines.map((line) => JSON.parse(line) as Ready)
  assert.equal(new Set(ready.flatMap((one) => Object.values(one))).size, 8)
  for (const [index, { whatsapp_url: url, control_url: control, root_key: root, ca_file: file }] of ready.entries()) {
    assert.match(readFileSync(file, 'utf8'), /BEGIN CERTIFICATE/u)
    WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(root, 'base64')
    const socket = makeWASocket({
      auth: { creds: initAuthCreds(), keys: { get: () => ({}), set: () => undefined } },
      waWebSocketUrl: url,
      logger: silent,
    })
    const qr = await new Promise<string>((resolve) =>
      socket.ev.on('connection.update', (update) => update.qr && resolve(update.qr)),
    )
    const body = JSON.stringify({ number: '15550000001', name: 'Owner' })
    assert.equal((await fetch(`${control}/phone.create`, { method: 'POST', body })).status, 200)
    const scanned = await fetch(`${control}/phone.scan`, {
      method: 'POST',
      body: JSON.stringify({ number: '15550000001', qr }),
    })
    assert.equal(scanned.status, 200)
    const child = children[index]
    child?.kill(index === 0 ? 'SIGTERM' : 'SIGINT')
    assert.deepEqual(await once(child as ChildProcess, 'exit'), [0, null])
    assert.equal(existsSync(file), false)
    void socket.end(undefined)
  }
})

test('says how it is used', async (t) => {
  for (const args of [['--addressing', 'name'], ['--port', 'x'], ['--fly']]) {
    const child = run(t, [MAIN, ...args])
    assert.deepEqual(await once(child, 'exit'), [2, null])
  }
})

test('nothing is left when it is closed', async (t) => {
  const script = `
    import { SimulatedWhatsApp } from ${JSON.stringify(SERVER)}
    const whatsapp = await SimulatedWhatsApp.start()
    const owner = whatsapp.phone({ number: '15550000001', name: 'Owner' })
    const bob = whatsapp.phone({ number: '15550000002', name: 'Bob' })
    await bob.say(owner, 'hello')
    await owner.waitFor(({ text }) => text === 'hello')
    const waiting = whatsapp.until(() => false, 600_000).catch(() => console.log('stopped waiting'))
    await whatsapp.close()
    await waiting`
  const child = run(t, ['--input-type=module', '--eval', script])
  assert.equal(await firstLine(child), 'stopped waiting')
  assert.deepEqual(await once(child, 'exit'), [0, null])
})
