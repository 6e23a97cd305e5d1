import { posix } from 'node:path'
import type { Source } from '../../parsers/text/source.ts'
import { sourceAt } from '../files/file-system.ts'
import type { Machine } from '../files/machine.ts'

/** A file of a directory that a main file includes whole. */
export interface SiteFile {
  /** Where the server finds it, which may be a link. */
  readonly path: string
  readonly source: Source
}

/** Fewer files of one directory are read as they are. */
const MANY_FILES = 64

/** A directory and the names in it: with a wildcard that any tool that writes sites uses. */
const INCLUDE =
  /^[ \t]*include(?:optional)?[ \t]+["']?([^\s"';$#]*\/)([\w.-]*\*[\w.-]*)["']?[ \t]*;?[ \t]*(?:#.*)?$/gim
const SERVER_ROOT = /^[ \t]*ServerRoot[ \t]+["']?([^\s"']+)/im

/** The files of each directory that a main file includes by a wildcard, where there are many of them. */
export function siteFiles({ files, nginxMains, apacheMains }: Machine): readonly SiteFile[] {
  const found = new Map<string, SiteFile>()
  for (const main of [...nginxMains, ...apacheMains]) {
    const source = sourceAt(files, main)
    if (source === null || source.template) continue
    const base = apacheMains.includes(main) ? SERVER_ROOT.exec(source.text)?.[1] : undefined
    for (const [, directory = '', names = ''] of source.text.matchAll(INCLUDE)) {
      const whole = posix.resolve(base ?? posix.dirname(main), directory)
      const listed = files.realPath(whole)
      const entries = listed === null ? null : files.list(listed)
      if (entries === null || entries.length < MANY_FILES) continue
      const wanted = nameMatcher(names)
      const chosen = entries.filter(({ name, kind }) => kind === 'file' && wanted(name))
      if (chosen.length < MANY_FILES) continue
      for (const { name } of chosen) {
        const path = `${listed}/${name}`
        const read = sourceAt(files, path)
        if (read !== null) found.set(path, { path, source: read })
      }
    }
  }
  return [...found.values()]
}

/** True of the names that the pattern matches, of which only stars are wild. */
function nameMatcher(pattern: string): (name: string) => boolean {
  const expression = new RegExp(`^${pattern.replace(/\./g, '\\.').replace(/\*+/g, '.*')}$`, 's')
  return name => !name.startsWith('.') && expression.test(name)
}
