import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import type { MediaFile } from '../engine/engine.ts'
import { BridgeError } from '../errors.ts'
import { problemOf, StorageError } from '../store/faults.ts'

/** What nobody can tell by its bytes: text, SVG, HTML. */
const UNKNOWN = 'application/octet-stream'
/** So much of the beginning tells what a file is. */
const HEAD_BYTES = 65_536

/** The bridge's own files, for its own eyes. Their names are made here: no name from elsewhere ever touches a path. */
export class MediaFolder {
  readonly path: string
  /** Names that no table has (yet). */
  readonly #held = new Set<string>()

  constructor(path: string) {
    this.path = path
  }

  /**
   * Writes a new file and looks what it is. Until `keep` or `remove` the caller answers for it. Nothing stays when this throws.
   * @throws BridgeError `media_too_large` past `limit` bytes, `storage_full`, `storage_read_only`; or what the source throws.
   */
  async write(source: AsyncIterable<Buffer>, limit: number): Promise<MediaFile> {
    const name = randomBytes(16).toString('hex')
    const path = join(this.path, name)
    this.#held.add(name)
    const seen = { size: 0, head: [] as Buffer[] }
    try {
      this.#make()
      // Once it is there it can be deleted, whatever happens next.
      const file = await open(path, 'wx', 0o600)
      const bytes = counted(source, limit, seen)
      await pipeline(bytes, file.createWriteStream({ flush: true }))
      return { path, size: seen.size, mime: await mimeOf(Buffer.concat(seen.head)) }
    } catch (error) {
      if (source instanceof Readable) source.destroy()
      this.remove(path)
      const problem = problemOf(error)
      throw problem ? new StorageError(problem, error) : error
    }
  }

  /** Some table has it from now on. */
  keep(path: string): void {
    this.#held.delete(basename(path))
  }

  remove(path: string): void {
    rmSync(path, { force: true })
    this.#held.delete(basename(path))
  }

  /** Deletes whatever is neither held nor among these names: what a crash has left. */
  tidy(names: ReadonlySet<string>): void {
    if (!existsSync(this.path)) return
    for (const name of readdirSync(this.path)) {
      if (!names.has(name) && !this.#held.has(name)) rmSync(join(this.path, name), { recursive: true, force: true })
    }
  }

  #make(): void {
    mkdirSync(this.path, { recursive: true, mode: 0o700 })
    chmodSync(this.path, 0o700)
  }
}

async function* counted(
  chunks: AsyncIterable<Buffer>,
  limit: number,
  seen: { size: number; head: Buffer[] },
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    if (seen.size < HEAD_BYTES) seen.head.push(chunk.subarray(0, HEAD_BYTES - seen.size))
    seen.size += chunk.length
    if (seen.size > limit) throw tooLarge(limit)
    yield chunk
  }
}

export function tooLarge(limit: number, size?: number): BridgeError {
  const details = { limit, ...(size !== undefined && { size }) }
  return new BridgeError('media_too_large', `The file is larger than ${limit} bytes`, details)
}

/** A bare type, by the bytes alone. */
async function mimeOf(head: Buffer): Promise<string> {
  // It takes memory and time that a bridge without files need not spend.
  const { fileTypeFromBuffer } = await import('file-type/core')
  const type = await fileTypeFromBuffer(head)
  return type?.mime.split(';', 1)[0]?.trim() ?? UNKNOWN
}
