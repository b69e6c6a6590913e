import type { MediaFile } from '../engine/engine.ts'
import { BridgeError } from '../errors.ts'

/** The files of one account that are on their way out or came in. */
export class MediaStore {
  /**
   * The file that was uploaded with a ticket; it belongs to the caller from now on.
   * @throws BridgeError `media_unavailable` when there is none, or not any more.
   */
  claim(_ticket: string): MediaFile {
    throw new BridgeError('media_unavailable', 'There is no such upload: upload the file again')
  }

  /** Deletes a file that was claimed. */
  release(_file: MediaFile): void {}
}
