import type { ListedFile, ReadFileAs } from './engine/listed-file.ts'
import { whyUnread } from './files/file-system.ts'
import type { Machine, SkippedFile } from './files/machine.ts'
import type { ApacheConfiguration } from './servers/apache/configuration.ts'
import { refusedHtaccess } from './refused-htaccess.ts'
import { isStandIn } from '../parsers/text/stand-in.ts'
import { htaccessFiles } from './servers/apache/queries/htaccess.ts'
import type { NginxConfiguration } from './servers/nginx/configuration.ts'

/** What was read of one machine. */
interface ReadMachine {
  readonly machine: Machine
  readonly nginx: readonly NginxConfiguration[]
  readonly apache: readonly ApacheConfiguration[]
  /** The `.htaccess` files that no configuration here serves. */
  readonly htaccess: readonly string[]
}

/** Every file of some machines that was read, or looks like a server's and was not, each once, by its path. */
export function listFiles(all: readonly ReadMachine[]): readonly ListedFile[] {
  const listed = new Map<string, ListedFile>()
  for (const understood of all) listRead(understood, listed)
  for (const { machine } of all) {
    for (const { path, text } of machine.unsettled?.() ?? []) {
      const file = listed.get(path)
      if (file !== undefined && 'as' in file) listed.set(path, { ...file, text })
    }
  }
  for (const { machine } of all) {
    for (const file of listSkipped(machine.skipped(), machine.root))
      if (!listed.has(file.path)) listed.set(file.path, file)
  }
  for (const understood of all) listRefused(understood, listed)
  for (const { machine } of all) {
    for (const { path } of machine.files.sources()) {
      const name = machine.fileName(path)
      if (!listed.has(name)) listed.set(name, { path: name, machine: machine.root, as: 'other' })
    }
  }
  return [...listed.values()].sort((one, other) => (one.path < other.path ? -1 : 1))
}

/** The files of a machine that look like a server's and were not read. */
export function listSkipped(skipped: readonly SkippedFile[], machine: string): readonly ListedFile[] {
  return skipped.map(({ path, reason, text }) => ({ path, machine, skipped: reason, text }))
}

function listRefused(understood: ReadMachine, listed: Map<string, ListedFile>): void {
  const { files, fileName, root } = understood.machine
  for (const path of refusedHtaccess(understood)) {
    const text = whyUnread(files, path)
    const name = fileName(path)
    if (!listed.has(name)) listed.set(name, { path: name, machine: root, skipped: 'unreadable', text })
  }
}

function listRead({ machine, nginx, apache, htaccess }: ReadMachine, listed: Map<string, ListedFile>): void {
  const add = (path: string, as: ReadFileAs): void => {
    const name = machine.fileName(path)
    if (!listed.has(name)) listed.set(name, { path: name, machine: machine.root, as })
  }
  for (const { program, main } of [...nginx, ...apache])
    if (main !== null && !isStandIn(main)) add(main.path, `${program}-main`)
  for (const { program, sources } of [...nginx, ...apache])
    for (const source of sources) if (!isStandIn(source)) add(source.path, program)
  for (const path of htaccess) add(path, 'htaccess')
  for (const configuration of apache)
    for (const { file } of htaccessFiles(configuration, machine.files)) add(file.source.path, 'htaccess')
}
