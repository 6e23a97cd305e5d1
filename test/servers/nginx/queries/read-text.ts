import { placeText } from '../../../../parsers/text/source.ts'
import { memoryFileSystem } from '../../../../src/files/memory-file-system.ts'
import type { NginxConfiguration, NginxDirective } from '../../../../src/servers/nginx/configuration.ts'
import { evaluateNginx } from '../../../../src/servers/nginx/evaluate.ts'
import { wordPlace } from '../../../../src/servers/nginx/queries/places.ts'

const VERSION = { value: '1.22.1', from: 'option', at: null } as const

/** The configuration of a main file; `http` is the inside of its `http` block. */
export function readHttp(
  http: string,
  others: Readonly<Record<string, string>> = {},
  version = '1.22.1',
): NginxConfiguration {
  const files = memoryFileSystem({ '/etc/nginx/nginx.conf': `events {}\nhttp {\n${http}\n}\n`, ...others })
  const read = files.read('/etc/nginx/nginx.conf')
  if (read.kind !== 'source') throw new Error('unreadable')
  return evaluateNginx({ files, main: read.source, fragments: [], version: { ...VERSION, value: version } })
}

/** The configuration of files that have no main file. */
export function readFragments(texts: Readonly<Record<string, string>>): NginxConfiguration {
  const files = memoryFileSystem(texts)
  const fragments = Object.keys(texts).flatMap(path => {
    const read = files.read(path)
    return read.kind === 'source' ? [read.source] : []
  })
  return evaluateNginx({ files, main: null, fragments, version: VERSION })
}

/** The block whose arguments read so: `location ~ \.php$`, `server` of which there is one, `if`. */
export function block(configuration: NginxConfiguration, text: string): NginxDirective {
  const [name = '', ...args] = text.split(' ')
  const found = (configuration.occurrences.get(name) ?? []).find(
    directive => args.length === 0 || directive.args.map(word => word.value).join(' ') === args.join(' '),
  )
  if (found === undefined) throw new Error(`no ${text}`)
  return found
}

/** A directive as written, without its end. */
export function written(directive: NginxDirective): string {
  return [directive.node.name, ...directive.args].map(word => placeText(wordPlace(directive, word))).join(' ')
}
