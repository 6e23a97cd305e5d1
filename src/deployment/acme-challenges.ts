import { memo } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { FileSystem } from '../files/file-system.ts'

/** A name for which certbot puts its challenge into a directory that a web server has to serve. */
export interface AcmeWebroot {
  /** Lower case. */
  readonly name: string
  readonly directory: string
  /** Where the renewal file says it. */
  readonly at: Place
}

const DIRECTORY = '/etc/letsencrypt/renewal'

/** Every name that certbot renews by `webroot`, as the renewal files of a machine have them. */
export const acmeWebroots = memo((files: FileSystem): readonly AcmeWebroot[] =>
  (files.list(DIRECTORY) ?? [])
    .filter(({ name, kind }) => kind === 'file' && name.endsWith('.conf'))
    .flatMap(({ name }) => {
      const read = files.read(`${DIRECTORY}/${name}`)
      return read.kind === 'source' ? webrootsIn(read.source) : []
    }),
)

/** certbot's own format: `name = value` lines, and a section `[[webroot_map]]` with a directory for each name. */
function webrootsIn(source: Place['source']): readonly AcmeWebroot[] {
  const found: AcmeWebroot[] = []
  let section = ''
  let isWebroot = false
  for (const match of source.text.matchAll(
    /^[ \t]*(?:(\[+)([^\]\n]*)\]+|([^=#\n]+?)[ \t]*=[ \t]*(.*?))[ \t]*$/gm,
  )) {
    const [, bracket, name, key = '', value = ''] = match
    if (bracket !== undefined) section = name ?? ''
    else if (key === 'authenticator') isWebroot = value === 'webroot'
    else if (section === 'webroot_map') {
      const start = match.index + match[0].indexOf(key)
      found.push({
        name: key.toLowerCase(),
        directory: value.replace(/(?<=.)\/+$/, ''),
        at: { source, start, end: start + key.length },
      })
    }
  }
  return isWebroot ? found : []
}
