import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'

/** One thing that answers over plain HTTP. Origin and Host were checked before. */
export interface Route {
  readonly method: 'GET' | 'PUT'
  /** Of the whole path; one with a query has no route. */
  readonly path: RegExp
  /** `token`: who brings `Authorization: Bearer <token>`. `ticket`: who knows the path, which holds a secret that the route itself checks. */
  readonly access: 'anyone' | 'token' | 'ticket'
  readonly answer: (request: IncomingMessage, response: ServerResponse, path: RegExpExecArray) => void | Promise<void>
}

/** Sends a whole answer, and hangs up when the request was refused: what else it brings is not read. */
export function reply(
  response: ServerResponse,
  status: number,
  body: object = { error: STATUS_CODES[status] },
  headers: Record<string, string> = {},
): void {
  replyText(response, status, 'application/json', JSON.stringify(body), headers)
}

export function replyText(
  response: ServerResponse,
  status: number,
  type: string,
  text: string,
  headers: Record<string, string> = {},
): void {
  const close = status >= 400 ? { connection: 'close' } : {}
  response.writeHead(status, { 'content-type': type, ...SAFE, ...close, ...headers })
  response.end(text)
}

/** For the browser that should never see any of it. */
const SAFE = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' }
