import type { Place } from '../../parsers/text/source.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { sourceAt } from '../../src/files/file-system.ts'

/** The address that a program of the machine begins its own addresses with, as its file says it. */
export interface InstalledAddress {
  readonly name: string
  readonly text: string
  readonly at: Place
}

/** Programs that are installed on the machine of nginx, by the file in which their address stands. */
const INSTALLED = [
  {
    name: 'Gitea',
    files: ['/etc/gitea/app.ini', '/etc/gitea/conf/app.ini', '/var/lib/gitea/custom/conf/app.ini'],
    port: /^[ \t]*HTTP_PORT[ \t]*=[ \t]*(\d+)/m,
    usual: 3000,
    url: /^[ \t]*ROOT_URL[ \t]*=[ \t]*(https?:\/\/\S+)/m,
  },
  {
    name: 'Forgejo',
    files: ['/etc/forgejo/app.ini', '/var/lib/forgejo/custom/conf/app.ini'],
    port: /^[ \t]*HTTP_PORT[ \t]*=[ \t]*(\d+)/m,
    usual: 3000,
    url: /^[ \t]*ROOT_URL[ \t]*=[ \t]*(https?:\/\/\S+)/m,
  },
  {
    name: 'Grafana',
    files: ['/etc/grafana/grafana.ini'],
    port: /^[ \t]*http_port[ \t]*=[ \t]*(\d+)/m,
    usual: 3000,
    url: /^[ \t]*root_url[ \t]*=[ \t]*(https?:\/\/\S+)/m,
  },
] as const

/** True where the file of one of them is there. */
export function hasInstalled(files: FileSystem): boolean {
  return INSTALLED.some(each => each.files.some(path => files.kind(path) === 'file'))
}

/** What the program that answers at a port of the machine takes for its address; null where nobody here knows. */
export function installedAddress(files: FileSystem, port: number | null): InstalledAddress | null {
  for (const { name, files: paths, port: ported, usual, url } of INSTALLED) {
    for (const path of paths) {
      const source = sourceAt(files, path)
      if (source === null || Number(ported.exec(source.code)?.[1] ?? usual) !== port) continue
      const match = url.exec(source.code)
      const text = match?.[1] ?? ''
      // What is filled in later says nothing.
      if (match === null || /%\(|[${}\0\uFFFD\uE000]/.test(text)) return null
      const start = match.index + match[0].length - text.length
      return { name, text, at: { source, start, end: start + text.length } }
    }
  }
  return null
}
