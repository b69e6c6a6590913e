import { encodeWAMessage, normalizeMessageContent, proto, unpadRandomMax16 } from './library.ts'

/** A plaintext as Baileys should have it, which is this very one but for what Baileys would lose or stumble over. */
export function prepared(plaintext: Uint8Array): Uint8Array {
  const message = proto.Message.decode(unpadRandomMax16(plaintext))
  const changes = [keepContext(message), dropAimless(message)]
  return changes.includes(true) ? encodeWAMessage(message) : plaintext
}

/** Baileys unwraps what the own phone wrote and drops what the wrapping knows of it: with polls, the secret of the votes. */
function keepContext({ deviceSentMessage, messageContextInfo }: proto.Message): boolean {
  const inner = deviceSentMessage?.message
  if (!inner || !messageContextInfo || inner.messageContextInfo?.messageSecret?.length) return false
  inner.messageContextInfo = { ...messageContextInfo, ...inner.messageContextInfo }
  return true
}

/** A reaction or a vote that is about no message makes Baileys forget the whole message, which then would be kept for nothing. */
function dropAimless(message: proto.Message): boolean {
  const content = normalizeMessageContent(message.deviceSentMessage?.message ?? message)
  const aimless = {
    reaction: content?.reactionMessage?.key === null,
    vote: content?.pollUpdateMessage?.pollCreationMessageKey === null,
  }
  if (content && aimless.reaction) content.reactionMessage = null
  if (content && aimless.vote) content.pollUpdateMessage = null
  return aimless.reaction || aimless.vote
}
