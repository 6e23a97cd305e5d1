import { memo } from '../../../parsers/collections/memo.ts'
import { isUnknownWord, type Place, type Source } from '../../../parsers/text/source.ts'
import { placeOf, type WrittenText } from '../../../parsers/text/written-text.ts'
import { readYaml } from '../../../parsers/yaml/read-yaml.ts'
import type { YamlNode } from '../../../parsers/yaml/yaml-node.ts'
import { moduleCalls } from './module-calls.ts'
import { plainText } from './plain-text.ts'
import { isScript, isYaml, setupCommands } from './setup-commands.ts'

/** A file or a link that a text puts below `/etc`. */
export interface PlacedFile {
  /** As far as it is known; a placeholder as it is written: `/etc/apache2/sites-enabled/{{ item.name }}`. */
  readonly path: string
  readonly at: Place
}

/** What scripts, playbooks and `write_files` of cloud-init put below `/etc`, by its whole path. */
export const placedFiles = memo((source: Source): readonly PlacedFile[] =>
  source.text.includes('/etc/')
    ? [
        ...ofPlaybook(source),
        ...(isYaml(source) ? readYaml(source).documents.flatMap(ofCloudInit) : []),
        ...setupCommands(source).flatMap(({ words }) => ofCommand(words)),
        ...ofRedirections(source),
      ]
    : [],
)

function ofPlaybook(source: Source): readonly PlacedFile[] {
  return moduleCalls(source).flatMap(({ module, options }) => {
    const state = options.get('state')?.text.text ?? ''
    const isMade = module === 'file' ? state === 'link' : /^(?:template|copy)$/.test(module)
    const written = options.get('dest') ?? options.get('path') ?? options.get('name')
    return isMade && state !== 'absent' && written !== undefined ? placed(written.text) : []
  })
}

/** `write_files`: a list of maps with a path and a content. */
function ofCloudInit(node: YamlNode): readonly PlacedFile[] {
  if (node.kind !== 'map') return []
  const files = node.entries.get('write_files')?.value
  if (files?.kind !== 'list') return []
  return files.items.flatMap(item => {
    const path = item.kind === 'map' && item.entries.has('content') ? item.entries.get('path')?.value : null
    return path?.kind === 'scalar' ? placed(path.text) : []
  })
}

function ofCommand([program, ...args]: readonly WrittenText[]): readonly PlacedFile[] {
  if (!/^(?:\/(?:usr\/)?bin\/)?(?:ln|cp|mv|install|tee)$/.test(program?.text ?? '')) return []
  const last = args.at(-1)
  return last === undefined ? [] : placed(last)
}

/** `cat > /etc/apache2/sites-available/shop.conf <<EOF` */
function ofRedirections(source: Source): readonly PlacedFile[] {
  if (!isScript(source) && !isYaml(source)) return []
  return [...source.text.matchAll(REDIRECTED)].flatMap(({ 0: all, 1: path = '', index }) => {
    const start = index + all.length - path.length
    return [{ path, at: { source, start, end: start + path.length } }]
  })
}

const REDIRECTED = /(?<=^[^#\n]{0,300})>>?[ \t]*["']?(\/etc\/(?:\{\{[^}]*\}\}|[^\s"';|&<>()])+)/gm

/** A path below `/etc`; one of which the shell knows no part is as it is written. */
function placed(written: WrittenText): readonly PlacedFile[] {
  const path = isUnknownWord(written.text) ? plainText(written) : written.text
  return path.startsWith('/etc/') ? [{ path, at: placeOf(written) }] : []
}
