import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { OptionsError, readOptions, readToken } from '../src/options.ts'
import { makeFolder } from './support/folder.ts'
import { BridgeProcess, run } from './support/process.ts'

const KEY = Buffer.alloc(32, 7).toString('base64')

test('without options: loopback, port 3000, the folder for data of this user', (t) => {
  const home = makeFolder(t)
  const options = readOptions([], { XDG_DATA_HOME: home })
  assert.equal(options?.data, existsSync('/data') ? '/data' : join(home, 'whatsapp-bridge'))
  assert.deepEqual([options.host, options.port, options.logLevel], ['127.0.0.1', 3000, 'info'])
  assert.deepEqual(
    [options.whatsappUrl, options.whatsappRootKey, options.whatsappVersion],
    [undefined, undefined, undefined],
  )
})

test('arguments win over the environment, and both over the file in the data folder', (t) => {
  const data = makeFolder(t)
  writeFileSync(
    join(data, 'options.json'),
    JSON.stringify({ log_level: 'debug', port: 1, host: '0.0.0.0', whatsapp_url: null }),
  )
  const options = readOptions(['--port', '3'], {
    WHATSAPP_BRIDGE_DATA: data,
    WHATSAPP_BRIDGE_PORT: '2',
    WHATSAPP_BRIDGE_LOG_LEVEL: 'warn',
  })
  assert.deepEqual([options?.port, options?.logLevel, options?.host], [3, 'warn', '0.0.0.0'])
})

test('every option is checked', (t) => {
  const data = makeFolder(t)
  const parse = (...args: string[]) => readOptions(['--data', data, ...args], {})
  assert.equal(parse('--help'), undefined)
  assert.equal(parse('--port', '0')?.port, 0)
  assert.deepEqual(parse('--whatsapp-version', '2.3000.1')?.whatsappVersion, [2, 3000, 1])
  assert.deepEqual(parse('--whatsapp-root-key', KEY)?.whatsappRootKey, Buffer.alloc(32, 7))
  assert.equal(parse('--whatsapp-url', 'ws://127.0.0.1:1/ws')?.whatsappUrl, 'ws://127.0.0.1:1/ws')
  const wrong = [
    ['--bogus'],
    ['positional'],
    ['--port'],
    ['--port', 'x'],
    ['--port', '65536'],
    ['--port', '-1'],
    ['--log-level', 'loud'],
    ['--whatsapp-url', 'http://127.0.0.1'],
    ['--whatsapp-url', 'x'],
    ['--whatsapp-root-key', 'short'],
    ['--whatsapp-version', '2.3000'],
  ]
  for (const args of wrong) assert.throws(() => parse(...args), OptionsError, args.join(' '))
  assert.throws(() => readOptions([], { WHATSAPP_BRIDGE_PROT: '1' }), /Unknown option 'prot'/u)
})

test('a file of options that cannot be used is an error', (t) => {
  const data = makeFolder(t)
  for (const content of ['{', '[1]', 'null', '{"bogus":1}', '{"port":true}']) {
    writeFileSync(join(data, 'options.json'), content)
    assert.throws(() => readOptions(['--data', data], {}), OptionsError, content)
  }
})

test('the token is made once, for its owner only', (t) => {
  const data = makeFolder(t)
  const token = readToken(data)
  assert.match(token, /^[\w-]{43}$/u)
  assert.equal(readToken(data), token)
  const path = join(data, 'token')
  chmodSync(path, 0o644)
  readToken(data)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  writeFileSync(path, '')
  assert.throws(() => readToken(data), /delete it/u)
})

test('a wrong option ends the process with 2, and one sentence', async () => {
  const { code, stdout, stderr } = await run(['--bogus'])
  assert.equal(code, 2)
  assert.equal(stdout, '')
  assert.match(stderr, /^Unknown option '--bogus'.*\n$/u)
  assert.match((await run(['--help'])).stdout, /^Usage: /u)
})

test('a process prints one line when it is ready, keeps its token to itself, and ends on SIGTERM and SIGINT', async (t) => {
  const bridge = await BridgeProcess.start(t, { args: ['--log-level', 'trace'] })
  const token = readFileSync(join(bridge.data, 'token'), 'utf8').trim()
  const client = await bridge.client()
  await client.call('accounts', {})
  const start = performance.now()
  const { code, stderr } = await bridge.end('SIGTERM')
  assert.equal(code, 0)
  assert.ok(performance.now() - start < 2000)
  assert.equal(await client.closed, 1001)
  assert.ok(stderr.includes('a client has connected'))
  assert.ok(!stderr.includes(token))

  const again = await BridgeProcess.start(t, { data: bridge.data })
  assert.equal(again.bridgeId, bridge.bridgeId)
  assert.equal(again.token, token)
  assert.equal((await again.end('SIGINT')).code, 0)
})

test('a second process on one folder, or on one port, ends with the reason', async (t) => {
  const bridge = await BridgeProcess.start(t)
  const sameFolder = await run(['--data', bridge.data, '--port', '0'])
  assert.equal(sameFolder.code, 1)
  assert.match(sameFolder.stderr, /^Another bridge uses .*\n$/u)
  const samePort = await run(['--data', makeFolder(t), '--port', `${bridge.port}`])
  assert.equal(samePort.code, 1)
  assert.match(samePort.stderr, /EADDRINUSE/u)
  const { code } = await bridge.end('SIGKILL')
  assert.equal(code, null)
  await (await BridgeProcess.start(t, { data: bridge.data })).client()
})
