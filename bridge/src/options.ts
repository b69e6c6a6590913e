import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

import type { LogLevel } from './log.ts'

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const satisfies readonly LogLevel[]

/** What the bridge was told to do. The last three are for the simulator only. */
export interface Options {
  data: string
  host: string
  port: number
  logLevel: LogLevel
  whatsappUrl: string | undefined
  whatsappRootKey: Uint8Array | undefined
  whatsappVersion: [number, number, number] | undefined
}

/** Somebody has to change the options. The message says which and how. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError'
}

export const USAGE = `Usage: node src/main.ts [options]

  --data DIR               where everything is kept (/data if it exists, else your data folder)
  --host ADDRESS           address to listen on (127.0.0.1)
  --port NUMBER            port to listen on (3000; 0 lets the system choose)
  --log-level LEVEL        ${LOG_LEVELS.join(', ')} (info)
  --whatsapp-url URL       for the simulator only: where WhatsApp is
  --whatsapp-root-key KEY  for the simulator only: its public root key, in base64
  --whatsapp-version A.B.C version of WhatsApp Web to log in as
  --help                   this text

The same names work as WHATSAPP_BRIDGE_LOG_LEVEL in the environment and as "log_level" in options.json in the data folder.
`

const NAMES = ['data', 'host', 'port', 'log-level', 'whatsapp-url', 'whatsapp-root-key', 'whatsapp-version'] as const
const ENVIRONMENT = 'WHATSAPP_BRIDGE_'

type Name = (typeof NAMES)[number]
type Texts = Partial<Record<Name, string>>

/**
 * The options of a process: arguments win over the environment, the environment over `options.json` in the data folder.
 * @returns `undefined` when only help is wanted.
 * @throws OptionsError on anything unknown or malformed.
 */
export function readOptions(argv: string[], env: NodeJS.ProcessEnv): Options | undefined {
  const { help, ...argumentTexts } = fromArguments(argv)
  if (help) return undefined
  const texts: Texts = { ...fromEnvironment(env), ...argumentTexts }
  const data = resolve(texts.data ?? defaultData(env))
  const { host = '127.0.0.1', ...rest } = { ...fromFile(join(data, 'options.json')), ...texts }
  return {
    data,
    host,
    port: port(rest.port ?? '3000'),
    logLevel: logLevel(rest['log-level'] ?? 'info'),
    whatsappUrl: whatsappUrl(rest['whatsapp-url']),
    whatsappRootKey: rootKey(rest['whatsapp-root-key']),
    whatsappVersion: version(rest['whatsapp-version']),
  }
}

/** The secret that a client must know, from `<data>/token`; made there on the first start, for the owner's eyes only. */
export function readToken(data: string): string {
  const path = join(data, 'token')
  if (!existsSync(path)) {
    writeFileSync(`${path}.new`, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flush: true })
    renameSync(`${path}.new`, path)
  }
  chmodSync(path, 0o600)
  const token = readFileSync(path, 'utf8').trim()
  if (token.length >= 32) return token
  throw new OptionsError(`${path} holds no usable token: delete it and a new one is made`)
}

function fromArguments(argv: string[]): Texts & { help?: boolean } {
  const text = { type: 'string' } as const
  const names = Object.fromEntries(NAMES.map((name) => [name, text])) as Record<Name, typeof text>
  try {
    return parseArgs({ args: argv, options: { ...names, help: { type: 'boolean' } }, allowPositionals: false }).values
  } catch (error) {
    if (error instanceof TypeError) throw new OptionsError(error.message)
    throw error
  }
}

function fromEnvironment(env: NodeJS.ProcessEnv): Texts {
  const texts = Object.entries(env).filter(([name]) => name.startsWith(ENVIRONMENT))
  return named(texts.map(([name, text]) => [name.slice(ENVIRONMENT.length).toLowerCase(), text]))
}

function fromFile(path: string): Texts {
  if (!existsSync(path)) return {}
  let content: unknown
  try {
    content = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new OptionsError(`Cannot read ${path}: ${String(error)}`)
  }
  if (typeof content !== 'object' || content === null) throw new OptionsError(`${path} must hold a JSON object`)
  return named(Object.entries(content))
}

/** Options by their names in snake_case; `null` and empty texts count as not given. */
function named(entries: [string, unknown][]): Texts {
  const texts: Texts = {}
  for (const [key, value] of entries) {
    const name = NAMES.find((known) => known === key.replaceAll('_', '-'))
    if (!name) throw new OptionsError(`Unknown option '${key}'. Known options: ${NAMES.join(', ')}`)
    if (typeof value !== 'string' && typeof value !== 'number' && value !== null) {
      throw new OptionsError(`Option '${name}' must be a text or a number`)
    }
    if (value !== null && value !== '') texts[name] = String(value)
  }
  return texts
}

/** The folder of the app or the container if there is one, else the place for data that desktops agree on. */
function defaultData(env: NodeJS.ProcessEnv): string {
  if (existsSync('/data')) return '/data'
  const home = env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share')
  return join(home, 'whatsapp-bridge')
}

function port(text: string): number {
  const number = Number(text)
  if (/^\d+$/u.test(text) && number <= 65_535) return number
  throw new OptionsError(`Option 'port' must be a number from 0 to 65535, not '${text}'`)
}

function logLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text)
  if (level) return level
  throw new OptionsError(`Option 'log-level' must be one of ${LOG_LEVELS.join(', ')}, not '${text}'`)
}

function whatsappUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  if (URL.canParse(text) && ['ws:', 'wss:'].includes(new URL(text).protocol)) return text
  throw new OptionsError(`Option 'whatsapp-url' must be a ws:// or wss:// address, not '${text}'`)
}

function rootKey(text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined
  const key = Buffer.from(text, 'base64')
  if (key.length === 32) return key
  throw new OptionsError("Option 'whatsapp-root-key' must be 32 bytes in base64")
}

function version(text: string | undefined): [number, number, number] | undefined {
  if (text === undefined) return undefined
  const match = /^(\d+)\.(\d+)\.(\d+)$/u.exec(text)
  if (match) return [Number(match[1]), Number(match[2]), Number(match[3])]
  throw new OptionsError(`Option 'whatsapp-version' must look like 2.3000.1, not '${text}'`)
}
