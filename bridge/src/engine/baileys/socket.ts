import type { EngineHost } from '../engine.ts'
import type { Session } from './auth.ts'
import type { Caches } from './caches.ts'
import {
  isJidNewsletter,
  isJidStatusBroadcast,
  proto,
  type SignalKeyStore,
  type SocketConfig,
  type UserFacingSocketConfig,
  type WAVersion,
} from './library.ts'
import { baileysLogger } from './logger.ts'
import type { Timing } from './timing.ts'

/** The name in the phone's list of linked devices, and the browser whose picture goes with it. */
const BROWSER = ['Home Assistant', 'Chrome', ''] as const

/** As long as a timer can wait. */
const NEVER_MS = 2 ** 31 - 1

/** What every socket of an engine has in common. */
export interface SocketParts {
  url: string | undefined
  version: WAVersion | undefined
  host: EngineHost
  timing: Timing
  caches: Caches
  makeSignalRepository: SocketConfig['makeSignalRepository']
  /** The session's keys as the socket gets them. */
  watch: (keys: SignalKeyStore) => SignalKeyStore
  cachedGroupMetadata: SocketConfig['cachedGroupMetadata']
}

export function socketConfig(session: Session, parts: SocketParts): UserFacingSocketConfig {
  const { url, version, host, timing, caches, makeSignalRepository, cachedGroupMetadata } = parts
  return {
    ...(url === undefined ? {} : { waWebSocketUrl: url }),
    ...(version === undefined ? {} : { version }),
    ...caches,
    auth: { creds: session.creds, keys: parts.watch(session.keys) },
    browser: [...BROWSER],
    logger: baileysLogger(host.log),
    makeSignalRepository,
    cachedGroupMetadata,
    defaultQueryTimeoutMs: timing.query,
    ...(timing.code === undefined ? {} : { qrTimeout: timing.code }),
    // What Baileys asks for says nothing: see `probe.ts`.
    keepAliveIntervalMs: NEVER_MS,
    // Baileys would sleep this long inside the lock that every incoming message waits for.
    retryRequestDelayMs: 0,
    // A commit that fails fails in SQLite, at once and again: waiting would only hold everything up.
    transactionOpts: { maxCommitRetries: 1, delayBetweenTriesMs: 0 },
    markOnlineOnConnect: false,
    syncFullHistory: false,
    emitOwnEvents: false,
    shouldIgnoreJid: (jid) => isJidStatusBroadcast(jid) || isJidNewsletter(jid) === true,
    getMessage: ({ id }) => Promise.resolve(sentMessage(host, id)),
  }
}

/** For peers who could not read it. By its id alone: they ask by their LID for what was sent to their number. */
function sentMessage(host: EngineHost, id: string | null | undefined): proto.IMessage | undefined {
  const stored = id ? host.message(id) : undefined
  return stored?.from_me ? proto.Message.decode(stored.raw) : undefined
}
