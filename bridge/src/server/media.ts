import { open } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'

import type { Accounts } from '../account/accounts.ts'
import { reply, type Route } from './route.ts'

/** 256 bits, as a ticket is written. Nothing else has a route, whatever it looks like to a file system. */
const PATH = /^\/media\/([\w-]{43})$/u
const UNKNOWN = 'application/octet-stream'
/** What no program takes for anything to be run or shown as a page. */
const HARMLESS = new Set([
  'application/pdf',
  'audio/aac',
  'audio/amr',
  'audio/mp4',
  'audio/mpeg',
  'audio/ogg',
  'audio/opus',
  'audio/wav',
  'audio/x-m4a',
  'image/gif',
  'image/jpeg',
  'image/png',
  'image/webp',
  'video/3gpp',
  'video/mp4',
  'video/quicktime',
  'video/webm',
])

/** Files to and from clients, each by a ticket that is good once. */
export function mediaRoutes(accounts: Accounts): Route[] {
  return [
    {
      method: 'PUT',
      path: PATH,
      access: 'ticket',
      answer: (request, response, [, ticket = '']) => receive(accounts, request, response, ticket),
    },
    {
      method: 'GET',
      path: PATH,
      access: 'ticket',
      answer: (_request, response, [, ticket = '']) => hand(accounts, response, ticket),
    },
  ]
}

async function receive(
  { media }: Accounts,
  request: IncomingMessage,
  response: ServerResponse,
  ticket: string,
): Promise<void> {
  const announced = request.headers['content-length']
  try {
    const length = announced === undefined ? undefined : Number(announced)
    // The line stays open for the answer.
    const bytes = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
    const file = await media.uploads.receive(ticket, bytes, length)
    reply(response, 200, file)
  } catch (error) {
    // Who broke off hears nothing.
    if (request.destroyed && !request.complete) return
    // Only who has come to the end listens.
    request.resume()
    throw error
  }
}

async function hand({ media }: Accounts, response: ServerResponse, ticket: string): Promise<void> {
  const handout = media.handouts.take(ticket)
  if (!handout) return reply(response, 404)
  try {
    // What is open can be read to its end though it is deleted: so it is gone before the client has the last of it.
    const file = await open(handout.path).finally(handout.done)
    response.writeHead(200, {
      'content-type': HARMLESS.has(handout.mime) ? handout.mime : UNKNOWN,
      'content-length': handout.size,
      'content-disposition': 'attachment',
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    })
    await pipeline(file.createReadStream(), response)
  } catch (error) {
    // It was deleted meanwhile, or the client has left.
    if (response.headersSent) response.destroy()
    else if (error instanceof Error && 'code' in error && error.code === 'ENOENT') reply(response, 404)
    else throw error
  }
}
