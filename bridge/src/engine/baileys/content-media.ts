/** What the sender of a file says about it: claims of a stranger. */
import { LIMITS, type Media } from '../../protocol.ts'
import { type proto, toNumber } from './library.ts'

const MIME = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,63}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}$/u
const UNKNOWN = 'application/octet-stream'
/** Control characters, and those that turn the direction of what follows. */
const HIDDEN = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu
const EXTENSION = /\.[A-Za-z0-9]{1,10}$/u
const PIXELS_AT_MOST = 65_535
const SECONDS_AT_MOST = 7 * 86_400

/** `null` when there is no file. */
export function mediaOf(content: proto.IMessage): Media | null {
  const { imageMessage, audioMessage, documentMessage, stickerMessage } = content
  const videoMessage = content.videoMessage ?? content.ptvMessage
  const file = imageMessage ?? videoMessage ?? audioMessage ?? documentMessage ?? stickerMessage
  if (!file) return null
  const shown = imageMessage ?? videoMessage ?? stickerMessage
  return {
    mime: bareMime(file.mimetype),
    size: within(0, Number.MAX_SAFE_INTEGER, file.fileLength),
    file_name: plainName(documentMessage?.fileName) ?? plainName(documentMessage?.title),
    seconds: within(0, SECONDS_AT_MOST, (videoMessage ?? audioMessage)?.seconds),
    width: within(1, PIXELS_AT_MOST, shown?.width),
    height: within(1, PIXELS_AT_MOST, shown?.height),
    voice: audioMessage?.ptt === true,
    gif: videoMessage?.gifPlayback === true,
    animated: stickerMessage?.isAnimated === true || stickerMessage?.isLottie === true,
  }
}

/** Without parameters; what is none is nothing in particular. */
export function bareMime(mime: string | null | undefined): string {
  const bare = (mime?.slice(0, LIMITS.name_chars).split(';', 1)[0] ?? '').trim().toLowerCase()
  return MIME.test(bare) ? bare : UNKNOWN
}

/** A file name without a path, without anything hidden in it, and not too long. */
export function plainName(name: string | null | undefined): string | null {
  const base =
    name
      ?.slice(-4 * LIMITS.name_chars)
      .split(/[/\\]/u)
      .at(-1)
      ?.replaceAll(HIDDEN, '')
      .trim() ?? ''
  if (/^\.*$/u.test(base)) return null
  if (base.length < LIMITS.name_chars) return base
  const extension = EXTENSION.exec(base)?.[0] ?? ''
  return base.slice(0, LIMITS.name_chars - 1 - extension.length) + extension
}

function within(least: number, most: number, value: Parameters<typeof toNumber>[0]): number | null {
  if (value === null || value === undefined) return null
  const number = toNumber(value)
  return Number.isSafeInteger(number) && number >= least && number <= most ? number : null
}
