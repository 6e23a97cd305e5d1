import { type Fact, known } from '../text/fact.ts'
import { UNKNOWN } from '../text/source.ts'
import { factOf, placeOf, readFact, splitWritten, type WrittenText } from '../text/written-text.ts'
import type { YamlMap, YamlNode } from '../yaml/yaml-node.ts'
import type { ComposeMount, GrantedFile } from './compose.ts'
import { type FileContext, isTrue, pathFact, textOf, valueIn } from './values.ts'

/** `volumes:` of a service, items in the short and in the long form. */
export function readMounts(node: YamlNode | undefined, context: FileContext): readonly ComposeMount[] {
  const items = node?.kind === 'list' ? node.items : []
  return items.flatMap(item => {
    if (item.kind === 'map') return readLong(item, context)
    const text = textOf(item, context)
    return text === null ? [] : [readShort(text, context)]
  })
}

/** `[source:]target[:mode]`. */
function readShort(written: WrittenText, context: FileContext): ComposeMount {
  const [first, second, mode] = splitWritten(written, ':') as [WrittenText, WrittenText?, WrittenText?]
  const at = placeOf(written)
  const none = { at, subpath: null }
  if (second === undefined) {
    const kind = first.text.includes(UNKNOWN) ? 'unknown' : 'volume'
    return { ...none, kind, source: null, target: factOf(first), readOnly: known(false) }
  }
  const readOnly =
    mode === undefined ? known(false) : readFact(mode, flags => flags.split(',').includes('ro'))
  const kind = kindOf(first.text)
  const source = kind === 'bind' ? pathFact(first, context.directory) : factOf(first)
  return { ...none, kind, source, target: cleanTarget(second), readOnly }
}

function kindOf(source: string): ComposeMount['kind'] {
  if (/^[./~]/.test(source)) return 'bind'
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(source) ? 'volume' : 'unknown'
}

function cleanTarget(written: WrittenText): Fact<string> {
  return readFact(written, path => (path.length > 1 ? path.replace(/\/+$/, '') || '/' : path))
}

const KINDS: readonly string[] = ['bind', 'volume', 'tmpfs']

function readLong(item: YamlMap, context: FileContext): readonly ComposeMount[] {
  const target = textOf(
    valueIn(item, 'target') ?? valueIn(item, 'destination') ?? valueIn(item, 'dst'),
    context,
  )
  if (target === null) return []
  const type = textOf(valueIn(item, 'type'), context)?.text ?? 'volume'
  const kind = KINDS.includes(type) ? (type as ComposeMount['kind']) : isHidden(type) ? 'unknown' : 'other'
  const source = textOf(valueIn(item, 'source') ?? valueIn(item, 'src'), context)
  const options = valueIn(item, 'volume')
  const subpath = options?.kind === 'map' ? textOf(valueIn(options, 'subpath'), context) : null
  return [
    {
      at: item.at,
      kind,
      source: source === null ? null : kind === 'bind' ? pathFact(source, context.directory) : factOf(source),
      target: cleanTarget(target),
      readOnly: isTrue(textOf(valueIn(item, 'read_only') ?? valueIn(item, 'readonly'), context)),
      subpath: subpath === null ? null : factOf(subpath),
    },
  ]
}

function isHidden(text: string): boolean {
  return text.includes(UNKNOWN)
}

/** `configs:` and `secrets:` of a service. */
export function readGrants(
  node: YamlNode | undefined,
  directory: '/' | '/run/secrets/',
  context: FileContext,
): readonly GrantedFile[] {
  const items = node?.kind === 'list' ? node.items : []
  return items.flatMap(item => {
    const source = textOf(item.kind === 'map' ? valueIn(item, 'source') : item, context)
    if (source === null) return []
    const target = item.kind === 'map' ? textOf(valueIn(item, 'target'), context) : null
    const inside = (text: string): string => (text.startsWith('/') ? text : directory + text)
    return [{ at: item.at, source: factOf(source), target: readFact(target ?? source, inside) }]
  })
}
