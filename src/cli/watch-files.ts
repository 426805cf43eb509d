import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs'
import { dirname, join, sep } from 'node:path'

/** What to watch and whom to tell. */
export interface WatchOptions {
  /** Files, and folders with everything below them; asked again after every change. Absolute. */
  readonly paths: () => readonly string[]
  /** Told once for a burst of changes, never while an earlier one is being worked on. Must not reject. */
  readonly onChange: (changed: readonly string[]) => Promise<void>
  /** Quiet time in milliseconds that ends a burst. Default: 60. */
  readonly quietMs?: number
}

/** A running watch. */
export interface FileWatch {
  close(): void
}

/** Watches files and folders until `close` is called. Dot files, node_modules and editors' `~` files are left out. */
export function watchFiles(options: WatchOptions): FileWatch {
  return new FolderWatch(options)
}

/**
 * Watches folder by folder instead of recursively: Node's recursive watch on Linux loses a file that an editor saves
 * by renaming a temporary one over it, and a folder that was just made.
 */
class FolderWatch implements FileWatch {
  readonly #options: WatchOptions
  readonly #watchers = new Map<string, FSWatcher>()
  readonly #changed = new Set<string>()
  #wanted: Wanted = { files: new Set(), folders: [] }
  #timer: NodeJS.Timeout | undefined
  #isWorking = false
  #isClosed = false

  constructor(options: WatchOptions) {
    this.#options = options
    this.#refresh()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  #see(path: string): void {
    if (!isWanted(path, this.#wanted)) return
    this.#changed.add(path)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#settle(), this.#options.quietMs ?? 60)
  }

  async #settle(): Promise<void> {
    if (this.#isWorking) return
    this.#isWorking = true
    while (this.#changed.size > 0 && !this.#isClosed) {
      const burst = [...this.#changed].sort()
      this.#changed.clear()
      // New folders are watched before the sources are read, so that nothing falls between the two.
      this.#refresh()
      await this.#options.onChange(burst)
      this.#refresh()
    }
    this.#isWorking = false
  }

  #refresh(): void {
    if (this.#isClosed) return
    this.#wanted = wantedPaths(this.#options.paths())
    const folders = foldersOf(this.#wanted)
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder)) continue
      watcher.close()
      this.#watchers.delete(folder)
    }
    for (const folder of folders) {
      if (!this.#watchers.has(folder) && isFolder(folder)) this.#open(folder)
    }
  }

  #open(folder: string): void {
    const watcher = watch(folder, (_event, name) => {
      if (name !== null) this.#see(join(folder, name))
    })
    watcher.on('error', () => {
      watcher.close()
      this.#watchers.delete(folder)
    })
    this.#watchers.set(folder, watcher)
  }
}

interface Wanted {
  readonly files: ReadonlySet<string>
  readonly folders: readonly string[]
}

function wantedPaths(paths: readonly string[]): Wanted {
  const folders = paths.filter((path) => isFolder(path))
  return { folders, files: new Set(paths.filter((path) => !folders.includes(path))) }
}

function isWanted(path: string, { files, folders }: Wanted): boolean {
  if (files.has(path)) return true
  const folder = folders.find((candidate) => path.startsWith(candidate + sep))
  return (
    folder !== undefined &&
    !path
      .slice(folder.length + 1)
      .split(sep)
      .some(isIgnored)
  )
}

function isIgnored(name: string): boolean {
  return name === 'node_modules' || name.startsWith('.') || name.endsWith('~')
}

function foldersOf({ files, folders }: Wanted): Set<string> {
  const found = new Set<string>()
  for (const file of files) found.add(dirname(file))
  for (const folder of folders) collectFolders(folder, found)
  return found
}

function collectFolders(folder: string, found: Set<string>): void {
  if (found.has(folder) || !isFolder(folder)) return
  found.add(folder)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory() && !isIgnored(entry.name)) collectFolders(join(folder, entry.name), found)
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
