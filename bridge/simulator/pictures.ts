import type { BinaryNode } from 'baileys'

import { Refused } from './errors.ts'
import type { Chat } from './inbox.ts'
import type { Handler } from './iq.ts'
import { node } from './nodes.ts'
import type { SimulatedWhatsApp } from './server.ts'

interface Picture {
  bytes: Buffer
  /** Whom it is not shown to gets this code. */
  refusal: number | undefined
  /** Where it is said to be, instead of on the media server. */
  url: string | undefined
}

const pictures = new WeakMap<Chat, Picture>()

/** Gives a person or a group a picture. */
export function setPicture(chat: Chat, bytes: Buffer, { refusal, url }: Partial<Omit<Picture, 'bytes'>> = {}): void {
  pictures.set(chat, { bytes, refusal, url })
}

/** Answers `w:profile:picture`. */
export const answerPicture: Handler = (whatsapp, _, iq) => [pictureNode(whatsapp, iq.attrs['target'] ?? '')]

function pictureNode(whatsapp: SimulatedWhatsApp, target: string): BinaryNode {
  const chat = target.endsWith('@g.us') ? whatsapp.groups.find(({ id }) => id === target) : whatsapp.phoneAt(target)
  const picture = chat && pictures.get(chat)
  if (!picture) throw new Refused(404, 'item-not-found')
  if (picture.refusal !== undefined) throw new Refused(picture.refusal, 'not-authorized')
  const { url, directPath } = whatsapp.media.store(picture.bytes)
  return node('picture', { id: '1', type: 'image', url: picture.url ?? url, direct_path: directPath })
}
