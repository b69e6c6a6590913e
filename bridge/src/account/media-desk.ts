import { basename, dirname, join } from 'node:path'

import type { Store } from '../store/store.ts'
import { MediaFolder } from './media-folder.ts'
import { Handouts } from './media-handouts.ts'
import { Uploads } from './media-uploads.ts'

/** What all accounts share of media: the folder, and what goes in and out over HTTP. */
export class MediaDesk {
  readonly folder: MediaFolder
  readonly uploads: Uploads
  readonly handouts = new Handouts()
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
    this.folder = new MediaFolder(join(dirname(store.database.path), 'media'))
    this.uploads = new Uploads(this.folder)
  }

  /** Deletes every file that nothing leads to any more. */
  tidy(): void {
    const { media } = this.#store
    media.sweep()
    const waiting = media.waiting()
    for (const file of waiting) this.uploads.remember(file)
    this.folder.tidy(new Set([...media.names(), ...waiting.map(({ path }) => basename(path))]))
  }
}
