/** Plain HTTP as no browser would do it: any header, any method. */
import { request } from 'node:http'

interface Question {
  method?: string
  headers?: Record<string, string>
  localAddress?: string
}

export interface Answer {
  status: number | undefined
  headers: NodeJS.Dict<string | string[]>
  body: string
}

export async function ask(
  port: number,
  path: string,
  { method = 'GET', headers = {}, localAddress = '127.0.0.1' }: Question = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  request({ host: '127.0.0.1', port, path, method, headers, localAddress, agent: false }, (response) => {
    let body = ''
    response.on('data', (data) => (body += String(data)))
    response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }))
  })
    .on('error', reject)
    .end()
  return promise
}
