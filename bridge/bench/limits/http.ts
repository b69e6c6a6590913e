/** Requests that nobody should make, over a raw connection: each must be answered, or its connection closed. */
import { connect } from 'node:net'

import type { Random } from '../support/random.ts'
import { hostileText } from './hostile.ts'

const ANSWER_MS = 30_000
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE', 'CONNECT', 'get', 'G\0T', '']
const PATHS = [
  '/',
  '/health',
  '/metrics',
  '/ws',
  '/media/',
  `/media/${'A'.repeat(43)}`,
  `/media/${'../'.repeat(10)}etc/passwd`,
  '/health/../media/x',
  '//health',
  '/%00',
  '/%ff%fe',
  'http://example.com/health',
  '*',
  '',
  `/${'a'.repeat(20_000)}`,
]

export function wrongRequest(random: Random, port: number): Buffer {
  const host = random.pick([`127.0.0.1:${port}`, 'localhost', 'evil.example', '', `127.0.0.1:${port}, evil.example`])
  const lines = [
    `${random.pick(METHODS)} ${random.pick(PATHS)} HTTP/${random.pick(['1.1', '1.0', '2.0', '9', ''])}`,
    ...(random.chance(0.9) ? [`Host: ${host}`] : []),
    ...(random.chance(0.2) ? ['Origin: http://evil.example'] : []),
    ...(random.chance(0.2) ? [`Authorization: Bearer ${hostileText(random).slice(0, 500)}`] : []),
    ...(random.chance(0.3) ? [`Content-Length: ${random.pick(['0', '5', '-1', '99999999999', 'x', '5, 6'])}`] : []),
    ...(random.chance(0.2) ? ['Transfer-Encoding: chunked'] : []),
    ...(random.chance(0.2) ? ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'] : []),
    ...(random.chance(0.2) ? [`Sec-WebSocket-Key: ${random.bytes(16).toString('base64')}`] : []),
    ...(random.chance(0.2) ? [`${hostileText(random).slice(0, 300)}: ${hostileText(random).slice(0, 9000)}`] : []),
    ...(random.chance(0.1) ? Array.from({ length: 500 }, (_, number) => `X-${number}: ${number}`) : []),
  ]
  const body = random.chance(0.3) ? random.bytes(random.below(2000)) : Buffer.alloc(0)
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body])
}

/**
 * The status, or how the connection ended; `undefined` when nothing came. It comes from an address of its own on this machine, since an
 * address that tries secrets is locked out.
 */
export async function request(port: number, bytes: Buffer, random: Random): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const localAddress = `127.${1 + random.below(200)}.${random.below(256)}.${1 + random.below(250)}`
  const socket = connect({ host: '127.0.0.1', port, localAddress })
  const timer = setTimeout(() => resolve(undefined), ANSWER_MS)
  socket.on('data', (data) => resolve(/^HTTP\/1\.1 (?<status>\d{3})/u.exec(data.toString('latin1'))?.[1] ?? 'data'))
  socket.on('error', () => resolve('broken off'))
  socket.on('close', () => resolve('closed'))
  // Whoever says half a request and nothing more has its connection ended; that takes its time, so most say all.
  socket.end(bytes)
  const answer = await promise
  clearTimeout(timer)
  socket.destroy()
  return answer
}
